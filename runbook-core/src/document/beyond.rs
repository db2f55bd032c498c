//! What belongs to the form of a file and yet cannot be said by a type: the version of the format,
//! and keys that exist in this version only beside others.

use super::model::{Field, RunbookDocument};
use super::parse::FORMAT;
use super::reader::{CHOICE_OF_ITEMS, Notes, not_yet};
use crate::base::Diagnostic;

/// The refusal of a file that is written for a later version.
pub(super) fn newer_format(format: &Field<i64>) -> Option<Diagnostic> {
    let format = format.written().filter(|format| format.value > FORMAT)?;
    let message = format!("format {} is newer than this version of runbook", format.value);
    let remark = format!("runbook {} reads format {FORMAT}", env!("CARGO_PKG_VERSION"));
    Some(
        Diagnostic::error("newer-format", message)
            .at(format.span, remark)
            .help(format!("install a version of runbook that reads format {}", format.value)),
    )
}

/// Of a runbook.
pub(super) fn runbook(document: &RunbookDocument, notes: &Notes<'_>) {
    for step in document.step.value().into_iter().flatten() {
        if let (false, Some(items)) = (step.choose.is_absent(), step.items.key()) {
            notes.add(not_yet("`items` on a `choose`", items, CHOICE_OF_ITEMS));
        }
    }
    for (name, param) in document.param.value().into_iter().flatten() {
        if let Some(when) = param.value().and_then(|param| param.when.key()) {
            let message = format!("`when` is a key of an asked value, not of parameter `{name}`");
            notes.add(
                Diagnostic::error("misplaced-key", message)
                    .at(when, "")
                    .help("ask for the value in a `manual` or `choose` step, with `ask`"),
            );
        }
    }
}
