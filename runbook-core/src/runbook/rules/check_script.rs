//! Scripts whose answer can be wrong without a failure.
//!
//! `hidden-failure`, `counted-absence`, `ambiguous-exit`.

use super::shell::{Facts, PipelineFact};
use crate::base::{Span, Spanned};
use crate::runbook::check::{Expect, Literal, Test};
use crate::runbook::step::{Shell, Step};
use crate::runbook::validate::Validation;

/// The rules about the script of a check and what it must show.
pub(in crate::runbook) fn check_script(
    validation: &Validation<'_>,
    text: Spanned<&str>,
    facts: &Facts,
    shell: Shell,
    expect: &Expect,
    step: Option<usize>,
) {
    let hidden = |pipeline: &&PipelineFact| {
        (expect.tests.is_empty() && !pipeline.needs_input)
            || (accepts_nothing(expect) && !pipeline.counts)
            || (accepts_zero(expect) && pipeline.counts)
    };
    if let (Shell::Sh, Some(pipeline)) = (shell, facts.pipelines.iter().find(hidden)) {
        let place = validation.part(text, &pipeline.range);
        hidden_failure(validation, place, step);
    }
    if let (Some(counted), true) = (facts.counted.first(), is_zero(expect)) {
        let message = "`grep -c` exits 1 when it counts 0, and then this does not hold";
        let complaint = validation.complaint("counted-absence", message);
        let complaint = complaint.at(validation.part(text, &counted.range), "");
        let help = "print the text itself and say `expect = { lacks = \"…\" }`";
        validation.report(step, complaint.help(help));
    }
    exit_of_several(validation, text.span, facts, expect, step);
}

/// The same of what prints items: a dead producer prints none.
pub(in crate::runbook) fn items_script(
    validation: &Validation<'_>,
    text: Spanned<&str>,
    facts: &Facts,
    shell: Shell,
    step: usize,
) {
    if let (Shell::Sh, Some(pipeline)) = (shell, facts.pipelines.first()) {
        hidden_failure(validation, validation.part(text, &pipeline.range), Some(step));
    }
}

/// `expect = { exit = 1 }` of a step's own script.
pub(super) fn ambiguous_exit(
    validation: &Validation<'_>,
    number: usize,
    step: &Step,
    facts: Option<&Facts>,
) {
    if let Some(facts) = facts {
        let place = validation.steps[number].0.expect.span().unwrap_or(step.span);
        exit_of_several(validation, place, facts, &step.expect, Some(number));
    }
}

fn hidden_failure(validation: &Validation<'_>, place: Span, step: Option<usize>) {
    let message = "a failure before the last `|` is not seen here";
    let complaint = validation.complaint("hidden-failure", message).at(place, "");
    let help = "say `shell = \"bash\"`, which sees it, or write the output to a file first";
    validation.report(step, complaint.help(help));
}

fn exit_of_several(
    validation: &Validation<'_>,
    place: Span,
    facts: &Facts,
    expect: &Expect,
    step: Option<usize>,
) {
    let only_failures = !expect.exit.is_empty() && !expect.exit.contains(&0);
    if only_failures && facts.commands > 1 {
        let message = "any command of this script may have ended with that exit";
        let complaint = validation.complaint("ambiguous-exit", message).at(place, "");
        let help = "make it one command, or print an answer and expect its text";
        validation.report(step, complaint.help(help));
    }
}

/// Whether an output of nothing is what is expected.
fn accepts_nothing(expect: &Expect) -> bool {
    !expect.tests.is_empty()
        && expect.tests.iter().all(|test| match test {
            Test::Equals(Literal::Text(text)) => text.source().is_empty(),
            Test::Differs(Literal::Text(text)) => !text.source().is_empty(),
            Test::OneOf(literals) => literals
                .iter()
                .any(|literal| matches!(literal, Literal::Text(text) if text.source().is_empty())),
            Test::Matches(pattern) => pattern.0.is_match(""),
            Test::Lacks(_) => true,
            _ => false,
        })
}

/// Whether 0 is among what is expected.
fn accepts_zero(expect: &Expect) -> bool {
    let number = |text: &str| crate::base::units::parse_quantity(text).ok();
    !expect.tests.is_empty()
        && expect.tests.iter().all(|test| match test {
            Test::Equals(literal) => zero(literal),
            Test::Differs(literal) => !zero(literal),
            Test::OneOf(literals) => literals.iter().any(zero),
            Test::Less(bound) => number(bound.source()).is_none_or(|bound| 0.0 < bound),
            Test::AtMost(bound) => number(bound.source()).is_none_or(|bound| 0.0 <= bound),
            Test::Greater(bound) => number(bound.source()).is_some_and(|bound| 0.0 > bound),
            Test::AtLeast(bound) => number(bound.source()).is_some_and(|bound| 0.0 >= bound),
            Test::Matches(pattern) => pattern.0.is_match("0"),
            Test::Lacks(_) => true,
            _ => false,
        })
}

fn is_zero(expect: &Expect) -> bool {
    expect.tests.iter().any(|test| matches!(test, Test::Equals(literal) if zero(literal)))
}

fn zero(literal: &Literal) -> bool {
    match literal {
        Literal::Text(text) => text.source().trim() == "0",
        Literal::Number(number) => *number == 0.0,
        Literal::Bool(_) => false,
    }
}
