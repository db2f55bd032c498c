//! The card of a destroy: where, what exactly, who notices, what is lost, what is known to hold,
//! and what must be typed. Must not know what an answer leads to.

use runbook_core::base::{HostName, SafeText};
use runbook_core::plan::{Host, Identity};
use runbook_core::run::{Card, CardHost};

use super::layout::{WIDTH, count, field, pad, rule};
use super::payload;
use super::theme::{BAD, LIVE, STRONG, WARN, paint};

/// How many lines of a script are shown without being asked for.
const SCRIPT_SHOWN: usize = 8;
/// How many items are.
const ITEMS_SHOWN: usize = 12;
/// What may be looked at beside the script.
const LOOK: &str = "[e] evidence   [?] why";

/// Where a step stands in its run: `step 7 of 10 · swap · PROD`.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// From 1; 0 where that is not known.
    pub(crate) number: usize,
    /// How many steps there are.
    pub(crate) of: usize,
    /// The environment, loud; empty without one.
    pub(crate) environment: String,
}

impl Standing {
    /// The right end of a rule.
    pub(crate) fn words(&self, of_all: bool, names: &[&str]) -> String {
        let of = if of_all { format!(" of {}", self.of) } else { String::new() };
        let known = (self.number > 0).then(|| format!("step {}{of}", self.number));
        let mut words: Vec<String> = known.into_iter().collect();
        words.extend(names.iter().map(|name| (*name).to_owned()));
        words.extend((!self.environment.is_empty()).then(|| self.environment.clone()));
        words.join(" · ")
    }
}

/// A host of the run, as the card shows it.
pub(crate) type Known<'a> = (&'a HostName, Option<&'a Host>, Option<&'a Identity>);

/// Draws it, up to what must be typed.
pub(crate) fn draw(card: &Card, standing: &Standing, hosts: &[Known<'_>]) -> String {
    let what = if card.undo { format!("undo {}", card.step) } else { card.step.to_string() };
    let right = standing.words(true, &[&what]);
    let mut screen = format!("\n{}\n", rule(BAD, "STOP · DESTRUCTIVE", &right));
    screen += &format!(" {}\n\n", paint(STRONG, SafeText::line(&card.title)));
    if let Some(note) = &card.note {
        screen += &format!(" {}\n\n", paint(WARN, SafeText::line(note)));
    }
    screen += &place(card, hosts);
    screen += &does(card);
    screen += &per_host(card, "Hits", |host| host.affects.clone());
    screen += &per_host(card, "Loses", |host| host.loses.clone());
    screen += &items(card);
    screen += &field("Undo", 9, SafeText::of(&card.undo_line).as_str());
    for (index, proof) in card.proof.iter().enumerate() {
        let label = if index == 0 { "Proof" } else { "" };
        screen += &field(label, 9, &format!("{} ✓", SafeText::line(proof)));
    }
    screen + &script(card)
}

/// Which hosts, and who they said they are.
fn place(card: &Card, hosts: &[Known<'_>]) -> String {
    let line = |(index, host): (usize, &CardHost)| {
        let label = if index == 0 { "Where" } else { "" };
        let known = hosts.iter().find(|(name, ..)| **name == host.host);
        let who =
            known.map_or_else(String::new, |(_, host, identity)| identity_line(*host, *identity));
        field(label, 9, &format!("{}{who}", paint(BAD, &host.host)))
    };
    let mut lines: String = card.hosts.iter().enumerate().map(line).collect();
    if card.of_hosts > card.hosts.len() {
        let share = format!("{} of {}", card.hosts.len(), count(card.of_hosts, "host"));
        lines += &field("", 9, &format!("{share}; the others have a card of their own"));
    }
    lines
}

fn identity_line(host: Option<&Host>, identity: Option<&Identity>) -> String {
    let Some(identity) = identity else { return "   not connected".to_owned() };
    let mut words = vec![format!("{}@{}", identity.user, identity.hostname)];
    if !identity.machine_id.is_empty() {
        words.push(format!(
            "machine-id {}",
            identity.machine_id.chars().take(8).collect::<String>()
        ));
    }
    let asserted = host.is_some_and(|host| host.expect != Default::default());
    if asserted {
        words.push("identity ✓".to_owned());
    }
    format!("   {}", SafeText::line(words.join("   ")))
}

/// The beginning of what runs, the same on every host or a host at a time.
fn does(card: &Card) -> String {
    let Some(payload) = card.hosts.iter().find_map(|host| host.payload.as_ref()) else {
        return field("Does", 9, "you do it by hand: the text is shown after the yes");
    };
    let text = payload::text(payload);
    let lines: Vec<&str> = text.lines().collect();
    let mut shown =
        lines.iter().take(SCRIPT_SHOWN).fold(String::new(), |shown, line| shown + line + "\n");
    if lines.len() > SCRIPT_SHOWN {
        shown += &format!("… {} more (v)", count(lines.len() - SCRIPT_SHOWN, "line"));
    }
    field("Does", 9, &shown)
}

/// A text that may differ from host to host: once when it does not.
fn per_host(card: &Card, label: &str, of: fn(&CardHost) -> Option<String>) -> String {
    let texts: Vec<(&HostName, String)> =
        card.hosts.iter().filter_map(|host| Some((&host.host, of(host)?))).collect();
    let Some((_, first)) = texts.first() else { return String::new() };
    if texts.len() == card.hosts.len() && texts.iter().all(|(_, text)| text == first) {
        return field(label, 9, SafeText::of(first).as_str());
    }
    let lines: Vec<String> =
        texts.iter().map(|(host, text)| format!("{host}: {}", SafeText::line(text))).collect();
    field(label, 9, &lines.join("\n"))
}

fn items(card: &Card) -> String {
    let several = card.hosts.len() > 1;
    card.hosts.iter().filter_map(|host| Some((&host.host, host.items.as_ref()?))).fold(
        String::new(),
        |drawn, (host, items)| {
            let on = if several { format!(" on {host}") } else { String::new() };
            let mut text = format!("{}{on}:", count(items.len(), "item"));
            for item in items.iter().take(ITEMS_SHOWN) {
                text += &format!("\n  {}", SafeText::line(item));
            }
            if items.len() > ITEMS_SHOWN {
                text += &format!("\n  … {} more (v)", items.len() - ITEMS_SHOWN);
            }
            drawn + &field("On", 9, &text)
        },
    )
}

fn script(card: &Card) -> String {
    let Some(payload) = card.hosts.iter().find_map(|host| host.payload.as_ref()) else {
        return field("", 9, LOOK);
    };
    let lines = payload::text(payload).lines().count();
    let sum = payload.digest().short();
    let left = format!("{}, sha256 {sum}…", count(lines, "line"));
    field("Script", 9, &format!("{}[v] view   {LOOK}", pad(&left, 31)))
}

/// What must be typed, and what else may be.
pub(crate) fn keys(card: &Card) -> String {
    keys_with(card, &format!("{}  to go on without it,  ", paint(LIVE, "s")))
}

/// The same for whoever can only approve it or not.
pub(crate) fn keys_of_another(card: &Card) -> String {
    keys_with(card, "")
}

fn keys_with(card: &Card, pass_over: &str) -> String {
    let words: Vec<String> =
        card.hosts.iter().map(|host| paint(LIVE, SafeText::line(&host.confirm))).collect();
    let typed = match &words[..] {
        [one] => format!(" Type  {one}  to approve,  "),
        several => format!(" Type, one after the other,  {}  to approve,\n ", several.join("  ")),
    };
    let keys = format!("{typed}{pass_over}{}  to stop here.", paint(LIVE, "q"));
    if console::measure_text_width(&keys) <= WIDTH || words.len() > 1 {
        return format!("\n{keys}\n");
    }
    format!("\n{}\n {}\n", typed.trim_end(), keys[typed.len()..].trim_start())
}

/// Every byte that would be sent, and everything it would act on.
pub(crate) fn whole(card: &Card) -> String {
    let mut screen = String::from("\n");
    for host in &card.hosts {
        screen += &format!(" {}\n", paint(STRONG, &host.host));
        if let Some(payload) = &host.payload {
            screen += &format!("   sha256 {}\n", payload.digest());
            screen += &payload::draw(payload, 3);
        }
        for item in host.items.iter().flatten() {
            screen += &format!("   - {}\n", SafeText::line(item));
        }
    }
    screen
}

#[cfg(test)]
mod tests {
    use super::super::samples::{card, plain, plan, preview};
    use super::*;

    fn drawn(hosts: &[&str]) -> String {
        let (card, plan, preview) = (card(hosts), plan(), preview());
        let known: Vec<Known<'_>> = preview
            .hosts
            .iter()
            .map(|(name, who)| (name, plan.hosts.get(name), who.as_ref()))
            .collect();
        let standing = Standing { number: 7, of: 10, environment: "PROD".to_owned() };
        plain(&(draw(&card, &standing, &known) + &keys(&card)))
    }

    #[test]
    fn one_host() {
        let screen = drawn(&["app1"]);
        assert!(screen.lines().all(|line| line.chars().count() <= WIDTH), "{screen}");
        insta::assert_snapshot!(screen);
    }

    #[test]
    fn two_hosts() {
        insta::assert_snapshot!(drawn(&["app1", "app2"]));
    }

    #[test]
    fn every_byte_can_be_seen() {
        insta::assert_snapshot!(plain(&whole(&card(&["app1"]))));
    }

    #[test]
    fn work_by_hand_has_no_script() {
        let mut card = card(&["app1"]);
        card.hosts[0].payload = None;
        let standing = Standing { number: 1, of: 1, environment: String::new() };
        let screen = plain(&draw(&card, &standing, &[]));
        assert!(screen.contains("you do it by hand") && !screen.contains("Script"), "{screen}");
    }
}
