//! A check: one probe, what it must show, and how patiently it is asked.

use schemars::JsonSchema;
use serde::Deserialize;

use super::expect::Expect;
use super::field::{Extent, Field};
use super::how::{Http, Program, Shell, Sudo};
use super::list::Entries;

/// A check. It has exactly one probe: `read`, `http`, `tcp`, `that`, `ask` or `goal`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Check {
    /// What it asks, for a person.
    pub title: Field<String>,
    /// What to do when it does not hold.
    pub hint: Field<String>,
    /// A script or program that changes nothing.
    pub read: Field<Program>,
    /// A url, or a request with GET or HEAD; asked from the host it is `on`.
    pub http: Field<Http>,
    /// `host:port` accepts a connection.
    pub tcp: Field<String>,
    /// An expression that must be true.
    pub that: Field<String>,
    /// A question that a person answers with yes.
    pub ask: Field<String>,
    /// `true`: the goal of the runbook.
    pub goal: Field<bool>,
    /// What it must show: a literal or a table.
    pub expect: Field<Expect>,
    /// Keep asking until it holds, for less than this.
    pub within: Field<String>,
    /// From the start of one probe to the start of the next.
    pub every: Field<String>,
    /// It must stay true that long.
    pub hold: Field<String>,
    /// How many samples of a hold may fail.
    pub misses: Field<u32>,
    /// The role it is asked on, or `local`.
    pub on: Field<String>,
    /// Only on the first so many hosts that can be reached.
    pub pick: Field<u32>,
    /// As whom it runs: `true` is root.
    pub sudo: Field<Sudo>,
    /// The directory it runs in.
    pub cwd: Field<String>,
    /// Variables, always sent.
    pub env: Field<Entries<String>>,
    /// Who reads its script.
    pub shell: Field<Shell>,
    /// How long one probe may take.
    pub timeout: Field<String>,
    /// An expression; the check is left out when it is false.
    pub when: Field<String>,
    /// The place of the whole table.
    #[serde(rename = "$extent")]
    #[schemars(skip)]
    pub extent: Extent,
}
