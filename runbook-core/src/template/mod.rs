//! Templates and expressions: the two ways in which text is computed from values.
//!
//! Both are compiled when a runbook is loaded and see typed data only; what a program printed is
//! never parsed as either. Scripts are neither: nothing is interpolated there.

mod engine;
mod expression;
mod names;
mod text;

pub use expression::Expression;
pub use names::{Known, Names, Reference};
pub use text::Template;

/// A template or expression that does not parse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// Where in the text, in bytes, when the parser knows.
    pub range: Option<std::ops::Range<usize>>,
}

/// Why a template or expression has no value now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// A step that was not run yet delivers the name.
    #[error("`{name}` is not known yet{}", after_step(after.as_ref()))]
    NotKnownYet {
        /// The name as written.
        name: String,
        /// The step it comes from.
        after: Option<crate::base::StepId>,
    },
    /// It cannot be computed from the values there are.
    #[error("cannot compute `{text}`: {why}")]
    Failed {
        /// The template or expression.
        text: String,
        /// What was wrong.
        why: String,
    },
}

fn after_step(step: Option<&crate::base::StepId>) -> String {
    step.map_or_else(String::new, |step| format!(": after {step}"))
}
