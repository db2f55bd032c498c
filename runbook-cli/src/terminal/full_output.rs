//! Everything a failed step and its diagnose commands printed, from the run's directory. Must not
//! know why it is asked for.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use runbook_core::base::SafeText;
use runbook_core::journal::Outputs;
use runbook_core::run::AttemptId;

use super::theme::{FAINT, STRONG, paint};

/// The most of one output that is shown on a screen: its end.
const SHOWN: u64 = 64 * 1024;

/// Draws the outputs of these attempts, or says that there are none.
pub(crate) fn draw(outputs: Option<&Path>, attempts: &[AttemptId]) -> String {
    ends(outputs, attempts, usize::MAX)
}

/// The same, of each output so many of its last lines.
pub(crate) fn ends(outputs: Option<&Path>, attempts: &[AttemptId], lines: usize) -> String {
    let Some(directory) = outputs else {
        return " The outputs of this run are not kept.\n".to_owned();
    };
    let outputs = Outputs::in_directory(directory);
    let mut screen = String::new();
    for attempt in attempts {
        for stream in ["out", "err"] {
            let path = outputs.path(attempt, stream);
            match end_of(&path) {
                Ok((_, text)) if text.is_empty() => {}
                Ok((skipped, text)) => {
                    let (before, last) = last_lines(&text, lines);
                    screen += &one(attempt, stream, skipped + before, last);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => screen += &format!(" cannot read {}: {error}\n", path.display()),
            }
        }
    }
    if screen.is_empty() { " It printed nothing.\n".to_owned() } else { screen }
}

/// One output, made safe, with its name above it.
pub(crate) fn one(attempt: &AttemptId, stream: &str, skipped: u64, bytes: &[u8]) -> String {
    let name = if stream == "err" { format!("{attempt} (stderr)") } else { attempt.to_string() };
    let mut text = format!("\n {}\n", paint(STRONG, SafeText::line(name)));
    if skipped > 0 {
        text += &format!(" {}\n", paint(FAINT, format!("… {skipped} bytes before this")));
    }
    text += SafeText::of(bytes).as_str();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// The last lines of a text, and how many bytes there are before them.
fn last_lines(text: &[u8], lines: usize) -> (u64, &[u8]) {
    let body = text.strip_suffix(b"\n").unwrap_or(text);
    let ends = body.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    let from = ends.map(|(at, _)| at + 1).nth(lines.saturating_sub(1)).unwrap_or(0);
    (from as u64, &text[from..])
}

fn end_of(path: &Path) -> io::Result<(u64, Vec<u8>)> {
    let mut file = File::open(path)?;
    let skipped = file.metadata()?.len().saturating_sub(SHOWN);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = vec![];
    file.take(SHOWN).read_to_end(&mut bytes)?;
    Ok((skipped, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_whole() {
        assert_eq!(last_lines(b"a\nb\nc\n", 2), (2, &b"b\nc\n"[..]));
        assert_eq!(last_lines(b"a\nb", 1), (2, &b"b"[..]));
        assert_eq!(last_lines(b"a\nb\n", 9), (0, &b"a\nb\n"[..]));
        assert_eq!(last_lines(b"", 1), (0, &b""[..]));
    }
}
