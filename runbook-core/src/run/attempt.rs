//! An attempt: one try of one program on one host, and the order that starts it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::place::Place;
use crate::base::{AttemptNumber, Digest, HostName, StepId, Value, ValueName};
use crate::plan::expectation::Expectation;
use crate::plan::{Command, Exit, HttpRequest};
use crate::runbook::Capture;

/// Which part of a step an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The step itself.
    Main,
    /// The read that lists what will be acted on.
    Items,
    /// A read of `diagnose`, by its place in the list.
    Diagnose(u32),
    /// Its undo.
    Undo,
    /// The read of what is offered for a value that it asks for, by its place in `ask`.
    Suggest(u32),
}

/// An attempt, unique in its run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttemptId {
    /// Of which step.
    pub step: StepId,
    /// Where.
    pub host: HostName,
    /// Which part of the step.
    pub part: Part,
    /// Which try of it.
    pub number: AttemptNumber,
}

impl AttemptId {
    /// The digest of an order for this attempt: see [`Order::digest`].
    #[must_use]
    pub fn order_digest(&self, effect: Effect, payload: &Payload) -> Digest {
        let id = self.to_string();
        let effect = format!("{effect:?}");
        let payload = payload.digest().to_string();
        Digest::of_parts([id.as_bytes(), effect.as_bytes(), payload.as_bytes()])
    }
}

impl fmt::Display for AttemptId {
    /// `STEP.PART.HOST.N`; the part is left out for the step itself. Fit for a file name once
    /// the host is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.step)?;
        match self.part {
            Part::Main => {}
            Part::Items => f.write_str(".items")?,
            Part::Diagnose(index) => write!(f, ".diagnose{index}")?,
            Part::Undo => f.write_str(".undo")?,
            Part::Suggest(index) => write!(f, ".suggest{index}")?,
        }
        write!(f, ".{}.{}", self.host, self.number)
    }
}

/// What an attempt does to its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Nothing.
    Read,
    /// Something that can be repaired.
    Change,
    /// It loses something.
    Destroy,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Payload {
    /// A program.
    Command(Command),
    /// A request.
    Request(HttpRequest),
}

impl Payload {
    /// The digest of its exact bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match self {
            Self::Command(command) => command.digest(),
            Self::Request(request) => request.digest(),
        }
    }
}

/// Everything the driver needs to make one attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Which attempt.
    pub id: AttemptId,
    /// What it does to the host.
    pub effect: Effect,
    /// What is sent.
    pub payload: Payload,
    /// When it is ended; a destroy is never ended by a clock.
    pub timeout: Duration,
    /// What of it is done.
    pub expect: Expectation,
    /// What is taken from it.
    pub captures: Vec<(ValueName, Capture)>,
    /// Where its job is kept; none for a read and for a request. No part of what is approved: it
    /// says where the bytes lie, not what they do.
    pub place: Option<Place>,
}

impl Order {
    /// What an approval is bound to: the attempt, the effect and every byte that is sent.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.id.order_digest(self.effect, &self.payload)
    }
}

/// What became of an attempt that came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How it ended; none for a request.
    pub exit: Option<Exit>,
    /// Why it is not done; none when it is.
    pub failure: Option<String>,
    /// What was taken from it; `none` where an optional value was empty.
    pub captured: Vec<(ValueName, Option<Value>)>,
    /// For [`Part::Items`] and [`Part::Suggest`]: the lines.
    pub items: Option<Vec<String>>,
    /// Its standard output, or the body.
    pub stdout: OutputDigest,
    /// Its standard error.
    pub stderr: OutputDigest,
    /// How long it took.
    pub took: Duration,
}

/// How much was printed, and its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputDigest {
    /// Bytes.
    pub bytes: u64,
    /// Of all of them but those that a host did not keep, which nobody has seen.
    pub sha256: Digest,
}

/// Why an attempt or a probe did not come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// It never started, provably.
    NotStarted(String),
    /// It may or may not have run.
    Unknown(String),
}
