//! What is wrong with a text before it is a document: bytes that are no text, and TOML that does
//! not parse. Knows no keys.

use toml::de::Error;

use crate::base::{Diagnostic, Diagnostics, Span};

/// What the TOML parser says of a bare word.
const UNQUOTED: &str = "string values must be quoted";

/// The complaint about a text with NUL in it, which is no text.
pub(super) fn not_text(text: &str) -> Option<Diagnostic> {
    let at = text.find('\0')?;
    Some(
        Diagnostic::error("not-text", "the file is not text: it has a NUL byte")
            .at(Span::new(at, at + 1), format!("byte {at} of the file"))
            .help("is this the right file?"),
    )
}

/// Every error of the TOML parser.
pub(super) fn complaints(errors: &[Error], text: &str) -> Diagnostics {
    let complaint = |error: &Error| {
        let message = error.message();
        let (what, expected) = message.split_once(", expected ").unwrap_or((message, ""));
        let remark = match expected {
            "" | "nothing" => String::new(),
            expected => format!("expected {expected}"),
        };
        let complaint = Diagnostic::error("toml-syntax", what).at(place(error, text), remark);
        match what {
            UNQUOTED => complaint.help("put it in quotes: `\"…\"`"),
            _ => complaint,
        }
    };
    errors.iter().map(complaint).collect()
}

/// The complaints that are not about a line that does not parse: what was made of such a line is
/// the parser's guess.
pub(super) fn elsewhere(complaints: Diagnostics, errors: &[Error], text: &str) -> Diagnostics {
    let unparsed: Vec<Span> = errors.iter().map(|error| lines(place(error, text), text)).collect();
    complaints
        .into_iter()
        .filter(|complaint| {
            complaint.primary.as_ref().is_none_or(|label| {
                !unparsed
                    .iter()
                    .any(|lines| label.span.start <= lines.end && lines.start <= label.span.end)
            })
        })
        .collect()
}

fn place(error: &Error, text: &str) -> Span {
    error.span().map_or_else(|| Span::new(text.len(), text.len()), Span::from)
}

/// The whole lines a place touches.
fn lines(place: Span, text: &str) -> Span {
    let bytes = text.as_bytes();
    let newline = |byte: &u8| *byte == b'\n';
    let start = place.start.min(bytes.len());
    let end = place.end.clamp(start, bytes.len());
    Span::new(
        bytes[..start].iter().rposition(newline).map_or(0, |at| at + 1),
        bytes[end..].iter().position(newline).map_or(bytes.len(), |at| end + at),
    )
}
