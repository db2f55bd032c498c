//! Foreign text, made fit to be shown: the one sanitiser of every screen, note and report. Knows
//! nothing of where it is shown.
//!
//! Kept: what can be seen, newline and tab. Taken out: well-formed control sequences (`ESC [ … m`),
//! which are colour and cursor moves without any text in them. Made visible: everything else that
//! would move the cursor, hide, or turn the line around. A carriage return becomes a newline, so
//! that nothing is overwritten.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

/// The longest control sequence that is taken out; a longer one is made visible.
const LONGEST_SEQUENCE: usize = 64;

/// Text that cannot do anything to a terminal or a reader but be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct SafeText(String);

impl SafeText {
    /// The safe form of any bytes. Of a text that is safe it is the same text.
    #[must_use]
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        let mut sanitiser = Sanitiser::default();
        let mut text = sanitiser.push(bytes.as_ref()).0;
        text.push_str(&sanitiser.finish().0);
        Self(text)
    }

    /// The same on one line: newlines and tabs are spaces, and there are none at the ends.
    #[must_use]
    pub fn line(bytes: impl AsRef<[u8]>) -> Self {
        let text = Self::of(bytes).0;
        Self(text.replace(['\n', '\t'], " ").trim().to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for SafeText {
    fn from(text: String) -> Self {
        Self::of(text)
    }
}

impl From<SafeText> for String {
    fn from(text: SafeText) -> Self {
        text.0
    }
}

impl AsRef<str> for SafeText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Makes a stream safe chunk by chunk: what the chunks give together is what the whole would give.
#[derive(Clone, Debug, Default)]
pub struct Sanitiser {
    /// The beginning of something that the next chunk decides.
    pending: Vec<u8>,
}

impl Sanitiser {
    /// The safe form of the next bytes, as far as it is decided.
    pub fn push(&mut self, chunk: &[u8]) -> SafeText {
        let mut bytes = std::mem::take(&mut self.pending);
        bytes.extend_from_slice(chunk);
        let (text, used) = sanitise(&bytes, false);
        bytes.drain(..used);
        self.pending = bytes;
        text
    }

    /// The safe form of what was left.
    pub fn finish(&mut self) -> SafeText {
        sanitise(&std::mem::take(&mut self.pending), true).0
    }
}

/// What a place in the bytes is.
enum Piece {
    /// So many bytes that are shown as this character.
    Shown(usize, char),
    /// So many bytes that are taken out.
    Nothing(usize),
    /// So many bytes that are a character that must be made visible.
    Hidden(usize, char),
    /// A byte that is no text.
    Invalid(u8),
    /// More bytes are needed to say.
    Undecided,
}

/// The safe text of as many bytes as can be decided, and how many those are.
fn sanitise(bytes: &[u8], last: bool) -> (SafeText, usize) {
    let mut text = String::with_capacity(bytes.len());
    let mut used = 0;
    while used < bytes.len() {
        used += match piece(&bytes[used..], last) {
            Piece::Shown(length, character) => {
                text.push(character);
                length
            }
            Piece::Nothing(length) => length,
            Piece::Hidden(length, character) => {
                let _ = write!(text, "⟨U+{:04X}⟩", u32::from(character));
                length
            }
            Piece::Invalid(byte) => {
                let _ = write!(text, "\\x{byte:02x}");
                1
            }
            Piece::Undecided => break,
        };
    }
    (SafeText(text), used)
}

fn piece(bytes: &[u8], last: bool) -> Piece {
    match bytes[0] {
        byte @ (b' '..=b'~' | b'\n' | b'\t') => Piece::Shown(1, byte.into()),
        b'\r' => match bytes.get(1) {
            Some(b'\n') => Piece::Nothing(1),
            None if !last => Piece::Undecided,
            _ => Piece::Shown(1, '\n'),
        },
        0x1b => match sequence(bytes) {
            Sequence::Whole(length) => Piece::Nothing(length),
            Sequence::Open if !last => Piece::Undecided,
            _ => Piece::Shown(1, '␛'),
        },
        byte @ ..0x20 => Piece::Shown(1, picture(byte)),
        0x7f => Piece::Shown(1, '␡'),
        _ => beyond_ascii(bytes, last),
    }
}

/// The picture of a control character, from the Unicode block made for that.
fn picture(byte: u8) -> char {
    char::from_u32(0x2400 + u32::from(byte)).unwrap_or('\u{fffd}')
}

/// Whether these bytes begin with a control sequence (ECMA-48, 5.4).
enum Sequence {
    Whole(usize),
    Open,
    No,
}

fn sequence(bytes: &[u8]) -> Sequence {
    match bytes.get(1) {
        None => return Sequence::Open,
        Some(b'[') => {}
        Some(_) => return Sequence::No,
    }
    for (index, byte) in bytes.iter().enumerate().skip(2) {
        match byte {
            _ if index >= LONGEST_SEQUENCE => return Sequence::No,
            b' '..=b'?' => {}
            b'@'..=b'~' => return Sequence::Whole(index + 1),
            _ => return Sequence::No,
        }
    }
    if bytes.len() < LONGEST_SEQUENCE { Sequence::Open } else { Sequence::No }
}

fn beyond_ascii(bytes: &[u8], last: bool) -> Piece {
    let window = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(window) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            std::str::from_utf8(&window[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(error) if error.error_len().is_none() && !last => return Piece::Undecided,
        Err(_) => "",
    };
    match valid.chars().next() {
        None => Piece::Invalid(bytes[0]),
        // They choose the picture of the character before them, and are nothing by themselves.
        Some(c @ '\u{fe00}'..='\u{fe0f}') => Piece::Nothing(c.len_utf8()),
        Some(c) if is_hidden(c) => Piece::Hidden(c.len_utf8(), c),
        Some(c) => Piece::Shown(c.len_utf8(), c),
    }
}

/// What cannot be seen or changes the order of what stands beside it: C1 controls, bidirectional
/// controls, and what Unicode calls default ignorable.
fn is_hidden(character: char) -> bool {
    matches!(u32::from(character),
        0x80..=0x9f | 0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
        | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x2800 | 0x3164 | 0xfeff | 0xffa0
        | 0xfff0..=0xfffb | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_safe(character: char) -> bool {
        matches!(character, '\n' | '\t') || !(character.is_control() || is_hidden(character))
    }

    #[test]
    fn colour_goes_and_everything_else_is_seen() {
        let safe = |bytes: &[u8]| SafeText::of(bytes).0;
        assert_eq!(safe(b"\x1b[1;31mred\x1b[0m\x1b[2K"), "red");
        assert_eq!(safe(b"\x1b]0;title\x07x"), "␛]0;title␇x");
        assert_eq!(safe(b"ok\rEVIL\r\nnext\ttab"), "ok\nEVIL\nnext\ttab");
        assert_eq!(safe("a\u{202e}b\u{200b}c\u{9b}".as_bytes()), "a⟨U+202E⟩b⟨U+200B⟩c⟨U+009B⟩");
        assert_eq!(safe(b"a\xffb\xe2\x82"), "a\\xffb\\xe2\\x82");
        assert_eq!(safe("grüße ⚠\u{fe0f} 日本".as_bytes()), "grüße ⚠ 日本");
        assert_eq!(safe(b"\0\x7f\x1b"), "␀␡␛");
        assert_eq!(SafeText::line(" a\nb\t").0, "a b");
    }

    #[test]
    fn a_sequence_that_never_ends_hides_nothing() {
        let endless = format!("\u{1b}[{}m", "1;".repeat(200));
        assert!(SafeText::of(&endless).0.starts_with("␛[1;1;"));
        assert_eq!(SafeText::of("\u{1b}[12").0, "␛[12");
    }

    /// Bytes in which everything that matters is frequent.
    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let sorts = prop_oneof![
            any::<u8>().prop_map(|byte| vec![byte]),
            any::<char>().prop_map(|c| c.to_string().into_bytes()),
            Just(b"\x1b[".to_vec()),
            Just(b"31m".to_vec()),
            Just(b"\r".to_vec()),
            Just(b"\r\n".to_vec()),
            Just("\u{202e}".as_bytes().to_vec()),
            Just(b"\xe2\x80".to_vec()),
        ];
        proptest::collection::vec(sorts, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn p10_the_sanitiser_is_total_and_idempotent(bytes in hostile()) {
            let once = SafeText::of(&bytes);
            prop_assert!(once.as_str().chars().all(is_safe), "{:?}", once);
            prop_assert_eq!(SafeText::of(once.as_str()), once);
        }

        #[test]
        fn chunks_give_what_the_whole_gives(bytes in hostile(), cuts in proptest::collection::vec(0..9_usize, 0..60)) {
            let mut sanitiser = Sanitiser::default();
            let mut text = String::new();
            let mut rest = &bytes[..];
            for cut in cuts {
                let (chunk, after) = rest.split_at(cut.min(rest.len()));
                text.push_str(sanitiser.push(chunk).as_str());
                rest = after;
            }
            text.push_str(sanitiser.push(rest).as_str());
            text.push_str(sanitiser.finish().as_str());
            prop_assert_eq!(text, SafeText::of(&bytes).0);
        }
    }
}
