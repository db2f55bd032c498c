//! What one text must show, with its values. Knows nothing of programs and requests.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::brief::brief;
use super::expectation::Expectation;
use crate::runbook::Pattern;

/// One thing that a text, an element of JSON or a header must show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Equal.
    Equals(Comparand),
    /// Not equal.
    Differs(Comparand),
    /// One of these.
    OneOf(Vec<Comparand>),
    /// A quantity that stands in this order to another.
    Compares(Order, String),
    /// Matches somewhere.
    Matches(#[serde(with = "pattern_text")] Pattern),
    /// Has all of these in it.
    Contains(Vec<String>),
    /// Has none of these in it.
    Lacks(Vec<String>),
    /// Is not there (`true`) or is (`false`).
    Absent(bool),
    /// What is at these pointers; `*` means every element and at least one.
    Json(Vec<(String, Expectation)>),
    /// Headers of an answer, by lowercase name.
    Header(Vec<(String, Expectation)>),
}

/// What is compared with; the form in the runbook decides how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparand {
    /// As text, trimmed.
    Text(String),
    /// As a number, finite.
    Number(f64),
    /// As a bool.
    Bool(bool),
}

/// How two quantities stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// `lt`
    Less,
    /// `le`
    AtMost,
    /// `gt`
    Greater,
    /// `ge`
    AtLeast,
}

impl Order {
    /// Whether `left` stands so to `right`; what is no number stands in no order.
    #[must_use]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        })
    }
}

impl fmt::Display for Comparand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) if text.trim().is_empty() => f.write_str("nothing"),
            Self::Text(text) => f.write_str(&brief(text)),
            Self::Number(number) => number.fmt(f),
            Self::Bool(flag) => flag.fmt(f),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals(comparand) => comparand.fmt(f),
            Self::Differs(comparand) => write!(f, "not {comparand}"),
            Self::OneOf(comparands) => f.write_str(&joined(comparands, " or ")),
            Self::Compares(order, limit) => write!(f, "{order} {}", brief(limit)),
            Self::Matches(pattern) => write!(f, "a match of `{}`", brief(pattern.0.as_str())),
            Self::Contains(parts) => write!(f, "with {}", quoted(parts, " and ")),
            Self::Lacks(parts) => write!(f, "without {}", quoted(parts, " or ")),
            Self::Absent(true) => f.write_str("absent"),
            Self::Absent(false) => f.write_str("present"),
            Self::Json(parts) => f.write_str(&places(parts, "")),
            Self::Header(parts) => f.write_str(&places(parts, "header ")),
        }
    }
}

fn joined<T: ToString>(all: &[T], between: &str) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}

fn quoted(all: &[String], between: &str) -> String {
    all.iter().map(|part| format!("`{}`", brief(part))).collect::<Vec<_>>().join(between)
}

fn places(parts: &[(String, Expectation)], before: &str) -> String {
    let place = |(at, expectation): &(String, Expectation)| match expectation.wanted() {
        wanted if wanted.is_empty() => format!("{before}{at}"),
        wanted => format!("{before}{at} {wanted}"),
    };
    parts.iter().map(place).collect::<Vec<_>>().join(", ")
}

/// A pattern is kept as its text and compiled again when it is read.
mod pattern_text {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use crate::runbook::Pattern;

    pub(super) fn serialize<S: Serializer>(pattern: &Pattern, to: S) -> Result<S::Ok, S::Error> {
        pattern.0.as_str().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Pattern, D::Error> {
        let text = String::deserialize(from)?;
        regex::Regex::new(&text).map(Pattern).map_err(D::Error::custom)
    }
}
