//! The paths that a Rust text names: `crate::…`, `super::…` and those of other crates, written out or
//! in the braces of a `use`. A reader of words, not of Rust: comments and texts in quotes are left
//! out first. Must not know which paths are wrong.

/// A path, and the line it stands on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// Its parts: `["crate", "base", "Digest"]`.
    pub(crate) parts: Vec<String>,
    /// The line, from 1.
    pub(crate) line: usize,
}

/// Every path of at least two parts in a text.
pub(crate) fn named(text: &str) -> Vec<Named> {
    let tokens = tokens(&code(text));
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let restricted = at >= 1 && tokens[at - 1].0 == "in";
        let (line, start) = (tokens[at].1, at);
        if is_word(&tokens[at].0) && !restricted {
            let mut paths = Vec::new();
            at = tree(&tokens, at, &[], &mut paths);
            let long = paths.into_iter().filter(|parts| parts.len() > 1);
            found.extend(long.map(|parts| Named { parts, line }));
        }
        at = at.max(start + 1);
    }
    found
}

/// Reads `a::b::{c, d::e}` and gives the place behind it.
fn tree(
    tokens: &[(String, usize)],
    mut at: usize,
    before: &[String],
    found: &mut Vec<Vec<String>>,
) -> usize {
    let mut parts = before.to_vec();
    loop {
        match tokens.get(at).map(|token| token.0.as_str()) {
            Some("{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token.0 != "}") {
                    let next = tree(tokens, at, &parts, found);
                    at = next.max(at + 1);
                    while tokens.get(at).is_some_and(|token| token.0 == ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            Some(word) if is_word(word) => {
                parts.push(word.to_owned());
                at += 1;
            }
            _ => {
                found.push(parts);
                return at;
            }
        }
        if tokens.get(at).is_none_or(|token| token.0 != "::") {
            found.push(parts);
            return at;
        }
        at += 1;
    }
}

fn is_word(token: &str) -> bool {
    token.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Words, `::` and single signs, each with its line.
fn tokens(code: &str) -> Vec<(String, usize)> {
    let mut tokens: Vec<(String, usize)> = Vec::new();
    let mut rest = code;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let word: usize =
            rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').map(char::len_utf8).sum();
        let length = match word {
            0 if rest.starts_with("::") => 2,
            0 => first.len_utf8(),
            word => word,
        };
        if first == '\n' {
            line += 1;
        }
        if !first.is_whitespace() {
            tokens.push((rest[..length].to_owned(), line));
        }
        rest = &rest[length..];
    }
    tokens
}

/// The text without comments and without what stands in quotes; its lines stay where they are.
pub(crate) fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            'r' if !out.ends_with(|c: char| c.is_alphanumeric()) => raw_text(rest),
            '"' => quoted(rest),
            '\'' => character(rest),
            _ => 0,
        };
        match length {
            0 => {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
            length => {
                out.extend(rest[..length].chars().filter(|c| *c == '\n'));
                rest = &rest[length..];
            }
        }
    }
    out
}

/// The length of `r#"…"#` at the start; 0 where there is none.
fn raw_text(rest: &str) -> usize {
    let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
    let inside = 2 + hashes;
    if rest.as_bytes().get(1 + hashes) != Some(&b'"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    rest[inside..].find(&end).map_or(rest.len(), |at| inside + at + end.len())
}

/// The length of `"…"` at the start.
fn quoted(rest: &str) -> usize {
    let mut escaped = true;
    for (at, c) in rest.char_indices() {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

/// The length of `'x'` at the start; 0 for a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, c))) => {
            let after = at + c.len_utf8();
            rest[after..].find('\'').map_or(0, |end| after + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}

#[test]
fn paths_are_read_out_of_trees_and_out_of_the_middle_of_code() {
    let text = r##"
//! [`crate::nothing::Here`]
use crate::base::{Digest, span::{Span, Source}};
pub(in crate::document) fn f<'a>(x: &'a str) -> crate::plan::Plan { "crate::no"; '"'; '\''; r#"crate::no"# }
    super::super::journal::x();
"##;
    let found: Vec<_> =
        named(text).into_iter().map(|named| (named.parts.join("::"), named.line)).collect();
    let expected = [
        ("crate::base::Digest", 3),
        ("crate::base::span::Span", 3),
        ("crate::base::span::Source", 3),
        ("crate::plan::Plan", 4),
        ("super::super::journal::x", 5),
    ];
    assert_eq!(found, expected.map(|(path, line)| (path.to_owned(), line)));
}
