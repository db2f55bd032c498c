//! The types of expressions and templates, before anything runs. Which names there are, and of
//! which type, is asked of a [`Scope`]; where the text stands in a file is not known here.

mod compare;
mod filters;
mod guards;
mod infer;
mod kind;
mod template;

use std::ops::Range;

pub(in crate::runbook) use kind::{Kind, Type};
pub(in crate::runbook) use template::{Reading, check_template};

use infer::Inference;

/// What is wrong with a part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::runbook) struct Complaint {
    /// The rule.
    pub(in crate::runbook) code: &'static str,
    /// Which bytes of the text.
    pub(in crate::runbook) range: Range<usize>,
    /// What is wrong.
    pub(in crate::runbook) message: String,
    /// The ways out.
    pub(in crate::runbook) help: Vec<String>,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(in crate::runbook) enum Resolved {
    /// A value of this type; so many words after the first belong to the name.
    Is(Type, usize),
    /// Nothing, there: the rule, what is wrong, and the ways out.
    Wrong(&'static str, String, Vec<String>),
}

/// Who knows names.
pub(in crate::runbook) trait Scope {
    /// What `root` stands for, followed by the words `rest`.
    fn resolve(&self, root: &str, rest: &[&str]) -> Resolved;
    /// The names that a step delivers when it is done.
    fn delivered_by(&self, step: &str) -> Vec<String>;
}

/// Checks an expression; its type, and whatever is wrong with it.
pub(in crate::runbook) fn check_expression(
    text: &str,
    scope: &dyn Scope,
    known: &[String],
) -> (Type, Vec<Complaint>) {
    match minijinja::machinery::parse_expr(text) {
        Ok(expression) => {
            let mut inference = Inference::new(scope, known);
            let found = inference.expression(&expression);
            (found, inference.complaints)
        }
        Err(error) => (Type::any(), vec![syntax(text, &error)]),
    }
}

/// The names that are delivered and not `none` wherever the expression `text` is true.
pub(in crate::runbook) fn proven(text: &str, scope: &dyn Scope) -> Vec<String> {
    minijinja::machinery::parse_expr(text)
        .map(|expression| guards::when_true(&expression, scope))
        .unwrap_or_default()
}

fn syntax(text: &str, error: &minijinja::Error) -> Complaint {
    let message = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    Complaint {
        code: "bad-expression",
        range: error.range().unwrap_or(0..text.len()),
        message: format!("it does not parse: {message}"),
        help: vec!["see the expressions in `docs/format.md`, such as `tag != 'v1'`".to_owned()],
    }
}

#[cfg(test)]
mod tests;
