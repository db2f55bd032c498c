//! The runbook as a whole: what the author wrote, checked, with every default filled in.

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use jiff::civil::Date;

use super::check::Check;
use super::step::{How, Pattern, Setting, Step};
use crate::base::{Digest, RoleName, Source, StepId, Value, ValueName, ValueType};
use crate::template::{Expression, Template};

/// A runbook in which every rule of the format holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Runbook {
    /// The stem of its file.
    pub name: String,
    /// One line that says what it does.
    pub title: String,
    /// When to take it.
    pub use_when: Option<String>,
    /// When not to.
    pub not_when: Option<String>,
    /// A longer text.
    pub description: Option<String>,
    /// Who keeps it.
    pub owner: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// When it was last reviewed.
    pub reviewed: Option<Date>,
    /// How long a review holds.
    pub review_every: Option<Duration>,
    /// What it was tried on.
    pub tested_on: Option<String>,
    /// What two runs may not hold at once.
    pub lock: Option<Lock>,
    /// Typed inputs, in the order of the text.
    pub params: IndexMap<ValueName, Param>,
    /// The kinds of hosts it talks to, in the order of the text.
    pub roles: IndexMap<RoleName, Role>,
    /// What "fixed" means.
    pub goal: Vec<Check>,
    /// What guards the first change.
    pub preconditions: Vec<Check>,
    /// Variables that local steps take from the caller.
    pub local_env: Vec<String>,
    /// The graph, in the order of the text, which is one in which no step comes before what it needs.
    pub steps: Vec<Step>,
    /// The text it was read from.
    pub source: Arc<Source>,
    /// The digest of that text.
    pub digest: Digest,
}

impl Runbook {
    /// The step of that id.
    #[must_use]
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }
}

/// A name that at most one run at a time may hold on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Its name.
    pub name: Template,
    /// Held on every host of this role instead of on every target.
    pub on: Option<RoleName>,
}

/// A typed input, or a value asked of a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// What it must be.
    pub kind: ValueType,
    /// What it means.
    pub help: Option<String>,
    /// Used when nothing is given.
    pub default: Option<Template>,
    /// Whether it may be missing; then it is `none`.
    pub optional: bool,
    /// The question.
    pub prompt: Option<String>,
    /// One that fits.
    pub example: Option<String>,
    /// The only values allowed; empty allows all.
    pub choices: Vec<String>,
    /// What the whole text must match.
    pub pattern: Option<Pattern>,
    /// Least value, or least number of items of a list.
    pub min: Option<Value>,
    /// Greatest value, or greatest number of items of a list.
    pub max: Option<Value>,
    /// For a `host`: the role it must be of.
    pub role: Option<RoleName>,
    /// A read whose lines are offered.
    pub suggest: Option<Suggest>,
    /// An asked value is asked only then.
    pub when: Option<Expression>,
}

/// A read whose lines are offered for a value; the first word of a line is the value.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggest {
    /// The read.
    pub read: How,
    /// Where; always one place.
    pub place: super::step::Place,
    /// How it runs.
    pub setting: Setting,
}

/// A kind of hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Which hosts these are.
    pub help: Option<String>,
    /// Least number.
    pub min: Option<u32>,
    /// Greatest number.
    pub max: Option<u32>,
}
