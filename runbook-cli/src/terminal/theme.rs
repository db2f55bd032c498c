//! How things are marked: by a sign first and by colour second, so that a screen reads the same
//! without colour. Must not know what is drawn.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

/// Holds, done.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Does not hold, failed.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Look here.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
/// Runs now, can be typed.
pub(crate) const LIVE: Style = AnsiColor::Cyan.on_default();
/// A heading.
pub(crate) const STRONG: Style = Style::new().bold();
/// Beside the point.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// The text in that style. Whether colour is shown is decided where it is written.
pub(crate) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// `✓` or `✗`.
pub(crate) fn tick(good: bool) -> String {
    if good { paint(GOOD, "✓") } else { paint(BAD, "✗") }
}
