//! `runbook show` of a plan file: what it holds, and whether it may still be run. Asks nothing of any
//! host.

use indexmap::IndexMap;
use runbook_core::base::SafeText;
use runbook_core::journal::PlanFile;
use runbook_core::run::Premise;
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
        written: format!("{:.0}", file.written()),
        expires: format!("{:.0}", file.expires()),
        program: file.program(),
        stands: over.is_none(),
        why_not: over,
        params: file.planned().params.iter().map(|(name, text)| (name.as_str(), &**text)).collect(),
        files: file.files().iter().map(|file| file.path.as_str()).collect(),
        premises: file.premises(),
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
    params: IndexMap<&'a str, &'a str>,
    files: Vec<&'a str>,
    premises: &'a [Premise],
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
    for premise in shown.premises {
        let row = format!("   {} = {}", line(&premise.place()), line(&premise.is));
        screen += &format!("{}\n", cut(&row, WIDTH));
    }
    let hint = "`runbook plan FILE` reads all of it anew, `runbook run FILE` then goes on";
    screen + &format!("\n {}\n", paint(FAINT, hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_stands_and_one_that_was_used() {
        let premise = |step: Option<&str>, host: Option<&str>, what: &str, is: &str| Premise {
            step: step.and_then(|step| step.parse().ok()),
            host: host.and_then(|host| host.parse().ok()),
            what: what.to_owned(),
            is: is.to_owned(),
        };
        let premises = [
            premise(None, Some("app1"), "machine-id", "7c1e0b"),
            premise(None, None, "goal (GET https://app.example.org/health)", "does not hold"),
            premise(Some("volumes"), Some("app1"), "items", "cache\nlogs\u{1b}[31m"),
        ];
        let mut shown = Shown {
            id: "4be10a77".repeat(8),
            fingerprint: "9f31c2e0".repeat(8),
            runbook: "rollback-compose",
            title: "Roll a Compose app back to a known-good tag",
            environment: Some("prod"),
            operator: "ana",
            written: "2026-03-01T03:00:00Z".to_owned(),
            expires: "2026-03-01T03:15:00Z".to_owned(),
            program: "0.1.0",
            stands: true,
            why_not: None,
            params: IndexMap::from([("tag", "v1.3.9")]),
            files: vec!["runbooks/rollback-compose.toml", "hosts.toml"],
            premises: &premises,
        };
        let stands = draw(&shown);
        let used = "the plan was used at 2026-03-01T03:02:00Z by run kx3w9p of ana";
        shown.why_not = Some(used.to_owned());
        let screen = stands + "\n" + &draw(&shown);
        insta::assert_snapshot!(anstream::adapter::strip_str(&screen).to_string());
    }
}
