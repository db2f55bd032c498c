//! A step: its kind, where and how it runs, and everything around it.

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::check::{Check, Expect};
use super::model::Param;
use crate::base::{RoleName, Span, StepId, ValueName, ValueType};
use crate::template::{Expression, Template};

/// A node of the graph, with every default filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Unique in its runbook.
    pub id: StepId,
    /// What it does, for a person.
    pub title: Option<Template>,
    /// More of that.
    pub help: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// The steps that must have ended on all their hosts.
    pub needs: Vec<StepId>,
    /// Where it runs.
    pub place: Place,
    /// A filter per host.
    pub filter: Option<Expression>,
    /// Keep the first so many that can be reached.
    pub pick: Option<u32>,
    /// How many hosts must remain.
    pub exactly: CountRange,
    /// How many hosts at a time, cumulative; never empty.
    pub at_once: Vec<Rung>,
    /// How many hosts may fail before the run stops.
    pub max_failed: u32,
    /// How a program of it runs.
    pub setting: Setting,
    /// Given to it on standard input.
    pub stdin: Option<Template>,
    /// Run it or not.
    pub when: Option<Expression>,
    /// Already done, per host.
    pub skip_if: Vec<Check>,
    /// Asked immediately before, per host.
    pub precondition: Vec<Check>,
    /// What of the step itself is done.
    pub expect: Expect,
    /// Asked after.
    pub verify: Vec<Check>,
    /// Values taken from it.
    pub capture: IndexMap<ValueName, Capture>,
    /// The word under which its output is kept as evidence.
    pub keep: Option<String>,
    /// The goal is reached: end green.
    pub finish_if: Vec<Check>,
    /// This is not the cause: end with that check's sentence.
    pub stop_if: Vec<Check>,
    /// How long an attempt may take; a `check` step has none.
    pub timeout: Option<Amount<Duration>>,
    /// Tried again by itself.
    pub retry: Retry,
    /// Whether the author says that twice is as good as once. Always true for reads.
    pub idempotent: bool,
    /// What happens when it fails; none is `ask` in a terminal and `stop` without one.
    pub on_failure: Option<OnFailure>,
    /// Reads that are run and shown when it fails.
    pub diagnose: Vec<How>,
    /// The way back.
    pub undo: Undo,
    /// What will be acted on.
    pub items: Option<Items>,
    /// The most of them that is not refused.
    pub max_items: Option<u32>,
    /// What a person is shown before a destroy.
    pub card: Card,
    /// Expected duration, the budget.
    pub takes: Option<Amount<Duration>>,
    /// Values asked of the person, on `manual` and `choose`.
    pub ask: IndexMap<ValueName, Param>,
    /// Its table in the text.
    pub span: Span,
}

/// What a step is; its verb is its effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Changes nothing.
    Read(How),
    /// Changes something that can be repaired.
    Change(How),
    /// Loses something.
    Destroy(How),
    /// Asks checks.
    Check(Vec<Check>),
    /// A person acts and attests.
    Manual(Template),
    /// A person decides.
    Choose {
        /// The question.
        text: Template,
        /// The answers, by key.
        options: IndexMap<String, Choice>,
    },
}

impl Step {
    /// Every check of it but those of its undo.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        let own: &[Check] = match &self.kind {
            Kind::Check(checks) => checks,
            _ => &[],
        };
        let proof = self.card.proof.iter().filter_map(|proof| match proof {
            Proof::Check(check) => Some(check.as_ref()),
            Proof::Step(_) => None,
        });
        [own, &self.skip_if, &self.precondition, &self.verify, &self.finish_if, &self.stop_if]
            .into_iter()
            .flatten()
            .chain(proof)
    }
}

impl Kind {
    /// The verb, as a runbook writes it.
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Read(_) => "read",
            Self::Change(_) => "change",
            Self::Destroy(_) => "destroy",
            Self::Check(_) => "check",
            Self::Manual(_) => "manual",
            Self::Choose { .. } => "choose",
        }
    }

    /// Whether a preview stops before it: it changes something, or a person does.
    #[must_use]
    pub const fn changes(&self) -> bool {
        matches!(self, Self::Change(_) | Self::Destroy(_) | Self::Manual(_))
    }
}

/// One answer of a `choose`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What it means.
    pub label: Template,
    /// Whether it ends the run as `stop_if` does, with the label as its sentence.
    pub stop: bool,
}

/// How a step acts.
#[derive(Clone, Debug, PartialEq)]
pub enum How {
    /// A literal script.
    Script(Script),
    /// A program and its arguments, without a shell.
    Argv(Vec<Template>),
    /// One HTTP request.
    Request(Request),
}

/// Who reads a script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shell {
    /// POSIX `sh` with `set -eu`.
    #[default]
    Sh,
    /// `bash` with `set -eu -o pipefail`.
    Bash,
}

/// A literal script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The author's text, byte for byte.
    pub text: Arc<str>,
    /// Who reads it.
    pub shell: Shell,
    /// The names of values (parameters, captures, asked values, choices) that occur in it as a
    /// word: these are sent as variables.
    pub names: Vec<ValueName>,
    /// The `runbook_` variables that occur in it, without the prefix: `run`, `step`, `tmp` …
    pub engine_names: Vec<String>,
}

/// One HTTP request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Where to.
    pub url: Template,
    /// GET and HEAD in reads; else POST unless said.
    pub method: Method,
    /// Sent with it.
    pub headers: IndexMap<String, Template>,
    /// Appended to the url, encoded.
    pub query: IndexMap<String, Template>,
    /// Sent as the body.
    pub body: Option<RequestBody>,
    /// A PEM file, on this machine, with the authority that is trusted for it.
    pub ca: Option<Template>,
}

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of RFC 9110")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum RequestBody {
    /// A text.
    Text(Template),
    /// JSON in which every string is a template.
    Json(serde_json::Value),
}

/// Where something runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On this machine.
    Local,
    /// On every selected host of a role.
    Role(RoleName),
    /// Of a check, an undo or a diagnose: on the host its step is at.
    StepHost,
}

/// How a program runs, with `[defaults]` and what is inherited merged in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setting {
    /// Where; none is the user's home.
    pub cwd: Option<Template>,
    /// Variables, always sent; a value that is `none` leaves its variable unset.
    pub env: IndexMap<String, Template>,
    /// As whom.
    pub sudo: Option<Sudo>,
}

/// As whom a program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sudo {
    /// The user; `sudo = true` is `root`.
    pub user: Template,
}

/// A value that is written, or computed when it is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount<T> {
    /// Written.
    Fixed(T),
    /// Computed.
    From(Template),
}

/// How many hosts must remain after the filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountRange {
    /// At least.
    pub min: u32,
    /// At most; none is any number.
    pub max: Option<u32>,
}

/// How many hosts at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// So many.
    Count(u32),
    /// So many percent, rounded up.
    Percent(u32),
    /// Every one.
    All,
}

/// Tried again by itself: `times` more after the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often.
    pub times: u32,
    /// How long to wait before the first of them.
    pub wait: Amount<Duration>,
    /// The wait grows by this factor each time, at least 1.
    pub backoff: u32,
}

/// What happens when a step fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// A person decides on the failure card.
    Ask,
    /// The run stops.
    Stop,
    /// Recorded as failed, blocks nothing.
    Continue,
    /// The run stops, and the step is undone where it started.
    Undo,
    /// The run stops, and goes back to that step, and it too.
    UndoTo(StepId),
}

/// A regular expression that was compiled when the runbook was loaded.
#[derive(Clone, Debug)]
pub struct Pattern(pub regex::Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

/// A value taken from the output of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// What it must be.
    pub kind: ValueType,
    /// Where it is read.
    pub from: CaptureFrom,
    /// That line of it, from 1.
    pub line: Option<u32>,
    /// What a JSON pointer finds in it.
    pub json: Option<String>,
    /// What a pattern finds in it.
    pub matches: Option<Pattern>,
    /// Computed from names instead.
    pub that: Option<Expression>,
    /// Whether empty output is `none`.
    pub optional: bool,
    /// Whether a difference between hosts fails the step.
    pub same_on_all_hosts: bool,
    /// Whether it is one value (visible everywhere) or one per host.
    pub per_host: bool,
    /// Of a `check` step: whether the checks held (`capture = { ok = "bool" }`).
    pub verdict: bool,
}

/// Where a capture is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaptureFrom {
    /// Standard output, or the body of an answer.
    Stdout,
    /// Standard error.
    Stderr,
    /// The exit code.
    Exit,
    /// The HTTP status.
    Status,
    /// A header of the answer, by lowercase name.
    Header(String),
}

/// What will be acted on.
#[derive(Clone, Debug, PartialEq)]
pub enum Items {
    /// The lines of a read.
    Read(How),
    /// A list.
    Value(Template),
}

/// What a person is shown before a destroy; some of it also on a change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Card {
    /// Who notices.
    pub affects: Option<Template>,
    /// What is lost, in numbers.
    pub loses: Option<Template>,
    /// What must be typed; none is `HOST` or `HOST/NAME`.
    pub confirm: Option<Template>,
    /// What must hold first.
    pub proof: Vec<Proof>,
    /// How many people; none is what the environment says.
    pub approvals: Option<u32>,
}

/// What must hold before a destroy.
#[derive(Clone, Debug, PartialEq)]
pub enum Proof {
    /// That step ended done in this run.
    Step(StepId),
    /// This check holds.
    Check(Box<Check>),
}

/// The way back from a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Undo {
    /// Nothing was said.
    Unsaid,
    /// This is how.
    Step(Box<UndoStep>),
    /// That step's undo covers this one.
    By(StepId),
    /// There is none, and this is why.
    Never(String),
}

/// How a step is undone.
#[derive(Clone, Debug, PartialEq)]
pub struct UndoStep {
    /// What is done.
    pub action: UndoAction,
    /// Where.
    pub place: Place,
    /// A filter per host.
    pub filter: Option<Expression>,
    /// How a program of it runs.
    pub setting: Setting,
    /// Asked before.
    pub precondition: Vec<Check>,
    /// Asked after.
    pub verify: Vec<Check>,
    /// Who notices.
    pub affects: Option<Template>,
    /// What must be typed.
    pub confirm: Option<Template>,
    /// How long it may take.
    pub timeout: Amount<Duration>,
    /// Behind that step's undo.
    pub after: Option<StepId>,
}

/// What an undo does; its verb is its effect.
#[derive(Clone, Debug, PartialEq)]
pub enum UndoAction {
    /// Changes something.
    Change(How),
    /// Loses something.
    Destroy(How),
    /// A person acts.
    Manual(Template),
}
