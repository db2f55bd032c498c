//! Lines that are offered for a value: shown, and picked by number. Must not know what they are for.

use runbook_core::base::{SafeText, ValueName};

use super::layout::{WIDTH, cut, pad};
use super::shell::Shell;
use super::theme::{FAINT, LIVE, paint};

/// How many lines are shown.
const MOST: usize = 20;

/// What is offered.
#[derive(Debug, Default)]
pub(crate) struct Offer {
    /// The lines as they are shown: what is taken is what was seen.
    lines: Vec<SafeText>,
    /// How many there were beside them.
    more: usize,
}

impl Offer {
    /// Offers the first of these lines.
    pub(crate) fn of(lines: &[String]) -> Self {
        let shown = lines.iter().take(MOST).map(|line| SafeText::line(line.trim()));
        let shown: Vec<SafeText> = shown.collect();
        Self { more: lines.len() - shown.len(), lines: shown }
    }

    /// Offers what was found for a value; where that is nothing the person is told why.
    pub(crate) fn or_say(
        found: Result<Vec<String>, String>,
        name: &ValueName,
        shell: &Shell,
    ) -> Self {
        let why = match found {
            Ok(lines) if !lines.is_empty() => return Self::of(&lines),
            Ok(_) => "it says nothing".to_owned(),
            Err(why) => why,
        };
        let line = SafeText::line(format!("nothing to offer for {name}: {why}"));
        shell.err(&format!(" {}\n", cut(line.as_str(), WIDTH - 2)));
        Self::default()
    }

    /// The value of a line.
    fn value(line: &SafeText) -> &str {
        line.as_str().split_whitespace().next().unwrap_or_default()
    }

    /// Whether lines have numbers: none has where a number may be meant as a value.
    fn is_numbered(&self) -> bool {
        !self.lines.iter().any(|line| Self::value(line).parse::<f64>().is_ok())
    }

    /// The value of the line whose number this is.
    pub(crate) fn picked(&self, typed: &str) -> Option<&str> {
        let number: usize = typed.parse().ok().filter(|_| self.is_numbered())?;
        self.lines.get(number.checked_sub(1)?).map(Self::value)
    }

    /// The lines, and how one is picked.
    pub(crate) fn draw(&self) -> String {
        if self.lines.is_empty() {
            return String::new();
        }
        let numbered = self.is_numbered();
        let mut screen = String::new();
        for (number, line) in (1..).zip(&self.lines) {
            let mark = if numbered { format!("{number:>2}") } else { " -".to_owned() };
            let line = cut(line.as_str(), WIDTH - 7);
            screen += &format!("   {}  {line}\n", paint(LIVE, pad(&mark, 2)));
        }
        let how = if numbered { "a number, or a value" } else { "a value: the first word" };
        let more = if self.more > 0 { format!(" · {} more", self.more) } else { String::new() };
        screen + &format!("   {}\n", paint(FAINT, format!("{how}{more}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(lines: &[&str]) -> Offer {
        Offer::of(&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>())
    }

    fn drawn(offer: &Offer) -> String {
        anstream::adapter::strip_str(&offer.draw()).to_string()
    }

    #[test]
    fn a_number_picks_the_first_word_of_its_line() {
        let offer = offer(&["v1 newest", "v2\tolder"]);
        assert_eq!((offer.picked("1"), offer.picked("2")), (Some("v1"), Some("v2")));
        assert_eq!([offer.picked("0"), offer.picked("3"), offer.picked("v1")], [None; 3]);
        insta::assert_snapshot!(drawn(&offer), @r"
            1  v1 newest
            2  v2 older
           a number, or a value
        ");
    }

    #[test]
    fn where_values_are_numbers_no_line_has_one() {
        let offer = offer(&["2 replicas", "1 replica"]);
        assert_eq!(offer.picked("1"), None);
        assert!(drawn(&offer).starts_with("    -  2 replicas\n"));
    }

    #[test]
    fn at_most_twenty_lines_are_shown_and_none_can_draw_on_the_screen() {
        let mut lines = vec!["v\u{1b}[2Jx".to_owned()];
        lines.extend((2..=25).map(|number| format!("v{number}")));
        let offer = Offer::of(&lines);
        let drawn = drawn(&offer);
        assert!(!drawn.contains('\u{1b}') && drawn.ends_with(" · 5 more\n"), "{drawn}");
        assert_eq!((offer.picked("20"), offer.picked("21")), (Some("v20"), None));
        assert!(drawn.contains(offer.picked("1").unwrap()), "what is taken is what was seen");
    }
}
