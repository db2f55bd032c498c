//! Status words, each with one meaning.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::StepId;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// It ran, its `expect` was met and its `verify` held.
    Done,
    /// By `when`, `skip_if`, or because there were no items.
    Skipped,
    /// The goal was reached before it.
    NotNeeded,
    /// A person chose to go on without it.
    PassedOver,
    /// A person said no.
    Declined,
    /// What it needs failed, was declined or is unknown.
    Blocked,
    /// It ran, or could not, and is not done.
    Failed,
    /// It may or may not have run.
    Unknown,
    /// The run stopped before it, or while it waited.
    Cancelled,
    /// It was undone.
    Undone,
    /// It may or may not have run, and a person took it as done.
    Accepted,
}

impl StepStatus {
    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::NotNeeded => "not needed",
            Self::PassedOver => "passed over",
            Self::Declined => "declined",
            Self::Blocked => "blocked",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Cancelled => "cancelled",
            Self::Undone => "undone",
            Self::Accepted => "accepted",
        }
    }
}

impl fmt::Display for StepStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Why a run ends before its last step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// A `finish_if` held: the goal is reached.
    Finished {
        /// Of which step.
        step: StepId,
        /// Its sentence.
        sentence: String,
    },
    /// A `stop_if` held, or a choice that stops was taken.
    Stopped {
        /// Of which step.
        step: StepId,
        /// Its sentence.
        sentence: String,
    },
    /// A step failed.
    Failed {
        /// Which.
        step: StepId,
        /// Why.
        sentence: String,
    },
    /// A precondition does not hold, or could not be asked.
    Precondition {
        /// Which, and what was seen.
        sentence: String,
    },
    /// A host could not be reached or is not who it should be.
    Unreachable {
        /// Which, and why.
        sentence: String,
    },
    /// Someone else holds the lock.
    Locked {
        /// Who, since when.
        sentence: String,
    },
    /// A person is needed, or said no.
    PersonNeeded {
        /// For what.
        sentence: String,
    },
    /// A person stopped at a failure.
    QuitAtFailure {
        /// At which step.
        step: StepId,
    },
    /// An attempt may or may not have run.
    Unknown {
        /// Which.
        sentence: String,
    },
    /// A person wanted it to go back.
    WentBack {
        /// How far, and who said so.
        sentence: String,
    },
    /// A signal, or a detach.
    Detached {
        /// How.
        how: String,
    },
    /// The plan file that is executed, or what was approved in advance, does not stand any more.
    Stale {
        /// Why.
        sentence: String,
        /// What is not as it was; empty where the sentence says all of it.
        differences: Vec<super::foreseen::Difference>,
    },
    /// The preview was all that was asked for.
    PreviewOnly,
}
