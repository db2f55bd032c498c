//! Floor 4: the machine. News goes in, facts and orders come out. No clock, no files, no network.

pub mod about;
pub mod action;
mod apply;
pub mod approval;
pub mod attempt;
mod decide;
pub mod event;
pub mod foreseen;
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
mod verdict;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::base::StepId;

pub use about::{About, ProbeId, Slot};
pub use action::{Action, ProbeOrder, RenderedProbe};
pub use approval::{Approval, ApprovedOrder};
pub use attempt::{AttemptId, Effect, Loss, Order, Outcome, OutputDigest, Part, Payload};
pub use event::{Event, Listing, Timer, Topic};
pub use foreseen::{Difference, Foreseen, Premise};
pub use input::Input;
pub use machine::{Run, Turn};
pub use place::{Found, JobBase, Keeper, Place};
pub use preview::{CheckLine, Ledger, Preview, PreviewStep, What};
pub use question::{
    Answer, Card, CardHost, FailureCard, FailureOptions, Offers, Question, QuestionId, UnknownCard,
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
}
