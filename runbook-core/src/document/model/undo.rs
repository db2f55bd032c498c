//! The way back from a step.

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Check;
use super::field::{Extent, Field};
use super::how::{How, Sudo};
use super::list::{Entries, OneOrMany};

/// How a step is undone: a script, or a table.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum Undo {
    /// Short for `{ change = "…" }`.
    #[serde(rename = "a string (a script)")]
    Script(String),
    /// What is done, and where and how.
    #[serde(rename = "a table")]
    Table(Box<UndoTable>),
}

/// The keys of an undo. It has exactly one of `change`, `destroy`, `manual` and `by`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UndoTable {
    /// Changes something that can be repaired.
    pub change: Field<How>,
    /// Loses something; confirmed as a destroy is.
    pub destroy: Field<How>,
    /// A person acts.
    pub manual: Field<String>,
    /// The undo of that step covers this one; stands alone.
    pub by: Field<String>,
    /// Goes behind the undo of that step.
    pub after: Field<String>,
    /// The role it runs on, or `local`.
    pub on: Field<String>,
    /// An expression that keeps a host or leaves it out.
    #[serde(rename = "where")]
    pub filter: Field<String>,
    /// As whom it runs: `true` is root.
    pub sudo: Field<Sudo>,
    /// The directory it runs in.
    pub cwd: Field<String>,
    /// Variables, always sent.
    pub env: Field<Entries<String>>,
    /// Checks, immediately before.
    pub precondition: Field<OneOrMany<Check>>,
    /// Checks, after.
    pub verify: Field<OneOrMany<Check>>,
    /// Who notices.
    pub affects: Field<String>,
    /// What must be typed to approve it.
    pub confirm: Field<String>,
    /// How long it may take.
    pub timeout: Field<String>,
    /// The place of the whole table.
    #[serde(rename = "$extent")]
    #[schemars(skip)]
    pub extent: Extent,
}
