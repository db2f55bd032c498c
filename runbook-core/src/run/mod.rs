//! Floor 4: the machine. News goes in, facts and orders come out. No clock, no files, no network.

pub mod about;
pub mod action;
pub mod advance;
mod apply;
pub mod approval;
pub mod attempt;
pub mod back;
mod decide;
pub mod event;
pub mod foreseen;
pub mod handover;
pub mod input;
mod inquiry;
mod link;
mod machine;
mod pace;
pub mod place;
pub mod preview;
mod previewed;
pub mod question;
pub mod record;
mod render;
mod reopen;
#[cfg(test)]
pub(crate) mod samples;
mod scope;
pub mod state;
pub mod status;
mod suggestion;
mod target;
mod undoing;
mod verdict;
mod verdict_back;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::base::{Digest, StepId};

pub use about::{About, ProbeId, Slot};
pub use action::{Action, ProbeOrder, RenderedProbe};
pub use advance::{Advance, Code, HostOutlook, Kept as KeptPlan, NoAdvance, NotACode, Outlook};
pub use approval::{
    Approval, ApprovedOrder, BoundHost, How, NAMESPACE, Refusal, STANDS, Signature, Terms,
    to_be_signed,
};
pub use attempt::{AttemptId, Effect, Loss, Order, Outcome, OutputDigest, Part, Payload};
pub use back::{Back, BackCard, BackEnd, BackStep, Left, Obstacle, ObstacleCard, Way};
pub use event::{Event, Listing, Timer, Topic};
pub use foreseen::{Difference, Foreseen, Premise};
pub use handover::{HandedOver, NotARequest, Request};
pub use input::Input;
pub use machine::{Run, Turn};
pub use place::{Found, JobBase, Keeper, Place};
pub use preview::{CheckLine, Ledger, Preview, PreviewStep, What};
pub use question::{
    Answer, Card, CardHost, FailureCard, FailureOptions, Offers, Question, QuestionId,
    SignaturesWanted, UnknownCard,
};
pub use record::Record;
pub use state::State;
pub use status::{Ending, StepStatus};
pub use suggestion::PATIENCE as SUGGEST_PATIENCE;

/// How a run was started; part of its journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Stop when the preview is known; nothing is changed.
    pub preview_only: bool,
    /// Whether a person can be asked.
    pub person: bool,
    /// Whether changes were agreed to in advance.
    pub yes: bool,
    /// Choices made in advance.
    pub choices: IndexMap<StepId, String>,
    /// The plan file that is executed: it is used once, and only where its premises still hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreseen: Option<Foreseen>,
    /// Destroys approved in advance, by the code of a plan; each is used up by being here.
    #[serde(default)]
    pub approvals: IndexMap<StepId, Advance>,
    /// Drawn by chance for this command: what people are asked to approve is bound to it, so that no
    /// answer fits two commands. The engine draws one where none is given.
    #[serde(default)]
    pub nonce: Option<Digest>,
}
