//! A typed input, or a value asked of a person.

use schemars::JsonSchema;
use serde::Deserialize;

use super::field::{Extent, Field};
use super::how::{How, Sudo};
use super::list::{Entries, List};
use super::scalar::{DefaultValue, Scalar};

/// A typed input of the runbook, or a value asked of a person (which may also say `when`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["type"]))]
pub struct Param {
    /// What it must be: `string`, `ident`, `name`, `version`, `image`, `digest`, `path`, `url`,
    /// `host`, `int`, `number`, `bool`, `duration`, `bytes`, `time` or `list`.
    #[serde(rename = "type")]
    pub kind: Field<String>,
    /// What it means.
    pub help: Field<String>,
    /// Used when nothing is given; a template over the parameters above it.
    pub default: Field<DefaultValue>,
    /// Whether it may be missing; then it is `none`.
    pub optional: Field<bool>,
    /// The question that asks for it.
    pub ask: Field<String>,
    /// One that fits.
    pub example: Field<Scalar>,
    /// The only values allowed.
    pub choices: Field<List<Scalar>>,
    /// A regular expression that the whole text must match.
    pub pattern: Field<String>,
    /// The least value, or the least number of elements.
    pub min: Field<Scalar>,
    /// The greatest value, or the greatest number of elements.
    pub max: Field<Scalar>,
    /// The type of the elements of a list.
    pub of: Field<String>,
    /// For a `host`: the role it must be of.
    pub role: Field<String>,
    /// A read whose lines are offered; the first word of a line is the value.
    pub suggest: Field<Suggest>,
    /// An expression; a value of `ask` is asked only when it is true.
    pub when: Field<String>,
    /// The place of the whole table.
    #[serde(rename = "$extent")]
    #[schemars(skip)]
    pub extent: Extent,
}

/// A read whose lines are offered for a value.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum Suggest {
    /// A script.
    #[serde(rename = "a string (a script)")]
    Script(String),
    /// A program and its arguments.
    #[serde(rename = "an array (a program and its arguments)")]
    Argv(List<String>),
    /// A read, and where and how it runs.
    #[serde(rename = "a table")]
    Table(Box<SuggestTable>),
}

/// A read whose lines are offered, and where and how it runs.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["read"]))]
pub struct SuggestTable {
    /// The read.
    pub read: Field<How>,
    /// The role it is asked on, or `local`.
    pub on: Field<String>,
    /// As whom it runs: `true` is root.
    pub sudo: Field<Sudo>,
    /// The directory it runs in.
    pub cwd: Field<String>,
    /// Variables, always sent.
    pub env: Field<Entries<String>>,
}
