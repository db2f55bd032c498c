//! Eighty columns: rules, wrapping, columns, and lists of hosts that stay short. Must not know
//! what any of it means.

use anstyle::Style;
use console::measure_text_width;

use super::theme::paint;

/// How wide a screen is drawn, whatever the terminal: what is pasted into a chat looks the same.
pub(crate) const WIDTH: usize = 80;

/// `━━━ FAILED ━━━━━━━━ step 7 · up ━━━`, as wide as the screen.
pub(crate) fn rule(style: Style, left: &str, right: &str) -> String {
    let words = measure_text_width(left) + measure_text_width(right);
    let fill = "━".repeat(WIDTH.saturating_sub(words + 10).max(3));
    paint(style, format!("━━━ {left} {fill} {right} ━━━"))
}

/// `left` and `right` at the two ends of a line.
pub(crate) fn ends(left: &str, right: &str) -> String {
    if right.is_empty() {
        return left.to_owned();
    }
    let words = measure_text_width(left) + measure_text_width(right);
    format!("{left}{}{right}", " ".repeat(WIDTH.saturating_sub(words).max(2)))
}

/// `text`, filled with spaces up to `width`.
pub(crate) fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(measure_text_width(text))))
}

/// `text` in at most `width` columns, cut with `…`.
pub(crate) fn cut(text: &str, width: usize) -> String {
    console::truncate_str(text, width, "…").into_owned()
}

/// The first line of a text, with `…` where there is more.
pub(crate) fn first_line(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().to_owned();
    if lines.next().is_some() { first + " …" } else { first }
}

/// Words filled into lines of at most `width` columns. Line breaks of the text are kept, and a word
/// that is too long stands alone: what is meant to be copied is never broken.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    text.lines().flat_map(|line| wrap_line(line, width)).collect()
}

fn wrap_line(line: &str, width: usize) -> Vec<String> {
    if measure_text_width(line) <= width {
        return vec![line.to_owned()];
    }
    let indent = &line[..line.len() - line.trim_start().len()];
    let mut lines = vec![];
    let mut filled = indent.to_owned();
    for word in line.split_whitespace() {
        let glue = usize::from(filled.len() > indent.len());
        let fits = measure_text_width(&filled) + glue + measure_text_width(word) <= width;
        if glue == 1 && !fits {
            lines.push(std::mem::replace(&mut filled, indent.to_owned()));
        } else if glue == 1 {
            filled.push(' ');
        }
        filled.push_str(word);
    }
    lines.push(filled);
    lines
}

/// A label and its text, wrapped beside it: ` Undo     yes, one command`.
pub(crate) fn field(label: &str, width: usize, text: &str) -> String {
    let lines = wrap(text, WIDTH - width - 1);
    let lines = if lines.is_empty() { vec![String::new()] } else { lines };
    lines.iter().enumerate().fold(String::new(), |field, (index, line)| {
        let label = if index == 0 { label } else { "" };
        field + format!(" {}{line}", pad(label, width)).trim_end() + "\n"
    })
}

/// Hosts in few columns: `app1-3`, `app1→2→3` one after the other, `db1 web1`, `12 hosts`.
pub(crate) fn hosts<'a>(names: impl IntoIterator<Item = &'a str>, in_turn: bool) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let numbered: Option<Vec<(&str, u64)>> = names.iter().map(|name| split_number(name)).collect();
    let same_stem =
        numbered.filter(|all| all.len() > 1 && all.iter().all(|(stem, _)| *stem == all[0].0));
    let joined = names.join(if in_turn { "→" } else { " " });
    match same_stem {
        Some(all) if in_turn && all.len() <= 4 => {
            let numbers: Vec<String> = all.iter().map(|(_, number)| number.to_string()).collect();
            format!("{}{}", all[0].0, numbers.join("→"))
        }
        Some(all) if all.windows(2).all(|pair| pair[0].1 + 1 == pair[1].1) => {
            format!("{}{}-{}", all[0].0, all[0].1, all[all.len() - 1].1)
        }
        _ if joined.chars().count() <= 14 || names.len() == 1 => joined,
        _ => format!("{} hosts", names.len()),
    }
}

/// A name that ends in a number without leading zeros, at its number.
fn split_number(name: &str) -> Option<(&str, u64)> {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &name[stem.len()..];
    (!stem.is_empty() && !digits.starts_with('0')).then(|| Some((stem, digits.parse().ok()?)))?
}

/// `1 host`, `3 hosts`.
pub(crate) fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_as_wide_as_the_screen() {
        let drawn = rule(Style::new(), "FAILED", "step 7 · up · app2 · PROD");
        assert_eq!(measure_text_width(&drawn), WIDTH);
        assert!(drawn.starts_with("━━━ FAILED ━") && drawn.ends_with(" PROD ━━━"));
    }

    #[test]
    fn words_are_wrapped_and_long_words_are_whole() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("  one two three", 7), ["  one", "  two", "  three"]);
        assert_eq!(wrap("a https://example.org/long b", 8), ["a", "https://example.org/long", "b"]);
        assert_eq!(wrap("a\n\nb", 8), ["a", "", "b"]);
    }

    #[test]
    fn hosts_stay_short_and_true() {
        assert_eq!(hosts(["app1", "app2", "app3"], false), "app1-3");
        assert_eq!(hosts(["app1", "app2", "app3"], true), "app1→2→3");
        assert_eq!(hosts(["app1", "app3"], false), "app1 app3");
        assert_eq!(hosts(["db1", "web1"], true), "db1→web1");
        assert_eq!(hosts(["app01", "app02"], false), "app01 app02");
        assert_eq!(hosts(["frankfurt", "amsterdam"], false), "2 hosts");
        assert_eq!(hosts(["a-very-long-name-of-a-host"], true), "a-very-long-name-of-a-host");
    }

    #[test]
    fn a_field_stands_beside_its_label() {
        let text = "word ".repeat(20);
        let drawn = field("Undo", 9, text.trim());
        assert!(drawn.lines().all(|line| line.len() <= WIDTH));
        assert!(drawn.lines().nth(1).is_some_and(|line| line.starts_with("          word")));
    }
}
