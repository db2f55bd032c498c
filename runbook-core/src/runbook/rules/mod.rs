//! The rules of the format, one file a rule or a small family of them. What they ask about is a
//! document that is being validated; how a complaint is drawn, and arguments, are not known here.

pub(in crate::runbook) mod expression;
pub(in crate::runbook) mod shell;

mod all_hosts_down;
mod argv;
mod change;
mod check_script;
mod evidence;
mod invisible;
mod local_lock;
mod program_use;
mod script;
mod table;
mod unused_parameter;

pub(in crate::runbook) use argv::argv;
pub(in crate::runbook) use check_script::{check_script, items_script};
pub(in crate::runbook) use program_use::Use;
pub(in crate::runbook) use script::script;
pub use table::{RULES, Rule};

use super::step::Step;
use super::validate::Validation;
use crate::base::Severity;

/// The severity of the rule `code`.
pub(in crate::runbook) fn severity(code: &str) -> Severity {
    rule(code).map_or(Severity::Error, |rule| rule.severity)
}

/// Whether there is such a rule.
pub(in crate::runbook) fn exists(code: &str) -> bool {
    rule(code).is_some()
}

/// Whether there is such a rule, and a reason may answer it.
pub(in crate::runbook) fn is_warning(code: &str) -> bool {
    rule(code).is_some_and(|rule| rule.severity == Severity::Warning)
}

/// The rules that a reason may answer.
pub(in crate::runbook) fn warnings() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.code).filter(|code| is_warning(code))
}

fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code == code)
}

/// The rules about one step, once it is read.
pub(in crate::runbook) fn of_step(
    validation: &Validation<'_>,
    number: usize,
    step: &Step,
    facts: Option<&shell::Facts>,
) {
    change::without_verify(validation, number, step);
    check_script::ambiguous_exit(validation, number, step, facts);
}

/// The rules about a runbook as a whole.
pub(in crate::runbook) fn whole(validation: &Validation<'_>) {
    invisible::characters(validation);
    unused_parameter::parameters(validation);
    evidence::kept_first(validation);
    local_lock::lock(validation);
    all_hosts_down::reversed_later(validation);
}

/// `did you mean`, where something known is near.
pub(in crate::runbook) fn nearest<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let lower = word.to_lowercase();
    let near = known
        .into_iter()
        .map(|candidate| {
            (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate)
        })
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 4)
        .min();
    near.map(|(_, candidate)| format!("did you mean `{candidate}`?")).into_iter().collect()
}
