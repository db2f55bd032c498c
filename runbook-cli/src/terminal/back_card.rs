//! What going back would undo, in which order and how; and what it does not do by itself. Must not
//! know what an answer leads to.

use runbook_core::base::SafeText;
use runbook_core::run::{Back, BackCard, BackStep, Obstacle, ObstacleCard, Way};

use super::layout::{WIDTH, count, cut, hosts, pad, rule, wrap};
use super::payload;
use super::theme::{BAD, LIVE, STRONG, WARN, paint};

/// Draws the chain, up to what must be typed.
pub(crate) fn draw(card: &BackCard, environment: &str) -> String {
    let mut screen = format!("\n{}\n", rule(WARN, "GOING BACK", environment));
    for line in wrap(SafeText::of(&card.why).as_str(), WIDTH - 1) {
        screen += &format!(" {line}\n");
    }
    let far = match &card.back {
        Back::Everything => "everything this run did".to_owned(),
        Back::To(to) => format!("what was done since {to}, and that too"),
        Back::Only(step) => format!("{step}, where it started"),
    };
    screen += &format!("\n Would be undone, in this order: {far}\n");
    let width = card.steps.iter().map(|step| step.step.as_str().len()).max().unwrap_or(0);
    let width = width.clamp(4, 18) + 2;
    card.steps.iter().fold(screen, |screen, step| screen + &line(step, width))
}

fn line(step: &BackStep, width: usize) -> String {
    let effect = match &step.way {
        Way::Change => paint(STRONG, "change"),
        Way::Destroy => paint(BAD, "DESTROY"),
        Way::Manual => "manual".to_owned(),
        Way::By(_) => "-".to_owned(),
        Way::None(_) => paint(WARN, "NO UNDO"),
    };
    let place = hosts(step.hosts.iter().map(|host| host.as_str()), true);
    let head = format!(
        "   {}{}{}",
        pad(&cut(step.step.as_str(), width - 1), width),
        pad(&effect, 9),
        pad(&cut(&place, 16), 18)
    );
    let margin = console::measure_text_width(&head);
    let mut lines = wrap(&what(step), WIDTH.saturating_sub(margin).max(20)).into_iter();
    let first = lines.next().unwrap_or_default();
    let mut drawn = format!("{head}{first}").trim_end().to_owned() + "\n";
    for line in lines {
        drawn += &format!("{}{line}\n", " ".repeat(margin));
    }
    if !step.unknown.is_empty() {
        let place = hosts(step.unknown.iter().map(|host| host.as_str()), false);
        let text = format!("UNKNOWN whether it ran on {place}: you are asked first");
        drawn += &format!("{}{}\n", " ".repeat(3 + width), paint(BAD, text));
    }
    drawn
}

fn what(step: &BackStep) -> String {
    match &step.way {
        Way::Change => {
            step.payloads.first().map_or_else(String::new, |(_, payload)| payload::brief(payload))
        }
        Way::Destroy => "it has a card of its own".to_owned(),
        Way::Manual => "you do it".to_owned(),
        Way::By(other) => format!("undone with {other}"),
        Way::None(Some(why)) => SafeText::line(why).to_string(),
        Way::None(None) => "nothing is said of a way back".to_owned(),
    }
}

/// What must be typed to agree.
pub(crate) fn keys(card: &BackCard) -> String {
    let word = card.type_instead.as_deref().unwrap_or("yes");
    format!("\n Type  {}  to undo this; anything else undoes nothing.\n", paint(LIVE, word))
}

/// Draws what stands in the way, up to the options.
pub(crate) fn obstacle(card: &ObstacleCard, environment: &str) -> String {
    let on = hosts(card.hosts.iter().map(|host| host.as_str()), false);
    let step = &card.step;
    let mut words = vec![step.to_string(), on.clone()];
    words.extend((!environment.is_empty()).then(|| environment.to_owned()));
    let mut screen = format!("\n{}\n", rule(BAD, "GOING BACK", &words.join(" · ")));
    let text = match &card.obstacle {
        Obstacle::NoUndo(Some(why)) => format!("{step} is not undone: {why}"),
        Obstacle::NoUndo(None) => format!("{step} has no undo, and nothing is said of a way back"),
        Obstacle::Unknown(why) => format!("it is UNKNOWN whether {step} ran on {on}: {why}"),
        Obstacle::Failed(why) => format!("{step} is not undone on {on}: {why}"),
    };
    for line in wrap(SafeText::of(&text).as_str(), WIDTH - 1) {
        screen += &format!(" {line}\n");
    }
    screen
}

/// What may be answered to it.
pub(crate) fn obstacle_keys(card: &ObstacleCard) -> String {
    let step = &card.step;
    let undo = match &card.obstacle {
        Obstacle::Failed(_) => format!("try again to undo {step}"),
        _ => format!("undo {step} as if it had run"),
    };
    let past = format!("leave {step} as it is on {}, go on", count(card.hosts.len(), "host"));
    let options = [(card.may_undo, "u", undo), (true, "s", past), (true, "q", "stop here".into())];
    let shown = options.iter().filter(|(allowed, ..)| *allowed);
    shown.fold("\n Your options\n".to_owned(), |keys, (_, key, what)| {
        keys + &format!("   {}  {what}\n", paint(LIVE, key))
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples::{chain, host, plain};
    use super::*;

    #[test]
    fn the_whole_chain() {
        let card = chain();
        let screen = plain(&(draw(&card, "PROD") + &keys(&card)));
        assert!(screen.lines().all(|line| line.chars().count() <= WIDTH), "{screen}");
        insta::assert_snapshot!(screen);
    }

    #[test]
    fn what_stands_in_the_way() {
        let why = || "exit 3\u{1b}[2J".to_owned();
        let obstacles = [
            Obstacle::NoUndo(Some("a message stays said".to_owned())),
            Obstacle::NoUndo(None),
            Obstacle::Unknown(why()),
            Obstacle::Failed(why()),
        ];
        let screens = obstacles.map(|obstacle| {
            let may_undo = !matches!(obstacle, Obstacle::NoUndo(_));
            let hosts = vec![host("app1"), host("app2")];
            let card = ObstacleCard { step: "up".parse().unwrap(), hosts, obstacle, may_undo };
            plain(&(super::obstacle(&card, "PROD") + &obstacle_keys(&card)))
        });
        insta::assert_snapshot!(screens.join(""));
    }
}
