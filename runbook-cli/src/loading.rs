//! From a text to a runbook or an inventory, with every complaint about it. Must not know where
//! the text is from, nor what is done with it.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use runbook_core::base::{Diagnostic, Diagnostics, Source};
use runbook_core::document::{HostsDocument, Parsed, RunbookDocument};
use runbook_core::plan::Inventory;
use runbook_core::runbook::Runbook;

use crate::catalogue::Text;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::terminal::diagnostics;
use crate::terminal::shell::Shell;

/// A text, what it came to, and every complaint about it.
#[derive(Debug)]
pub(crate) struct Loaded<T> {
    /// The text.
    pub(crate) source: Arc<Source>,
    /// What it is; none where anything is wrong with it.
    pub(crate) whole: Option<T>,
    /// Every complaint.
    pub(crate) diagnostics: Diagnostics,
}

impl<T> Loaded<T> {
    /// What it is; else draws what is wrong and ends the command.
    pub(crate) fn or_complain(self, shell: &Shell) -> Result<T, Failure> {
        match self.whole {
            Some(whole) if !self.diagnostics.has_errors() => Ok(whole),
            _ => {
                shell.err(&diagnostics::draw(&self.source, self.diagnostics));
                Err(Failure::said(ExitCode::Usage))
            }
        }
    }
}

/// Reads a runbook; `today` is what its review date is compared with.
pub(crate) fn runbook(text: Text, today: Date) -> Loaded<Runbook> {
    let parsed = RunbookDocument::parse(text.source);
    let (runbook, rules) = Runbook::validate(&parsed, &text.name);
    let mut diagnostics = text.diagnostics;
    diagnostics.extend(parsed.diagnostics.clone());
    diagnostics.extend(rules);
    if let Some(late) = runbook.as_ref().and_then(|runbook| past_due(runbook, &parsed, today)) {
        diagnostics.push(late);
    }
    Loaded { source: parsed.source, whole: runbook, diagnostics }
}

/// Reads an inventory.
pub(crate) fn inventory(text: Text) -> Loaded<Inventory> {
    let parsed = HostsDocument::parse(text.source);
    let mut diagnostics = text.diagnostics;
    diagnostics.extend(parsed.diagnostics.clone());
    let mut whole = None;
    if parsed.whole {
        let (inventory, rules) = Inventory::validate(&parsed.document);
        diagnostics.extend(rules);
        whole = inventory;
    }
    Loaded { source: parsed.source, whole, diagnostics }
}

fn past_due(
    runbook: &Runbook,
    parsed: &Parsed<RunbookDocument>,
    today: Date,
) -> Option<Diagnostic> {
    let days = overdue(runbook, today)?;
    let span = parsed.document.reviewed.written()?.span;
    let late = Diagnostic::warning("review-past-due", "nobody has reviewed this for too long")
        .at(span, format!("{days} days past due"))
        .help("read it, try it, and write the day you did");
    Some(late)
}

/// How many days a runbook is past its review; none when it is not.
pub(crate) fn overdue(runbook: &Runbook, today: Date) -> Option<i64> {
    let age = i64::from((today - runbook.reviewed?).get_days());
    let limit = days(runbook.review_every?);
    (age > limit).then_some(age - limit)
}

fn days(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs() / 86_400).unwrap_or(i64::MAX)
}
