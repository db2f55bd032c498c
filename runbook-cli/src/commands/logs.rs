//! `runbook logs`: what the steps of a run printed. Reads only.

use std::fs;
use std::io::ErrorKind;

use runbook_core::journal::{RunDirectory, Store};
use runbook_core::run::{AttemptId, Event, Record};
use serde::Serialize;

use crate::cli::{Logs, OutputForm};
use crate::exit_code::ExitCode;
use crate::failure::{Failure, cannot};
use crate::session::Session;
use crate::suggestion::did_you_mean;
use crate::terminal::full_output;

/// One output of an attempt.
#[derive(Debug)]
struct Printed {
    attempt: AttemptId,
    stream: &'static str,
    bytes: Vec<u8>,
}

/// Runs the verb.
pub(crate) fn run(logs: &Logs, session: &Session) -> Result<ExitCode, Failure> {
    let store = Store::at(&session.settings.places);
    let (directory, step) = which(&store, logs)?;
    let recorded = directory.recorded();
    let recorded =
        recorded.map_err(|error| cannot(format!("read run {}", directory.id()), &error))?;
    let mut attempts = attempts(&recorded.records);
    if let Some(step) = &step {
        let steps = attempts.iter().map(|attempt| attempt.step.as_str());
        narrow(steps, step, "step", directory.id().as_str())?;
        attempts.retain(|attempt| attempt.step == step.as_str());
    }
    if let Some(host) = &logs.host {
        let hosts = attempts.iter().map(|attempt| attempt.host.as_str());
        narrow(hosts, host, "host", directory.id().as_str())?;
        attempts.retain(|attempt| attempt.host == host.as_str());
    }
    tell(logs.raw, &printed(&directory, &attempts)?, session)
}

/// The run, and the step. A single word is a run if there is one of that name, else a step of the
/// newest run.
fn which(store: &Store, logs: &Logs) -> Result<(RunDirectory, Option<String>), Failure> {
    let failed = |error: runbook_core::journal::StoreError| Failure::usage(error.to_string());
    match (&logs.run, &logs.step) {
        (Some(run), Some(step)) => Ok((store.find(Some(run)).map_err(failed)?, Some(step.clone()))),
        (Some(word), None) => match store.find(Some(word)) {
            Ok(run) => Ok((run, None)),
            Err(error) => {
                let newest = store.find(None).map_err(failed)?;
                let is_step = steps_of(&newest).iter().any(|step| step == word);
                if is_step { Ok((newest, Some(word.clone()))) } else { Err(failed(error)) }
            }
        },
        (None, _) => Ok((store.find(None).map_err(failed)?, None)),
    }
}

fn steps_of(run: &RunDirectory) -> Vec<String> {
    let facts = run.facts().map(|facts| facts.steps).unwrap_or_default();
    facts.iter().map(ToString::to_string).collect()
}

fn attempts(records: &[Record]) -> Vec<AttemptId> {
    let intended = records.iter().filter_map(|record| match &record.fact {
        Event::Intended { attempt, .. } => Some(attempt.clone()),
        _ => None,
    });
    intended.collect()
}

/// That the word is one of those there are.
fn narrow<'a>(
    known: impl Iterator<Item = &'a str> + Clone,
    word: &str,
    what: &str,
    run: &str,
) -> Result<(), Failure> {
    if known.clone().any(|known| known == word) {
        return Ok(());
    }
    let failure = Failure::usage(format!("run {run} sent nothing for a {what} `{word}`"));
    Err(failure.lines(did_you_mean(word, known)))
}

fn printed(directory: &RunDirectory, attempts: &[AttemptId]) -> Result<Vec<Printed>, Failure> {
    let outputs = directory.outputs();
    let mut printed = vec![];
    for attempt in attempts {
        for stream in ["out", "err"] {
            let path = outputs.path(attempt, stream);
            match fs::read(&path) {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => printed.push(Printed { attempt: attempt.clone(), stream, bytes }),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(cannot(format!("read {}", path.display()), &error)),
            }
        }
    }
    Ok(printed)
}

fn tell(raw: bool, printed: &[Printed], session: &Session) -> Result<ExitCode, Failure> {
    match session.settings.output {
        _ if raw => {
            for one in printed {
                let written = session.shell.raw(&one.bytes);
                written.map_err(|error| cannot("write to stdout", &error))?;
            }
        }
        OutputForm::Human if printed.is_empty() => session.shell.err("Nothing was printed.\n"),
        OutputForm::Human => printed.iter().for_each(|one| {
            session.shell.out(&full_output::one(&one.attempt, one.stream, 0, &one.bytes));
        }),
        OutputForm::Json => session.json(&printed.iter().map(Shown::of).collect::<Vec<_>>()),
        OutputForm::Jsonl => printed.iter().for_each(|one| session.json_line(&Shown::of(one))),
    }
    Ok(ExitCode::Success)
}

/// An output, for a program; invalid UTF-8 is replaced.
#[derive(Serialize)]
struct Shown<'a> {
    attempt: &'a AttemptId,
    stream: &'static str,
    text: String,
}

impl<'a> Shown<'a> {
    fn of(printed: &'a Printed) -> Self {
        let text = String::from_utf8_lossy(&printed.bytes).into_owned();
        Self { attempt: &printed.attempt, stream: printed.stream, text }
    }
}
