//! What a person is asked, and what they may answer.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::attempt::{AttemptId, Effect, Payload};
use crate::base::{Digest, HostName, StepId, Value, ValueName};
use crate::plan::Verdict;

/// A question, unique in its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuestionId(pub u32);

/// What a person is asked.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Question {
    /// One yes for all changes of the plan. The preview is shown with it.
    Changes {
        /// What must be typed instead of a yes, in a protected environment.
        type_instead: Option<String>,
        /// How many changes.
        changes: usize,
        /// How many destroys, each with a card of its own later.
        destroys: usize,
    },
    /// The card of a destroy.
    Destroy(Card),
    /// A step failed: what now.
    Failure(FailureCard),
    /// A person decides.
    Choose {
        /// The step.
        step: StepId,
        /// The question.
        text: String,
        /// The answers, by key: the label, and whether it ends the run.
        options: IndexMap<String, (String, bool)>,
    },
    /// A person acts and attests.
    Manual {
        /// The step.
        step: StepId,
        /// What to do.
        text: String,
        /// The values asked for, still to be answered; their rules are those of the runbook.
        ask: Vec<ValueName>,
        /// What is offered for those that have a `suggest`.
        offers: Offers,
    },
    /// A person attests a check.
    Attest {
        /// Whose check it is.
        step: Option<StepId>,
        /// For which host.
        host: HostName,
        /// The question.
        text: String,
    },
    /// It is not known whether an attempt ran: what now.
    Unknown(UnknownCard),
    /// A halt: what becomes of what runs.
    Interrupt {
        /// What runs and is more than a read.
        running: Vec<AttemptId>,
    },
}

/// What a person is shown of an attempt that may or may not have run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnknownCard {
    /// Which.
    pub attempt: AttemptId,
    /// What it does.
    pub effect: Effect,
    /// Why nobody knows.
    pub why: String,
    /// What the step's own `verify` says now; none where it has none, or it cannot be asked.
    pub evidence: Option<Verdict>,
    /// Whether the host can be asked again.
    pub may_seek: bool,
}

/// What is offered for values, by name: lines, or why there are none.
pub type Offers = BTreeMap<ValueName, Result<Vec<String>, String>>;

/// What a person is shown before a destroy, and what their approval is bound to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The step.
    pub step: StepId,
    /// Its title.
    pub title: String,
    /// Whether it is the step's undo that destroys.
    pub undo: bool,
    /// The hosts, and what is done on each.
    pub hosts: Vec<CardHost>,
    /// How many hosts the step has in all.
    pub of_hosts: usize,
    /// What is known to hold, one line each.
    pub proof: Vec<String>,
    /// The way back, in words.
    pub undo_line: String,
    /// The digest of all of the above that is sent or compared.
    pub digest: Digest,
}

/// One host of a card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardHost {
    /// The host.
    pub host: HostName,
    /// Who notices.
    pub affects: Option<String>,
    /// What is lost.
    pub loses: Option<String>,
    /// What will be acted on; none where the step has no items.
    pub items: Option<Vec<String>>,
    /// What must be typed.
    pub confirm: String,
    /// The exact bytes; none for a manual step.
    pub payload: Option<Payload>,
}

/// What is shown when a step failed on a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailureCard {
    /// The step.
    pub step: StepId,
    /// Where it failed.
    pub host: HostName,
    /// Its effect.
    pub effect: Effect,
    /// What happened.
    pub why: String,
    /// Whether a shell was asked for: it is opened on the host before the card is shown again.
    pub shell: bool,
    /// What may be answered.
    pub may: FailureOptions,
}

/// What may be answered to a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureOptions {
    /// Try the step again on this host.
    pub retry: bool,
    /// Go on without this step on this host.
    pub pass_over: bool,
    /// Undo the step on this host, then stop.
    pub undo: bool,
}

/// What a person answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Yes: to changes, an attestation.
    Yes,
    /// No, or Enter alone.
    No,
    /// These words were typed: to changes in a protected environment; on a card, one per host.
    Typed(Vec<String>),
    /// Go on without it.
    PassOver,
    /// Try again.
    Retry,
    /// Undo the step.
    Undo,
    /// Open a shell on the host, and ask again.
    Shell,
    /// This choice.
    Chosen(String),
    /// It is done, and these are the values asked for.
    Done(Vec<(ValueName, Option<Value>)>),
    /// Of an unknown attempt: it is as if it were done; the evidence is recorded with the name.
    Accept,
    /// Of an unknown attempt: run it again.
    Again,
    /// Of an unknown attempt: ask its host once more.
    Seek,
    /// Of a halt: go on as if nothing had been asked.
    GoOn,
    /// Of a halt: wait for what runs, then stop.
    Wait,
    /// Of a halt: stop what runs, then stop.
    Cancel,
    /// Stop here; of a halt: leave what runs to itself.
    Quit,
}
