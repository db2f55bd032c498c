//! `runbook status`: how a run stands, from its journal alone; with `--follow` until it ends. Reads
//! only: it can be asked from any terminal, whoever drives the run.

use std::thread::sleep;
use std::time::Duration;

use runbook_core::journal::{Recorded, RunDirectory, Store};
use runbook_core::report::Summary;
use serde::Serialize;

use crate::cli::{OutputForm, Status};
use crate::exit_code::ExitCode;
use crate::failure::{Failure, cannot};
use crate::session::Session;
use crate::terminal::picture::{self, Heading};
use crate::terminal::progress::Progress;
use crate::terminal::{event_line, summary};

/// How often the journal is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// A run as a program is told of it.
#[derive(Serialize)]
struct Stands<'a> {
    /// Whether a command drives it now.
    driven: bool,
    /// What became of it so far.
    summary: &'a Summary,
}

/// Runs the verb.
pub(crate) fn run(status: &Status, session: &Session) -> Result<ExitCode, Failure> {
    let store = Store::at(&session.settings.places);
    let run = status.run.as_deref();
    let directory = store.find(run).map_err(|error| Failure::usage(error.to_string()))?;
    if status.follow {
        return follow(&directory, session);
    }
    let recorded = recorded(&directory)?;
    let driven = is_driven(&directory);
    let summary = Summary::of(&recorded.records);
    match session.settings.output {
        OutputForm::Json => session.json(&Stands { driven, summary: &summary }),
        OutputForm::Jsonl => session.json_line(&Stands { driven, summary: &summary }),
        OutputForm::Human if driven => session.shell.out(&now(&recorded, &summary)),
        OutputForm::Human => {
            session.shell.out(&summary::draw(&summary, &directory.path().display().to_string()));
        }
    }
    Ok(ExitCode::Success)
}

/// Where a run that goes on stands.
fn now(recorded: &Recorded, summary: &Summary) -> String {
    let mut progress = Progress::default();
    recorded.records.iter().for_each(|record| progress.observe(record));
    let planned = summary.planned.as_ref();
    let heading = Heading {
        name: planned.map_or_else(String::new, |p| format!("{}  {}", p.runbook, p.run)),
        environment: planned
            .and_then(|planned| planned.environment.as_ref())
            .map_or_else(String::new, |name| name.as_str().to_uppercase()),
    };
    let drawn = picture::draw(&heading, &progress, progress.elapsed);
    let run = planned.map_or_else(String::new, |planned| planned.run.to_string());
    format!(
        "{drawn}\n\n runbook status {run} --follow  watches it;  runbook stop {run}  stops it\n"
    )
}

/// A line an event, from the first, until the run has ended or nobody drives it any more.
fn follow(directory: &RunDirectory, session: &Session) -> Result<ExitCode, Failure> {
    let zone = session.now.time_zone();
    let mut told = 0;
    loop {
        // Asked before the journal is read: what is written after that is read by the next look.
        let driven = is_driven(directory);
        let recorded = recorded(directory)?;
        for record in recorded.records.iter().skip(told) {
            if session.settings.output == OutputForm::Jsonl {
                session.json_line(record);
            } else if let Some(line) = event_line::draw(record, zone, session.settings.verbose > 0)
            {
                session.shell.out(&line);
            }
        }
        told = recorded.records.len();
        let ended = Summary::of(&recorded.records).ended;
        match ended {
            Some(ended) if !driven => return Ok(ExitCode::of_run(ended.code)),
            None if !driven => {
                let id = directory.id();
                session.shell.err(&format!(
                    "nobody drives run {id} any more; `runbook resume {id}` goes on with it\n"
                ));
                return Ok(ExitCode::Unknown);
            }
            _ => sleep(LOOK),
        }
    }
}

fn recorded(directory: &RunDirectory) -> Result<Recorded, Failure> {
    let id = directory.id();
    directory.recorded().map_err(|error| cannot(format!("read run {id}"), &error))
}

fn is_driven(directory: &RunDirectory) -> bool {
    directory.is_driven().unwrap_or(false)
}
