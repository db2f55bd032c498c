//! `runbook history`: the runs that were recorded here, the newest first. Reads only.

use std::time::Duration;

use jiff::tz::TimeZone;
use runbook_core::base::SafeText;
use runbook_core::base::units::{parse_duration, show_duration};
use runbook_core::journal::{RunDirectory, Store};
use runbook_core::report::Summary;
use serde::Serialize;

use crate::cli::{History, OutputForm};
use crate::exit_code::ExitCode;
use crate::failure::{Failure, cannot};
use crate::session::Session;
use crate::terminal::layout::{WIDTH, cut, pad, wrap};
use crate::terminal::theme::{BAD, FAINT, GOOD, STRONG, WARN, paint};

/// A run as it is listed.
#[derive(Debug, Serialize)]
struct Listed {
    run: String,
    runbook: String,
    environment: Option<String>,
    operator: String,
    started: Option<jiff::Timestamp>,
    took: Duration,
    outcome: Outcome,
}

/// How a run stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// It ended with this code.
    Ended { code: u8, sentence: String },
    /// Someone drives it now.
    Running,
    /// It was cut off: what was under way is not known.
    CutOff,
    /// Its journal cannot be read.
    Unreadable { why: String },
}

/// Runs the verb.
pub(crate) fn run(history: &History, session: &Session) -> Result<ExitCode, Failure> {
    let since = history.since.as_deref().map(parse_duration).transpose();
    let since = since.map_err(|error| Failure::usage(format!("--since: {error}")))?;
    let runs = Store::at(&session.settings.places).runs();
    let runs = runs.map_err(|error| cannot("list the runs", &error))?;
    let listed: Vec<Listed> =
        runs.iter().map(one).filter(|run| is_within(run, since, session)).collect();
    match session.settings.output {
        OutputForm::Human if listed.is_empty() => {
            session.shell.err("No run is recorded here yet.\n");
        }
        OutputForm::Human => {
            let zone = session.now.time_zone();
            session.shell.out(&listed.iter().map(|run| draw(run, zone)).collect::<String>());
        }
        OutputForm::Json => session.json(&listed),
        OutputForm::Jsonl => listed.iter().for_each(|run| session.json_line(run)),
    }
    Ok(ExitCode::Success)
}

fn one(directory: &RunDirectory) -> Listed {
    let mut listed = Listed {
        run: directory.id().to_string(),
        runbook: String::new(),
        environment: None,
        operator: String::new(),
        started: None,
        took: Duration::ZERO,
        outcome: Outcome::CutOff,
    };
    if let Ok(facts) = directory.facts() {
        listed.runbook = facts.runbook;
        listed.environment = facts.environment.map(Into::into);
        listed.operator = facts.operator;
        listed.started = Some(facts.started);
    }
    match directory.recorded() {
        Ok(recorded) => fill(&mut listed, directory, &Summary::of(&recorded.records)),
        Err(error) => listed.outcome = Outcome::Unreadable { why: error.to_string() },
    }
    listed
}

fn fill(listed: &mut Listed, directory: &RunDirectory, summary: &Summary) {
    listed.took = summary.took;
    listed.started = listed.started.or(summary.began);
    listed.outcome = match &summary.ended {
        Some(ended) => Outcome::Ended { code: ended.code, sentence: ended.sentence.clone() },
        None if directory.is_driven().unwrap_or(false) => Outcome::Running,
        None => Outcome::CutOff,
    };
}

fn is_within(run: &Listed, since: Option<Duration>, session: &Session) -> bool {
    let Some(since) = since else { return true };
    let age = run.started.map(|started| session.now.timestamp().duration_since(started));
    age.is_none_or(|age| Duration::try_from(age).is_ok_and(|age| age <= since))
}

fn draw(run: &Listed, zone: &TimeZone) -> String {
    let when = run.started.map_or_else(String::new, |started| {
        started.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    });
    let (sign, outcome) = match &run.outcome {
        Outcome::Ended { code: 0, .. } => (paint(GOOD, "✓"), String::new()),
        Outcome::Ended { code, sentence } => (paint(BAD, "✗"), format!("exit {code}: {sentence}")),
        Outcome::Running => (paint(WARN, "▶"), "runs now".to_owned()),
        Outcome::CutOff => (paint(BAD, "?"), "was cut off: look before you act".to_owned()),
        Outcome::Unreadable { why } => (paint(BAD, "?"), format!("cannot be read: {why}")),
    };
    let what = format!("{} {}", run.runbook, run.environment.as_deref().unwrap_or(""));
    let line = format!(
        " {sign} {}  {when}  {}{}",
        pad(&paint(STRONG, &run.run), 6),
        pad(&cut(SafeText::line(what).as_str(), 34), 36),
        paint(FAINT, show_duration(run.took)),
    );
    let outcome = SafeText::line(outcome);
    let below = wrap(outcome.as_str(), WIDTH - 11).into_iter().filter(|line| !line.is_empty());
    below.fold(line + "\n", |screen, line| screen + &" ".repeat(11) + &line + "\n")
}
