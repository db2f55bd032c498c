//! The preview as data: what was read, what would be done, what cannot be known yet.

use serde::Serialize;

use super::attempt::Payload;
use super::status::StepStatus;
use crate::base::{HostName, StepId, Value, ValueName};
use crate::plan::{Identity, Verdict};

/// What a run would do, as far as that is known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preview {
    /// The hosts, and who they are; none where one was not connected to.
    pub hosts: Vec<(HostName, Option<Identity>)>,
    /// The goal now, a line a check; empty where the runbook has none.
    pub goal: Vec<CheckLine>,
    /// The preconditions now.
    pub preconditions: Vec<CheckLine>,
    /// The steps, in order.
    pub steps: Vec<PreviewStep>,
    /// The sums.
    pub ledger: Ledger,
    /// The sentence that ends the run before any change, where the reads did so.
    pub ended: Option<String>,
}

/// One check and what it came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckLine {
    /// What it asks.
    pub title: String,
    /// What was seen; none when it was not asked, or is not known yet.
    pub verdict: Option<Verdict>,
    /// What to do when it does not hold.
    pub hint: Option<String>,
}

/// One step of the preview.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PreviewStep {
    /// From 1.
    pub number: usize,
    /// Its id.
    pub id: StepId,
    /// What it does, for a person.
    pub title: String,
    /// `read`, `change`, `destroy`, `check`, `manual`, `choose`.
    pub verb: &'static str,
    /// Where: its hosts, when they are selected; else every host it may be on. Empty for what a
    /// person does.
    pub hosts: Vec<HostName>,
    /// How many at a time: `all`, or the first rung.
    pub at_once: usize,
    /// What became of it, or would.
    pub what: What,
    /// Whether it has a way back; none where it needs none.
    pub undo: Option<bool>,
    /// Whether it is verified after.
    pub verify: bool,
    /// Who notices.
    pub affects: Option<String>,
    /// What exactly would be sent to each host, where that is known.
    pub payloads: Vec<(HostName, Payload)>,
    /// What would be acted on, as of now.
    pub items: Vec<(HostName, Vec<String>)>,
}

/// What became of a step in the preview.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It ran.
    Ran {
        /// How it ended.
        status: StepStatus,
        /// Why, where that is not plain.
        why: Option<String>,
        /// The values it delivered; the host where the value is the host's own.
        captured: Vec<(ValueName, Option<HostName>, Option<Value>)>,
    },
    /// It would run.
    Would,
    /// A person would be asked.
    WouldAsk,
    /// It was asked once and does not hold now; a run would keep asking.
    Waits {
        /// What was seen, and how long a run keeps asking.
        why: String,
    },
    /// It is a read that comes after a change that was not made.
    NotRun {
        /// The change.
        after: Option<StepId>,
    },
    /// Whether it runs is not known yet.
    NotKnown {
        /// The step it depends on.
        after: Option<StepId>,
    },
}

/// The sums of a preview.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Programs and probes that ran, all of them reads.
    pub reads: usize,
    /// Changes that would run.
    pub changes: usize,
    /// Destroys that would run.
    pub destroys: usize,
    /// Steps of which it is not known whether they run.
    pub unknown: usize,
}
