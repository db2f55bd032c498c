//! Waiting for signatures: what is handed to whom, who has signed, and what comes back. Must not know
//! what makes a signature good.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use runbook_core::base::SafeText;
use runbook_core::run::{HandedOver, SignaturesWanted};

use super::layout::{WIDTH, field, wrap};
use super::theme::{GOOD, LIVE, WARN, paint};

/// How often it is looked whether an answer was left.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The most that is read of a file with an answer.
const LONGEST: u64 = 64 * 1024;

/// Draws what is waited for.
pub(crate) fn draw(wanted: &SignaturesWanted, file: Option<&Path>, zone: &TimeZone) -> String {
    let terms = &wanted.request.terms;
    let mut screen = String::from("\n");
    if let Some(why) = &wanted.refused {
        let line = format!("That does not count: {}", SafeText::line(why));
        for line in wrap(&line, WIDTH - 2) {
            screen += &format!(" {}\n", paint(WARN, line));
        }
    }
    let needed = format!("{} people sign this", terms.needed);
    screen += &format!(" {}, each with a key of their own.\n", paint(LIVE, needed));
    for by in &wanted.given {
        screen += &format!("   {} {}\n", paint(GOOD, "✓"), SafeText::line(by));
    }
    let until = terms.expires.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string();
    let id = &wanted.request.card.run;
    if let Some(file) = file {
        screen += &format!(
            " Request, to hand over:\n   {}\n",
            SafeText::line(file.display().to_string())
        );
    }
    screen += &field("Until", 10, &format!("{until}; then the card is shown again"));
    screen +=
        &field("They run", 10, "runbook approve FILE      with that file, however they get it");
    screen +=
        &field("", 10, &format!("runbook approve {id}    where they share this state directory"));
    screen += &format!(
        "\n Paste the line they give back, or the name of a file with it;\n {}  shows the request, \
         {}  goes on without it,  {}  stops here.\n",
        paint(LIVE, "r"),
        paint(LIVE, "s"),
        paint(LIVE, "q")
    );
    screen
}

/// The answer in what was typed: itself, or the file that has it.
pub(crate) fn handed(typed: &str) -> Result<String, String> {
    if HandedOver::is_like(typed) {
        return Ok(typed.to_owned());
    }
    let metadata = std::fs::metadata(typed);
    if !metadata.is_ok_and(|file| file.is_file() && file.len() <= LONGEST) {
        return Err("that is no answer: it is one line that begins with rba1.".to_owned());
    }
    let text = std::fs::read_to_string(typed).map_err(|error| error.to_string())?;
    let line = text.lines().find(|line| HandedOver::is_like(line));
    line.map(str::to_owned).ok_or_else(|| format!("there is no answer in {typed}"))
}

/// How long a request stands from now.
pub(crate) fn left(expires: Timestamp) -> Duration {
    let left = expires.duration_since(Timestamp::now());
    Duration::try_from(left).unwrap_or_default() + Duration::from_millis(100)
}
