//! `runbook audit`: whether what was recorded of a run is whole, and could have been written by a run.
//! Reads only, and asks no host.

use runbook_core::base::SafeText;
use runbook_core::journal::{RunDirectory, Store};
use runbook_core::report::{self, Audit, Finding};
use runbook_core::run::{Event, How, Record};
use serde::Serialize;

use crate::cli::{Audit as Arguments, OutputForm};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::session::Session;
use crate::signers;
use crate::terminal::layout::count;
use crate::terminal::theme::{BAD, GOOD, paint};

/// What was found, as a program is told of it.
#[derive(Debug, Serialize)]
struct Audited {
    /// Of which run.
    run: String,
    /// The `sum` of the last record: who kept one elsewhere compares it.
    head: Option<String>,
    /// A last line that a crash tore; it never was a record.
    torn: Option<String>,
    /// What was looked at, and what is wrong.
    audit: Audit,
}

/// Runs the verb.
pub(crate) async fn run(arguments: &Arguments, session: &Session) -> Result<ExitCode, Failure> {
    let store = Store::at(&session.settings.places);
    let directory = store.find(arguments.run.as_deref());
    let directory = directory.map_err(|error| Failure::usage(error.to_string()))?;
    let audited = look(&directory).await;
    match session.settings.output {
        OutputForm::Human => session.shell.out(&draw(&audited)),
        OutputForm::Json => session.json(&audited),
        OutputForm::Jsonl => session.json_line(&audited),
    }
    match audited.audit.findings.is_empty() {
        true => Ok(ExitCode::Success),
        false => Ok(ExitCode::Failed),
    }
}

/// What cannot be read is a finding, too.
async fn look(directory: &RunDirectory) -> Audited {
    let mut audited = Audited {
        run: directory.id().to_string(),
        head: None,
        torn: None,
        audit: Audit::default(),
    };
    let wrong = |what: String| Finding { record: None, what };
    let recorded = match directory.recorded() {
        Ok(recorded) => recorded,
        Err(error) => {
            audited.audit.findings.push(wrong(format!("the journal: {error}")));
            return audited;
        }
    };
    audited.head = recorded.records.last().map(|record| record.sum.to_string());
    audited.torn = recorded.torn.as_ref().map(ToString::to_string);
    match directory.plan() {
        Ok(plan) => {
            audited.audit = report::audit_records(&plan, &recorded.records);
            audited.audit.findings.extend(forged(directory, &recorded.records).await);
        }
        Err(error) => audited.audit.findings.push(wrong(error.to_string())),
    }
    audited
}

/// Signatures that are not what they are said to be, by the file of signers as it was when the run
/// began, at the time of the record.
async fn forged(directory: &RunDirectory, records: &[Record]) -> Vec<Finding> {
    let signers = signers::of_record(directory, &std::env::temp_dir());
    let mut findings = Vec::new();
    for record in records {
        let Event::Approved { approval } = &record.fact else { continue };
        let (How::Signed(signature), Some(request)) = (approval.how(), approval.request()) else {
            continue;
        };
        let by = signature.by();
        let what = match &signers {
            None => format!("nothing says that {by} might sign"),
            Some(signers) => match signers.good(request, signature.text(), Some(record.at)).await {
                Ok(good) if good == *signature && approval.by() == by => continue,
                Ok(good) => format!("the signature of {by} is of {}", good.by()),
                Err(why) => format!("the signature of {by} is not good: {why}"),
            },
        };
        findings.push(Finding { record: Some(record.seq), what });
    }
    findings
}

fn draw(audited: &Audited) -> String {
    let Audited { run, head, torn, audit } = audited;
    let mut screen = String::new();
    for finding in &audit.findings {
        let line = SafeText::line(finding.to_string());
        screen += &format!(" {} {line}\n", paint(BAD, "✗"));
    }
    if let Some(torn) = torn {
        screen += &format!(" {torn}\n");
    }
    if audit.findings.is_empty() {
        let (records, attempts) =
            (count(audit.records, "record"), count(audit.attempts, "attempt"));
        let approvals = count(audit.approvals, "approval");
        let ok = paint(GOOD, "✓");
        screen += &format!(" {ok} run {run} is whole: {records}, {attempts}, {approvals}\n");
    } else {
        let wrong = count(audit.findings.len(), "thing");
        screen += &format!(" run {run}: {wrong} wrong\n");
    }
    match head {
        Some(head) => screen + &format!("   last sum {head}\n"),
        None => screen,
    }
}
