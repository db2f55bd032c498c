//! `no-evidence`: what was wrong is gone once something was changed.

use crate::runbook::validate::Validation;

/// Something is kept before the first change.
pub(super) fn kept_first(validation: &Validation<'_>) {
    for number in validation.graph.order() {
        let step = validation.steps[*number].0;
        if !step.keep.is_absent() {
            return;
        }
        let Some(key) = step.change.key().or(step.destroy.key()) else { continue };
        let message = "this is the first change, and no evidence was kept before it";
        let complaint = validation.complaint("no-evidence", message).at(key, "");
        let help = "add a `read` with `keep = \"before\"` above: it is gone afterwards";
        return validation.report(Some(*number), complaint.help(help));
    }
}
