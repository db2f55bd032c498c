//! What an answer must show.

use schemars::JsonSchema;
use serde::Deserialize;

use super::field::Field;
use super::list::{Entries, List, OneOrMany};
use super::scalar::Scalar;

/// What an answer must show: a literal (the trimmed output, or the HTTP status), or a table.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum Expect {
    /// Compared as text.
    #[serde(rename = "a string")]
    Text(String),
    /// Compared as a number; of a request, the status.
    #[serde(rename = "a whole number")]
    Int(i64),
    /// Compared as a number.
    #[serde(rename = "a decimal number")]
    Number(f64),
    /// Compared as a bool.
    #[serde(rename = "a bool")]
    Bool(bool),
    /// All that is said must hold.
    #[serde(rename = "a table")]
    Table(Box<ExpectTable>),
}

/// The keys of an expectation; all of them must hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExpectTable {
    /// Equal to this.
    pub eq: Field<Scalar>,
    /// Not equal to this.
    pub ne: Field<Scalar>,
    /// Less than this quantity: a number, `"80%"`, `"5 GiB"`, `"90s"`.
    pub lt: Field<Scalar>,
    /// Less than or equal to this quantity.
    pub le: Field<Scalar>,
    /// Greater than this quantity.
    pub gt: Field<Scalar>,
    /// Greater than or equal to this quantity.
    pub ge: Field<Scalar>,
    /// A regular expression that matches somewhere.
    pub matches: Field<String>,
    /// One text that must be in it, or several.
    pub contains: Field<OneOrMany<String>>,
    /// One text that must not be in it, or several.
    pub lacks: Field<OneOrMany<String>>,
    /// Equal to one of these.
    pub one_of: Field<List<Scalar>>,
    /// The exit code that is an answer, or several; any other is an error.
    pub exit: Field<OneOrMany<i32>>,
    /// The HTTP status, or several.
    pub status: Field<OneOrMany<u16>>,
    /// Whether the pointer or header must not be there.
    pub absent: Field<bool>,
    /// What must be found at a JSON pointer; `*` in it means every element, and at least one.
    pub json: Field<Entries<Expect>>,
    /// What a header of the answer must be.
    pub header: Field<Entries<Expect>>,
    /// The place of the whole table.
    #[serde(rename = "$extent")]
    #[schemars(skip)]
    pub extent: super::field::Extent,
}
