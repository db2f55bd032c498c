//! Going back: how far, what a person is shown of it, and what is known of it while it goes on.

use serde::{Deserialize, Serialize};

use super::attempt::Payload;
use crate::base::{Digest, HostName, StepId};

/// How far a run goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Back {
    /// To its beginning.
    Everything,
    /// To this step, and it too.
    To(StepId),
    /// This step alone.
    Only(StepId),
}

/// What would be undone, in that order: what a yes is bound to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BackCard {
    /// How far.
    pub back: Back,
    /// Why.
    pub why: String,
    /// The steps, the one that started last first.
    pub steps: Vec<BackStep>,
    /// What must be typed instead of a yes, in a protected environment.
    pub type_instead: Option<String>,
    /// The digest of all of the above.
    pub digest: Digest,
}

/// A step of a [`BackCard`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BackStep {
    /// Which.
    pub step: StepId,
    /// Where it started and was not undone, in the order in which it would be.
    pub hosts: Vec<HostName>,
    /// Those of them of which nobody knows whether it ran there.
    pub unknown: Vec<HostName>,
    /// How.
    pub way: Way,
    /// What would be sent, as far as that is known now; the host is the one it is sent to.
    pub payloads: Vec<(HostName, Payload)>,
}

/// How a step is undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// It changes something.
    Change,
    /// It loses something, and has a card of its own.
    Destroy,
    /// A person does it.
    Manual,
    /// The undo of that step covers it.
    By(StepId),
    /// It is not, and this is why, where that is said.
    None(Option<String>),
}

/// What going back does not do, or go past, by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// The step has no undo: its `no_undo`, where it says one.
    NoUndo(Option<String>),
    /// It is not known whether the step ran.
    Unknown(String),
    /// Its undo failed, or was not approved.
    Failed(String),
}

/// What a person is asked at an obstacle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObstacleCard {
    /// The step.
    pub step: StepId,
    /// Where it started.
    pub hosts: Vec<HostName>,
    /// What stands in the way.
    pub obstacle: Obstacle,
    /// Whether it may be undone all the same, or again.
    pub may_undo: bool,
}

/// Where going back stands.
#[derive(Clone, Debug, PartialEq)]
pub struct GoingBack {
    /// How far.
    pub back: Back,
    /// Why.
    pub why: String,
    /// Whether the undos that change something were agreed to.
    pub agreed: bool,
    /// A person said at an obstacle or on a card to stop there: at which step.
    pub quit: Option<StepId>,
    /// How it ended.
    pub ended: Option<BackEnd>,
}

/// How going back ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackEnd {
    /// At its end.
    Complete,
    /// A person is needed, or said no.
    PersonNeeded(String),
    /// An undo failed.
    Failed(String),
}

/// What going back left as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// The step.
    pub step: StepId,
    /// Where.
    pub host: HostName,
    /// Why.
    pub why: String,
}
