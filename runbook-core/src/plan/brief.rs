//! One short line out of any text. Whether a terminal may show it is decided where it is shown.

/// The most characters of an output that one line of ours quotes.
const WIDTH: usize = 60;
/// The same of why something failed: the cause often stands at the end of a long line.
const CAUSE_WIDTH: usize = 240;

/// The first line of `text` that says something, cut to a width a person takes in at a glance.
pub(super) fn brief(text: &str) -> String {
    let mut short = cut(lines(text).next(), WIDTH);
    if short.chars().count() < text.trim().chars().count() {
        short.push('…');
    }
    short
}

/// Words by which programs say what went wrong, in lower case.
const COMPLAINTS: [&str; 12] = [
    "error",
    "fatal",
    "fail",
    "cannot",
    "can't",
    "could not",
    "denied",
    "refused",
    "no such",
    "not found",
    "exited",
    "unable",
];

/// Why a program failed, as it says it: the last line that complains, since progress comes before
/// it and explanations (`LINE 1: …`) may come after it; without one, the first line.
pub(super) fn brief_cause(text: &str) -> String {
    let complains = |line: &&str| {
        let line = line.to_lowercase();
        COMPLAINTS.iter().any(|word| line.contains(word))
    };
    let line = lines(text).rfind(complains).or_else(|| lines(text).next()).unwrap_or_default();
    let more = lines(text).nth(1).is_some() || line.chars().nth(CAUSE_WIDTH).is_some();
    format!("{}{}", cut(Some(line), CAUSE_WIDTH), if more { "…" } else { "" })
}

fn lines(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn cut(line: Option<&str>, width: usize) -> String {
    line.unwrap_or_default().chars().take(width).map(one_line).collect()
}

/// A line stays one, whatever else breaks lines somewhere.
fn one_line(character: char) -> char {
    match character {
        '\u{2028}' | '\u{2029}' => ' ',
        other if other.is_control() => ' ',
        other => other,
    }
}

/// What was printed, or that it was nothing.
pub(super) fn brief_or_empty(text: &str) -> String {
    match brief(text) {
        short if short.is_empty() => "nothing".to_owned(),
        short => short,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_line_that_says_something_is_quoted() {
        assert_eq!(brief("\n  83 \n"), "83");
        assert_eq!(brief("one\ntwo"), "one…");
        assert_eq!(brief(&"x".repeat(61)), format!("{}…", "x".repeat(60)));
        assert_eq!(brief_or_empty(" \n"), "nothing");
    }

    #[test]
    fn of_what_failed_the_line_that_complains_is_quoted() {
        assert_eq!(brief_cause("app Recreate\napp exited (1)\n\n"), "app exited (1)…");
        assert_eq!(
            brief_cause("ERROR:  no relation\nLINE 1: select\n   ^\n"),
            "ERROR:  no relation…"
        );
        assert_eq!(brief_cause("so it is\nbecause\n"), "so it is…");
        assert_eq!(brief_cause("it is refused\n"), "it is refused");
        assert_eq!(brief_cause(" \n"), "");
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_short_line(text: String) {
            let short = brief(&text);
            prop_assert!(short.chars().count() <= WIDTH + 1);
            prop_assert!(!short.chars().any(char::is_control));
        }
    }
}
