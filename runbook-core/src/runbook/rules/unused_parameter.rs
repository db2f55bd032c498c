//! `unused-parameter`: a value that is asked for and then means nothing misleads who gives it.

use crate::runbook::validate::Validation;

/// Every parameter is used somewhere.
pub(super) fn parameters(validation: &Validation<'_>) {
    if validation.hides_names() {
        return;
    }
    for (name, field) in validation.document.param.value().into_iter().flatten() {
        if validation.is_used(name) || !validation.is_defined(name) {
            continue;
        }
        let message = format!("nothing uses the parameter `{name}`");
        let complaint = validation.complaint("unused-parameter", message);
        let complaint = complaint.at(field.key().unwrap_or_default(), "");
        validation.report(None, complaint.help("use it, or remove it"));
    }
}
