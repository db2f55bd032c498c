//! What an answer must be, with its values. Knows nothing of how the question is asked.

use serde::{Deserialize, Serialize};

use super::condition::{Comparand, Condition, Order};
use crate::base::units;
use crate::runbook::{Expect, Literal, Test};
use crate::template::{EvaluationError, Names, Template};

/// A rendered `expect`. How it judges stands in `judge`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    /// Exit codes of a program that are an answer; empty is 0.
    pub exit: Vec<i32>,
    /// HTTP statuses; empty is 2xx, unless a bare number says which.
    pub status: Vec<u16>,
    /// What the output or body must show: all of it.
    pub conditions: Vec<Condition>,
}

impl Expectation {
    /// Replaces every template by its value.
    ///
    /// # Errors
    /// When a name has no value or is not known yet, when what is compared with is `none` (which is
    /// no text to compare with), no quantity where one is needed, or an empty text that every
    /// output would contain.
    pub fn render(expect: &Expect, names: &dyn Names) -> Result<Self, EvaluationError> {
        Ok(Self {
            exit: expect.exit.clone(),
            status: expect.status.clone(),
            conditions: expect
                .tests
                .iter()
                .map(|test| condition(test, names))
                .collect::<Result<_, _>>()?,
        })
    }

    /// What is wanted, for a person: `200`, `< 80`; empty where nothing but success is.
    #[must_use]
    pub fn wanted(&self) -> String {
        let mut parts = Vec::new();
        if !self.exit.is_empty() {
            parts.push(format!("exit {}", alternatives(&self.exit)));
        }
        if !self.status.is_empty() {
            parts.push(alternatives(&self.status));
        }
        parts.extend(self.conditions.iter().map(ToString::to_string));
        parts.join(", ")
    }
}

/// `200 or 204`.
pub(super) fn alternatives<T: ToString>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

fn condition(test: &Test, names: &dyn Names) -> Result<Condition, EvaluationError> {
    let compares =
        |order, limit: &Template| Ok(Condition::Compares(order, quantity(limit, names)?));
    Ok(match test {
        Test::Equals(literal) => Condition::Equals(comparand(literal, names)?),
        Test::Differs(literal) => Condition::Differs(comparand(literal, names)?),
        Test::OneOf(literals) => Condition::OneOf(
            literals.iter().map(|literal| comparand(literal, names)).collect::<Result<_, _>>()?,
        ),
        Test::Less(limit) => compares(Order::Less, limit)?,
        Test::AtMost(limit) => compares(Order::AtMost, limit)?,
        Test::Greater(limit) => compares(Order::Greater, limit)?,
        Test::AtLeast(limit) => compares(Order::AtLeast, limit)?,
        Test::Matches(pattern) => Condition::Matches(pattern.clone()),
        Test::Contains(parts) => Condition::Contains(needles(parts, names)?),
        Test::Lacks(parts) => Condition::Lacks(needles(parts, names)?),
        Test::Absent(absent) => Condition::Absent(*absent),
        Test::Json(parts) => Condition::Json(places(parts, names)?),
        Test::Header(parts) => Condition::Header(places(parts, names)?),
    })
}

fn comparand(literal: &Literal, names: &dyn Names) -> Result<Comparand, EvaluationError> {
    match literal {
        Literal::Text(template) => Ok(Comparand::Text(text(template, names)?)),
        Literal::Number(number) if number.is_finite() => Ok(Comparand::Number(*number)),
        Literal::Number(number) => Err(EvaluationError::Failed {
            text: number.to_string(),
            why: "nothing equals it or differs from it".to_owned(),
        }),
        Literal::Bool(flag) => Ok(Comparand::Bool(*flag)),
    }
}

fn places(
    parts: &[(String, Expect)],
    names: &dyn Names,
) -> Result<Vec<(String, Expectation)>, EvaluationError> {
    let place =
        |(at, expect): &(String, Expect)| Ok((at.clone(), Expectation::render(expect, names)?));
    parts.iter().map(place).collect()
}

fn quantity(limit: &Template, names: &dyn Names) -> Result<String, EvaluationError> {
    let text = text(limit, names)?;
    match units::parse_quantity(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(failed(limit, error.to_string())),
    }
}

fn needles(parts: &[Template], names: &dyn Names) -> Result<Vec<String>, EvaluationError> {
    let needle = |part: &Template| match text(part, names)? {
        empty if empty.is_empty() => Err(failed(part, "it is empty, and everything contains that")),
        needle => Ok(needle),
    };
    parts.iter().map(needle).collect()
}

/// The text of what is compared with; `none` is no text here, or the absence of a value would be
/// found in an output that happens to say so.
fn text(template: &Template, names: &dyn Names) -> Result<String, EvaluationError> {
    match template.value(names)? {
        Some(value) => Ok(value.text()),
        None => Err(failed(template, "it is `none`, and nothing is compared with that")),
    }
}

fn failed(template: &Template, why: impl Into<String>) -> EvaluationError {
    EvaluationError::Failed { text: template.source().to_owned(), why: why.into() }
}
