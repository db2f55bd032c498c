//! `runbook show` of a plan file: what it holds, and whether it may still be run. Asks nothing of any
//! host.

use runbook_core::base::SafeText;
use runbook_core::journal::PlanFile;
use runbook_core::run::Fact;
use serde::Serialize;

use crate::cli::OutputForm;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, cannot};
use crate::planned;
use crate::session::Session;
use crate::terminal::layout::{WIDTH, cut, field};
use crate::terminal::theme::{BAD, FAINT, GOOD, STRONG, paint};

/// Shows it.
pub(super) fn run(file: &PlanFile, session: &Session) -> Result<ExitCode, Failure> {
    let over = planned::over(file, session);
    let fingerprint = file.fingerprint().map_err(|error| cannot("read the plan", &error))?;
    let shown = Shown {
        id: file.id().to_string(),
        fingerprint: fingerprint.to_string(),
        runbook: &file.planned().runbook,
        title: &file.planned().title,
        environment: file.planned().environment.as_ref().map(AsRef::as_ref),
        operator: &file.planned().operator,
        written: file.written().to_string(),
        expires: file.expires().to_string(),
        program: file.program(),
        stands: over.is_none(),
        why_not: over,
        params: file.planned().params.iter().map(|(name, text)| (name.as_str(), &**text)).collect(),
        files: file.files().iter().map(|file| file.path.as_str()).collect(),
        facts: file.facts(),
    };
    match session.settings.output {
        OutputForm::Human => session.shell.out(&draw(&shown)),
        OutputForm::Json => session.json(&shown),
        OutputForm::Jsonl => session.json_line(&shown),
    }
    Ok(ExitCode::Success)
}

/// A plan file, for a program.
#[derive(Serialize)]
struct Shown<'a> {
    id: String,
    fingerprint: String,
    runbook: &'a str,
    title: &'a str,
    environment: Option<&'a str>,
    operator: &'a str,
    written: String,
    expires: String,
    program: &'a str,
    stands: bool,
    why_not: Option<String>,
    params: Vec<(&'a str, &'a str)>,
    files: Vec<&'a str>,
    facts: &'a [Fact],
}

fn draw(shown: &Shown<'_>) -> String {
    let line = |text: &str| SafeText::line(text).to_string();
    let environment = shown.environment.map(str::to_uppercase).unwrap_or_default();
    let name = paint(STRONG, line(shown.runbook));
    let heading = format!(" {name}   {}   {environment}", line(shown.title));
    let mut screen = format!("{}\n", heading.trim_end());
    let print = &shown.fingerprint[..8];
    screen += &field("plan", 9, &format!("{}   fingerprint {print}", &shown.id[..8]));
    let (written, expires) = (&shown.written, &shown.expires);
    screen += &field("written", 9, &format!("{written} by {}", line(shown.operator)));
    screen += &field("expires", 9, expires);
    screen += &match &shown.why_not {
        None => field("stands", 9, &paint(GOOD, "it can be run, once, if nothing has changed")),
        Some(why) => {
            field("stands", 9, &format!("{}: {}", paint(BAD, "NOT RUN ANY MORE"), line(why)))
        }
    };
    for file in &shown.files {
        screen += &field("from", 9, &line(file));
    }
    for (name, text) in &shown.params {
        screen += &field(name, 9, &line(text));
    }
    screen += "\n It rests on\n";
    for fact in shown.facts {
        let row = format!("   {} = {}", line(&fact.place()), line(&fact.is));
        screen += &format!("{}\n", cut(&row, WIDTH));
    }
    let hint = "`runbook plan FILE` reads all of it anew; `runbook run FILE` does too, and goes on";
    screen + &format!("\n {}\n", paint(FAINT, hint))
}
