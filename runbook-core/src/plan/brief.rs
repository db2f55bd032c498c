//! One short line out of any text. Whether a terminal may show it is decided where it is shown.

/// The most characters of an output that one line of ours quotes.
const WIDTH: usize = 60;

/// The first line of `text` that says something, cut to a width a person takes in at a glance.
pub(super) fn brief(text: &str) -> String {
    shorten(text, lines(text).next())
}

/// The last line that says something: what a program that failed said last is nearest to why.
pub(super) fn brief_end(text: &str) -> String {
    shorten(text, lines(text).next_back())
}

fn lines(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn shorten(text: &str, line: Option<&str>) -> String {
    let line = line.unwrap_or_default();
    let mut short: String = line.chars().take(WIDTH).map(one_line).collect();
    if line.chars().nth(WIDTH).is_some() || line.len() < text.trim().len() {
        short.push('…');
    }
    short
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
    fn of_what_failed_the_last_line_is_quoted() {
        assert_eq!(brief_end("app Creating\napp exited (1)\n\n"), "app exited (1)…");
        assert_eq!(brief_end("refused\n"), "refused");
        assert_eq!(brief_end(" \n"), "");
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
