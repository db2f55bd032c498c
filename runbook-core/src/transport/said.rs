//! What another program or machine printed, made fit to be shown. Knows nothing of where it is shown.

use std::fmt;

/// The most of it that is kept: enough for the sentences of `ssh` and `sudo`, whose last ones say why.
const KEPT: usize = 2048;

/// Foreign text: printable, its lines trimmed and joined by `; `, at most 2 KiB of its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said(String);

impl Said {
    /// The text of these bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        let tail = &bytes[bytes.len().saturating_sub(KEPT)..];
        let text = String::from_utf8_lossy(tail);
        let lines: Vec<String> = text
            .lines()
            .map(|line| line.chars().filter(|c| is_plain(*c)).collect::<String>())
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect();
        Self(lines.join("; "))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Neither a control character nor one that changes the order or the width of what stands beside it.
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "it printed nothing" } else { &self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_move_the_cursor_or_turn_the_line_around() {
        let said = Said::new(b"\x1b[2Jdeploy@db1:\r\n Permission denied\xff \xe2\x80\xaeabc\n\n");
        assert_eq!(said.as_str(), "[2Jdeploy@db1:; Permission denied\u{fffd} abc");
    }

    #[test]
    fn only_the_end_is_kept() {
        let said = Said::new("x".repeat(9000).as_bytes());
        assert_eq!(said.as_str().len(), KEPT);
        assert_eq!(Said::new(b"").to_string(), "it printed nothing");
    }
}
