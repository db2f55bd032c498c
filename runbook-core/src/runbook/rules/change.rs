//! `change-without-verify`: exit 0 says that a program ended, not that the world is as it should be.

use crate::runbook::step::{How, Kind, Step};
use crate::runbook::validate::Validation;

/// A change by a program has a `verify`.
pub(super) fn without_verify(validation: &Validation<'_>, number: usize, step: &Step) {
    let program = matches!(step.kind, Kind::Change(How::Script(_) | How::Argv(_)));
    let written = validation.steps[number].0;
    if !program || !written.verify.is_absent() {
        return;
    }
    let message = "nothing shows that this change worked";
    let complaint = validation.complaint("change-without-verify", message);
    let complaint = complaint.at(written.change.key().unwrap_or(step.span), "");
    let help = "add `verify = { … }`: a check that holds only when it did";
    validation.report(Some(number), complaint.help(help));
}
