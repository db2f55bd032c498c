//! Plain values: what stands on the right of a key when it is not a table of its own.

use schemars::JsonSchema;
use serde::Deserialize;

use super::list::{Entries, List};

/// A value without parts. Its form decides how it is compared: text as text, a number as a number.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum Scalar {
    /// A text or template.
    #[serde(rename = "a string")]
    Text(String),
    /// A whole number.
    #[serde(rename = "a whole number")]
    Int(i64),
    /// A decimal number.
    #[serde(rename = "a decimal number")]
    Number(f64),
    /// Yes or no.
    #[serde(rename = "a bool")]
    Bool(bool),
}

/// A value that is used when none is given.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum DefaultValue {
    /// A text or template.
    #[serde(rename = "a string")]
    Text(String),
    /// A whole number.
    #[serde(rename = "a whole number")]
    Int(i64),
    /// A decimal number.
    #[serde(rename = "a decimal number")]
    Number(f64),
    /// Yes or no.
    #[serde(rename = "a bool")]
    Bool(bool),
    /// The elements of a list.
    #[serde(rename = "an array")]
    List(List<Scalar>),
}

/// A number, or a text that stands for several: a range of hosts, a share of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum WholeOrText {
    /// So many.
    #[serde(rename = "a whole number")]
    Whole(u32),
    /// `"1.."`, `"25%"`, `"all"`.
    #[serde(rename = "a string")]
    Text(String),
}

/// A day, bare or in quotes: `2026-03-01`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum Date {
    /// In quotes.
    #[serde(rename = "a string")]
    Text(String),
    /// Bare, as TOML knows dates.
    #[serde(rename = "a date")]
    Bare(String),
}

impl Date {
    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Bare(text) => text,
        }
    }
}

/// JSON, written as TOML. Every string in it is a template.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum Json {
    /// A text or template.
    #[serde(rename = "a string")]
    Text(String),
    /// A whole number.
    #[serde(rename = "a whole number")]
    Int(i64),
    /// A decimal number.
    #[serde(rename = "a decimal number")]
    Number(f64),
    /// Yes or no.
    #[serde(rename = "a bool")]
    Bool(bool),
    /// Several.
    #[serde(rename = "an array")]
    Array(List<Json>),
    /// By name.
    #[serde(rename = "a table")]
    Object(Entries<Json>),
}
