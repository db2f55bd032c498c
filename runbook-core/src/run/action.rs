//! Orders to the driver, in the imperative. Each is given exactly once, after the event that
//! records it.

use std::time::Duration;

use super::about::ProbeId;
use super::approval::ApprovedOrder;
use super::attempt::{AttemptId, Order};
use super::event::Timer;
use super::place::{Keeper, Place};
use super::question::{Question, QuestionId};
use crate::base::{Digest, HostName};
use crate::plan::expectation::Expectation;
use crate::plan::{Command, HttpRequest};

/// An order to the driver.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Take a lock, without waiting.
    TakeLock {
        /// Its name.
        name: String,
        /// On which host; none is this machine.
        host: Option<HostName>,
    },
    /// Use a plan file up for this run: once, so that it is on the disk, and while it is not too old.
    TakePlan {
        /// Which.
        plan: Digest,
    },
    /// Connect to a host and say who it is.
    Connect {
        /// Which.
        host: HostName,
    },
    /// Choose where jobs are kept, by writing there.
    ChooseBase {
        /// Whose.
        keeper: Keeper,
    },
    /// Ask a host what became of an attempt, and make sure that one which did not start never will.
    Seek {
        /// Which.
        attempt: AttemptId,
        /// Where it is.
        place: Place,
    },
    /// Follow an attempt that another process started, from where it was heard last. Never starts
    /// it.
    Follow(Order),
    /// Send a probe.
    Probe(ProbeOrder),
    /// Start a read or a change.
    Start(Order),
    /// Start a destroy.
    Destroy(ApprovedOrder),
    /// End a read or a change that runs.
    Cancel {
        /// Which.
        attempt: AttemptId,
    },
    /// Start a timer.
    SetTimer {
        /// Which.
        timer: Timer,
        /// How long it runs.
        after: Duration,
    },
    /// Put a question to the person.
    Ask {
        /// Which.
        id: QuestionId,
        /// What.
        question: Question,
    },
    /// Take back a question that needs no answer any more.
    Withdraw {
        /// Which.
        id: QuestionId,
    },
    /// The run has ended: let everything go.
    Close {
        /// The exit code.
        code: u8,
    },
}

/// Everything the driver needs to send one probe.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeOrder {
    /// Which.
    pub id: ProbeId,
    /// What is sent.
    pub probe: RenderedProbe,
    /// What must be shown.
    pub expect: Expectation,
    /// How long it may take; then it is an error for a program, and not met for the rest.
    pub timeout: Duration,
}

/// A probe with its values.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub enum RenderedProbe {
    /// A program that changes nothing.
    Read(Command),
    /// GET or HEAD, from the probe's host.
    Http(HttpRequest),
    /// A connection from the probe's host to `host:port`.
    Tcp(String),
}
