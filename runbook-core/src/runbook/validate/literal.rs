//! From a byte of a text, as it was meant, to the byte of the file it was written at. Knows how TOML
//! writes strings, and nothing else of it.

use std::ops::Range;

use crate::base::Span;

/// A string as it stands in the file, quotes included.
pub(super) struct Literal<'a> {
    raw: &'a str,
    span: Span,
}

impl<'a> Literal<'a> {
    /// The string at `span` of `text`.
    pub(super) fn new(text: &'a str, span: Span) -> Self {
        Self { raw: text.get(span.start..span.end).unwrap_or_default(), span }
    }

    /// The place of `range` of the string's value; the whole string where that is not known.
    pub(super) fn place(&self, range: &Range<usize>) -> Span {
        let (Some(start), Some(end)) = (self.offset(range.start), self.offset(range.end)) else {
            return self.span;
        };
        Span::new(self.span.start + start, self.span.start + end.max(start))
    }

    fn offset(&self, wanted: usize) -> Option<usize> {
        let quote = self.raw.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let triple = [quote; 3].iter().collect::<String>();
        let long = self.raw.starts_with(&triple);
        let mut at = if long { 3 } else { 1 };
        if long {
            let rest = &self.raw[at..];
            at += if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
        }
        if quote == '\'' {
            return (at + wanted <= self.raw.len()).then_some(at + wanted);
        }
        self.unescaped(at, wanted)
    }

    /// Walks a basic string from byte `at` until `wanted` bytes of its value have passed.
    fn unescaped(&self, mut at: usize, wanted: usize) -> Option<usize> {
        let mut passed = 0;
        while passed < wanted {
            let rest = self.raw.get(at..)?;
            let (written, meant) = one(rest)?;
            at += written;
            passed += meant;
        }
        Some(at)
    }
}

/// How many bytes of the file the next character takes, and how many it is.
fn one(rest: &str) -> Option<(usize, usize)> {
    let first = rest.chars().next()?;
    if first != '\\' {
        return Some((first.len_utf8(), first.len_utf8()));
    }
    let escape = rest[1..].chars().next()?;
    let hex = |digits: usize| {
        let code = rest.get(2..2 + digits)?;
        let character = char::from_u32(u32::from_str_radix(code, 16).ok()?)?;
        Some((2 + digits, character.len_utf8()))
    };
    match escape {
        'x' => hex(2),
        'u' => hex(4),
        'U' => hex(8),
        c if c.is_whitespace() => {
            // A backslash at the end of a line swallows the white space after it.
            let blank = rest[1..].find(|c: char| !c.is_whitespace()).unwrap_or(rest.len() - 1);
            Some((1 + blank, 0))
        }
        c => Some((1 + c.len_utf8(), 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(raw: &str, range: Range<usize>) -> &str {
        let span = Literal::new(raw, Span::new(0, raw.len())).place(&range);
        &raw[span.start..span.end]
    }

    #[test]
    fn places_in_every_sort_of_string() {
        assert_eq!(at("'a $b'", 2..4), "$b");
        assert_eq!(at("'''\na $b'''", 2..4), "$b");
        assert_eq!(at(r#""a \"$b\"""#, 3..5), "$b");
        assert_eq!(at(r#""\u00e9 $b""#, 3..5), "$b");
        assert_eq!(at("\"\"\"\na \\\n   $b\"\"\"", 2..4), "\\\n   $b");
        assert_eq!(at("bare", 0..2), "bare", "not a string");
    }
}
