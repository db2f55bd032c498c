//! A runbook file: its top level.

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Check;
use super::field::Field;
use super::how::{Shell, Sudo};
use super::list::{Entries, List, OneOrMany};
use super::param::Param;
use super::scalar::Date;
use super::step::Step;

/// A runbook: what it is for, what it needs to know, what "fixed" means, and the steps to there.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "A runbook", extend("required" = ["format", "title"]))]
pub struct RunbookDocument {
    /// The version of the format: 1.
    #[schemars(extend("const" = 1))]
    pub format: Field<i64>,
    /// One line that says what it does.
    pub title: Field<String>,
    /// One sentence: when to take it.
    pub use_when: Field<String>,
    /// One sentence: when not to.
    pub not_when: Field<String>,
    /// A longer text.
    pub description: Field<String>,
    /// Who keeps it.
    pub owner: Field<String>,
    /// Words to find it by.
    pub tags: Field<List<String>>,
    /// When it was last reviewed: a date.
    pub reviewed: Field<Date>,
    /// How long a review holds.
    pub review_every: Field<String>,
    /// What it was tried on.
    pub tested_on: Field<String>,
    /// What two runs may not hold at once on a host: a name, or `{ name, on }`.
    pub lock: Field<Lock>,
    /// Names of variables that local steps take from the caller's environment.
    pub local_env: Field<List<String>>,
    /// Typed inputs, by name.
    pub param: Field<Entries<Param>>,
    /// The kinds of hosts it talks to, by name.
    pub role: Field<Entries<Role>>,
    /// Checks: what "fixed" means.
    pub goal: Field<OneOrMany<Check>>,
    /// Checks that guard the first change.
    pub precondition: Field<OneOrMany<Check>>,
    /// For steps and checks that say nothing.
    pub defaults: Field<Defaults>,
    /// What is done, in this order.
    pub step: Field<List<Step>>,
}

/// A name that at most one run at a time may hold on a host.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(untagged)]
pub enum Lock {
    /// Its name, held on every target.
    #[serde(rename = "a string (its name)")]
    Name(String),
    /// Its name, and where it is held.
    #[serde(rename = "a table")]
    Table(Box<LockTable>),
}

/// The keys of a lock.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["name"]))]
pub struct LockTable {
    /// Its name.
    pub name: Field<String>,
    /// Held on every host of this role that can be reached, selected or not.
    pub on: Field<String>,
}

/// A kind of hosts.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Role {
    /// Which hosts these are.
    pub help: Field<String>,
    /// The least number of them.
    pub min: Field<u32>,
    /// The greatest number of them.
    pub max: Field<u32>,
}

/// For steps and checks that say nothing.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Defaults {
    /// The role, or `local`.
    pub on: Field<String>,
    /// An expression that keeps a host or leaves it out.
    #[serde(rename = "where")]
    pub filter: Field<String>,
    /// As whom programs run: `true` is root.
    pub sudo: Field<Sudo>,
    /// The directory they run in.
    pub cwd: Field<String>,
    /// Variables, always sent; merged key by key.
    pub env: Field<Entries<String>>,
    /// How long an attempt of a step may take.
    pub timeout: Field<String>,
    /// Who reads scripts.
    pub shell: Field<Shell>,
}
