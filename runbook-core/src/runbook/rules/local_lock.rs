//! `local-lock`: a lock is held where the changes are, and this machine is only one of many.

use crate::runbook::step::Place;
use crate::runbook::validate::Validation;

/// A lock protects a host, unless every change is local.
pub(super) fn lock(validation: &Validation<'_>) {
    let document = validation.document;
    let (Some(key), Some(written)) = (document.lock.key(), document.lock.value()) else { return };
    if matches!(written, crate::document::Lock::Table(table) if !table.on.is_absent()) {
        return;
    }
    let mut changes = (0..validation.steps.len())
        .filter(|number| {
            let step = validation.steps[*number].0;
            !step.change.is_absent() || !step.destroy.is_absent()
        })
        .peekable();
    if changes.peek().is_some()
        && changes.all(|number| validation.place_of_step(number) == Some(Place::Local))
    {
        let message = "every change is local, so the lock is held on this machine only";
        let complaint = validation.complaint("local-lock", message).at(key, "");
        let help = "hold it on a role: `lock = { name = \"…\", on = \"ROLE\" }`";
        validation.report(None, complaint.help(help));
    }
}
