//! What a person's terminal sends for a key, and the size of its window.
//! Must not know terminals.

/// Columns and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Characters in a row.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

impl Size {
    /// The size every terminal has had.
    pub const CLASSIC: Self = Self { columns: 80, rows: 24 };
    /// A window on a laptop.
    pub const WINDOW: Self = Self { columns: 100, rows: 40 };
}

/// A key that is no letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Enter.
    Enter,
    /// Escape.
    Escape,
    /// Tab.
    Tab,
    /// Backspace.
    Backspace,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow right.
    Right,
    /// Arrow left.
    Left,
    /// A letter with Ctrl held: `Key::Ctrl('c')`.
    Ctrl(char),
}

impl Key {
    /// What an xterm sends.
    pub(crate) fn sequence(self) -> String {
        match self {
            Self::Enter => "\r".to_owned(),
            Self::Escape => "\x1b".to_owned(),
            Self::Tab => "\t".to_owned(),
            Self::Backspace => "\x7f".to_owned(),
            Self::Up => "\x1b[A".to_owned(),
            Self::Down => "\x1b[B".to_owned(),
            Self::Right => "\x1b[C".to_owned(),
            Self::Left => "\x1b[D".to_owned(),
            Self::Ctrl(letter) => {
                let code = u8::try_from(letter).expect("an ASCII letter") & 0x1f;
                char::from(code).to_string()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_letters_are_control_codes() {
        assert_eq!(Key::Ctrl('c').sequence(), "\x03");
        assert_eq!(Key::Ctrl('D').sequence(), "\x04");
    }
}
