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
                Ok((skipped, text)) => screen += &one(attempt, stream, skipped, &text),
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

fn end_of(path: &Path) -> io::Result<(u64, Vec<u8>)> {
    let mut file = File::open(path)?;
    let skipped = file.metadata()?.len().saturating_sub(SHOWN);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = vec![];
    file.take(SHOWN).read_to_end(&mut bytes)?;
    Ok((skipped, bytes))
}
