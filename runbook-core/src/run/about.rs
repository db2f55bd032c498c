//! Which list of checks is asked, for whom.

use serde::{Deserialize, Serialize};

use crate::base::{HostName, StepId};

/// A list of checks being asked; unique in its run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// The goal, at the beginning: where do we stand.
    GoalAtStart,
    /// The goal, when the run ends.
    GoalAtEnd,
    /// The runbook's preconditions; asked again after the yes.
    Preconditions {
        /// Whether this is the second time.
        again: bool,
    },
    /// Checks of a step.
    Step {
        /// Which step.
        step: StepId,
        /// For which host; none for what is asked once for the step.
        host: Option<HostName>,
        /// Which list.
        slot: Slot,
        /// Which time, from 1: checks are asked again for each attempt.
        round: u32,
    },
}

/// A list of checks of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// `skip_if`.
    SkipIf,
    /// `precondition`.
    Precondition,
    /// The checks in `proof`.
    Proof,
    /// `precondition` and the checks in `proof`, again after the yes.
    Again,
    /// The checks of a `check` step.
    Checks,
    /// `verify`.
    Verify,
    /// `verify`, asked once of an attempt that may or may not have run.
    Evidence,
    /// `stop_if`.
    StopIf,
    /// `finish_if`.
    FinishIf,
    /// `precondition` of the undo.
    UndoPrecondition,
    /// `verify` of the undo.
    UndoVerify,
}

/// One sample of one check of a list on one host. A check of `goal = true` has several parts: the
/// checks of the goal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProbeId {
    /// The list.
    pub about: About,
    /// The check's place in it.
    pub check: u32,
    /// Which check of the goal, where the check is `goal = true`.
    pub part: Option<u32>,
    /// Which sample, from 1.
    pub sample: u32,
    /// Where.
    pub host: HostName,
}
