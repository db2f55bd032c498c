//! A value taken from what a step printed.

use schemars::JsonSchema;
use serde::Deserialize;

use super::field::{Extent, Field};

/// A value taken from the output of a step: its type, or a table.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum Capture {
    /// The whole trimmed output, of this type.
    #[serde(rename = "a string (a type)")]
    Type(String),
    /// A part of it.
    #[serde(rename = "a table")]
    Table(Box<CaptureTable>),
}

/// The keys of a capture.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["type"]))]
pub struct CaptureTable {
    /// What it must be.
    #[serde(rename = "type")]
    pub kind: Field<String>,
    /// The type of the elements of a list.
    pub of: Field<String>,
    /// Where it is read: `stdout`, `stderr`, `exit`, `status` or `header NAME`.
    pub from: Field<String>,
    /// That line of it, from 1.
    pub line: Field<u32>,
    /// What a JSON pointer finds in it.
    pub json: Field<String>,
    /// What a regular expression finds in it: its first group; for a bool, whether it matches.
    pub matches: Field<String>,
    /// An expression that computes it from names instead.
    pub that: Field<String>,
    /// Whether it is `none` when the output is empty.
    pub optional: Field<bool>,
    /// Whether a difference between hosts fails the step; then it is one value.
    pub same_on_all_hosts: Field<bool>,
    /// The place of the whole table.
    #[serde(rename = "$extent")]
    #[schemars(skip)]
    pub extent: Extent,
}
