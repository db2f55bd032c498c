//! The card of a failure: what happened, where things stand on every host, what the host says, and
//! what may be done. Must not know what an answer leads to.

use runbook_core::base::{HostName, SafeText, StepId};
use runbook_core::run::{Effect, FailureCard, StepStatus};

use super::card::Standing;
use super::layout::{WIDTH, count, cut, ends, pad, rule, wrap};
use super::payload;
use super::plan_view::now;
use super::progress::{HostProgress, Progress, StepProgress, Tail};
use super::theme::{BAD, FAINT, GOOD, LIVE, paint};

/// How many of the last lines of a command are shown on the card.
const LINES_SHOWN: usize = 6;

/// What `b` means.
const BACK: &str = "go back: undo everything this run changed, then stop";

/// Draws it, up to the options.
pub(crate) fn draw(card: &FailureCard, standing: &Standing, progress: &Progress) -> String {
    let right = standing.words(false, &[card.step.as_str(), card.host.as_str()]);
    let mut screen = format!("\n{}\n", rule(BAD, "FAILED", &right));
    for line in wrap(SafeText::of(&card.why).as_str(), WIDTH - 1) {
        screen += &format!(" {line}\n");
    }
    screen += "\n Where things stand\n";
    screen += &stands(card, progress);
    screen + &says(&card.step, &card.host, progress)
}

/// A line a host of the step, then the goal and whether anything was changed at all.
fn stands(card: &FailureCard, progress: &Progress) -> String {
    let nothing = StepProgress::default();
    let step = progress.steps.get(&card.step).unwrap_or(&nothing);
    let width = step.hosts.keys().map(|host| host.as_str().len()).max().unwrap_or(0).clamp(6, 30);
    let mut lines = String::new();
    for (host, state) in &step.hosts {
        let word = if *host == card.host { paint(BAD, "FAILED") } else { host_word(state) };
        let values = values_of(host, progress);
        let line = format!("   {}  {}  {values}", pad(host.as_str(), width), pad(&word, 12));
        lines += &format!("{}\n", cut(line.trim_end(), WIDTH));
    }
    if let Some(goal) = &progress.goal {
        let saw = SafeText::line(goal.line());
        let line =
            format!("   {}  {}  {saw}  (as last asked)", pad("goal", width), pad(&now(goal), 12));
        lines += &format!("{}\n", cut(&line, WIDTH));
    }
    if card.effect == Effect::Read && !progress.changed {
        lines += match progress.shells.is_empty() {
            true => "   Only reads were sent: nothing was changed.\n",
            false => "   Only reads were sent.\n",
        };
    }
    for (host, by) in &progress.shells {
        let by = SafeText::line(by);
        let line = format!("   {by} opened a shell on {host}: what was done there is not known");
        lines += &format!("{}\n", cut(&line, WIDTH));
    }
    lines
}

fn host_word(state: &HostProgress) -> String {
    match &state.ended {
        Some((StepStatus::Done, _)) => paint(GOOD, "done"),
        Some((StepStatus::Failed | StepStatus::Unknown, _)) => {
            let word = state.ended.as_ref().map_or("", |(status, _)| status.word());
            paint(BAD, word.to_uppercase())
        }
        Some((status, _)) => status.word().to_owned(),
        None if state.doing.is_empty() => paint(FAINT, "not touched"),
        None => state.doing.clone(),
    }
}

/// The last values this host delivered, newest last.
fn values_of(host: &HostName, progress: &Progress) -> String {
    let values = progress.steps.values().flat_map(|step| &step.values);
    values
        .filter(|(_, on, _)| on.as_ref() == Some(host))
        .map(|(name, _, value)| {
            let text =
                value.as_ref().map_or_else(|| "none".to_owned(), runbook_core::base::Value::text);
            format!("{name}={}", SafeText::line(text))
        })
        .collect::<Vec<_>>()
        .join("  ")
}

/// The last lines of each diagnose command; without any, of the attempt itself.
fn says(step: &StepId, host: &HostName, progress: &Progress) -> String {
    let Some(step) = progress.steps.get(step) else { return String::new() };
    let diagnosed: Vec<_> = step.diagnosed.iter().filter(|(on, ..)| on == host).collect();
    if diagnosed.is_empty() {
        return its_own_words(step, host, progress);
    }
    let number = count(diagnosed.len(), "diagnose command");
    let head = format!("\n{}", ends(" What the host says", &format!("({number}, read-only)")));
    diagnosed.iter().fold(head + "\n", |said, (_, payload, attempt)| {
        said + &quoted(&payload::brief(payload), progress.tail(attempt))
    })
}

fn its_own_words(step: &StepProgress, host: &HostName, progress: &Progress) -> String {
    let attempt = step.hosts.get(host).and_then(|host| host.attempt.as_ref());
    match attempt.and_then(|attempt| progress.tail(attempt)) {
        Some(tail) => "\n What it printed\n".to_owned() + &quoted("", Some(tail)),
        None => String::new(),
    }
}

fn quoted(command: &str, tail: Option<&Tail>) -> String {
    let (lines, total) = tail.map_or((vec![], 0), |tail| (tail.lines.iter().collect(), tail.total));
    let shown = &lines[lines.len().saturating_sub(LINES_SHOWN)..];
    let share = match total {
        0 => "printed nothing".to_owned(),
        total if total == shown.len() => String::new(),
        total => format!("last {} of {total} lines", shown.len()),
    };
    let head =
        if command.is_empty() { String::new() } else { format!("   $ {}", cut(command, 50)) };
    let mut quoted = match (head.is_empty(), share.is_empty()) {
        (true, true) => String::new(),
        (false, true) => head + "\n",
        (_, false) => ends(&head, &paint(FAINT, share)) + "\n",
    };
    for line in shown {
        quoted += &format!("   {}\n", cut(line, WIDTH - 3));
    }
    quoted
}

/// What may be answered.
pub(crate) fn keys(card: &FailureCard) -> String {
    let (step, host) = (&card.step, &card.host);
    let options = [
        (card.may.retry, "r", format!("retry {step} on {host}")),
        (card.may.undo, "u", format!("undo {step} on {host}, then stop")),
        (card.back.is_some(), "b", BACK.to_owned()),
        (card.may.pass_over, "s", format!("go on without {step} on {host}")),
        (true, "o", format!("shell on {host}; this is asked again after it")),
        (true, "f", "full output".to_owned()),
        (true, "q", "stop here".to_owned()),
    ];
    let shown = options.iter().filter(|(allowed, ..)| *allowed);
    shown.fold("\n Your options\n".to_owned(), |keys, (_, key, what)| {
        keys + &format!("   {}  {what}\n", paint(LIVE, key))
    })
}

#[cfg(test)]
mod tests {
    use runbook_core::plan::Verdict;
    use runbook_core::report::Stream;
    use runbook_core::run::{About, Event, FailureOptions, Part, Slot};

    use super::super::samples::{attempt, exited, failure, host, intended, plain, record};
    use super::*;

    /// One host done, one failed with what it said, one not touched.
    fn progress() -> Progress {
        let mut progress = Progress::default();
        let up: StepId = "up".parse().unwrap();
        let hosts = ["app1", "app2", "app3"].map(host).to_vec();
        let about = About::Step {
            step: up.clone(),
            host: Some(host("app2")),
            slot: Slot::Verify,
            round: 1,
        };
        let diagnose = attempt("app2", Part::Diagnose(0));
        let valued = |name: &str, value: &str| Event::Valued {
            step: up.clone(),
            host: Some(host(name)),
            name: "tag".parse().unwrap(),
            value: Some(runbook_core::base::Value::Text(value.to_owned())),
        };
        let goal = Verdict::NotMet { saw: "503".into() };
        let not_met = Verdict::NotMet { saw: "502 Bad Gateway".into() };
        let facts = [
            Event::InquiryEnded { about: About::GoalAtStart, verdict: goal },
            Event::Selected { step: up.clone(), hosts },
            Event::TurnBegan { step: up.clone(), host: host("app1") },
            intended(attempt("app1", Part::Main), "up"),
            exited(attempt("app1", Part::Main), 0),
            valued("app1", "v1.3.9"),
            Event::HostEnded {
                step: up.clone(),
                host: host("app1"),
                status: StepStatus::Done,
                why: None,
            },
            Event::TurnBegan { step: up.clone(), host: host("app2") },
            intended(attempt("app2", Part::Main), "up"),
            valued("app2", "v1.4.0"),
            Event::InquiryEnded { about, verdict: not_met },
            intended(diagnose.clone(), "docker compose logs --tail 50"),
        ];
        for (second, fact) in (0..).zip(facts) {
            progress.observe(&record(second, fact));
        }
        for line in 1..=50 {
            let line = format!("app-1 | line {line} \u{1b}[31mFATAL\u{1b}[0m: no space left\n");
            progress.output(&diagnose, Stream::Stdout, line.as_bytes());
        }
        progress.observe(&record(20, exited(diagnose, 0)));
        progress
    }

    #[test]
    fn the_whole_card() {
        let standing = Standing { number: 7, of: 9, environment: "PROD".to_owned() };
        let card = failure();
        let screen = plain(&(draw(&card, &standing, &progress()) + &keys(&card)));
        assert!(screen.lines().all(|line| line.chars().count() <= WIDTH), "{screen}");
        insta::assert_snapshot!(screen);
    }

    #[test]
    fn only_what_may_be_done_is_offered() {
        let may = FailureOptions { retry: false, pass_over: false, undo: false };
        let card = FailureCard { may, effect: Effect::Read, back: None, ..failure() };
        let standing = Standing { number: 1, of: 2, environment: String::new() };
        let screen = plain(&(draw(&card, &standing, &Progress::default()) + &keys(&card)));
        insta::assert_snapshot!(screen);
    }
}
