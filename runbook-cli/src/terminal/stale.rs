//! What is not as it was when a plan was made: what it was, and what it is now. Must not know why it
//! changed.

use runbook_core::base::SafeText;
use runbook_core::run::Difference;

use super::layout::{WIDTH, cut};

/// The most lines of a text that are shown.
const LINES: usize = 12;

/// Draws it, a block a fact.
pub(crate) fn table(differences: &[Difference]) -> String {
    let mut screen = String::new();
    for difference in differences {
        screen +=
            &format!("\n   {}\n", cut(SafeText::line(difference.place()).as_str(), WIDTH - 3));
        screen += &text("was", &difference.before);
        screen += &text("is", difference.now());
    }
    screen
}

fn text(label: &str, text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let more = lines.len().saturating_sub(LINES);
    let mut screen = String::new();
    for (number, line) in lines.iter().take(LINES).enumerate() {
        let label = if number == 0 { label } else { "" };
        let line = SafeText::line(line);
        screen += &format!("     {label:<5}{}\n", cut(line.as_str(), WIDTH - 10));
    }
    match (lines.len(), more) {
        (0, _) => format!("     {label:<5}nothing\n"),
        (_, 0) => screen,
        (_, more) => screen + &format!("          … {more} more\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_a_list_and_what_is_not_known() {
        let difference = |what: &str, before: &str, now: Option<&str>| Difference {
            step: "current".parse().ok(),
            host: "app1".parse().ok(),
            what: what.to_owned(),
            before: before.to_owned(),
            now: now.map(str::to_owned),
        };
        let many: Vec<String> = (0..14).map(|number| format!("volume{number}")).collect();
        let drawn = table(&[
            difference("tag", "v1.3.9", Some("v1.4.0\u{1b}[31m")),
            difference("items", &many.join("\n"), Some("")),
            difference("host key", "SHA256:x", None),
        ]);
        insta::assert_snapshot!(drawn);
    }
}
