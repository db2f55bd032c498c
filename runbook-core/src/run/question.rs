//! What a person is asked, and what they may answer.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::approval::{BoundHost, Signature, Terms};
use super::attempt::{AttemptId, Effect, Payload};
use super::back::{BackCard, ObstacleCard};
use super::handover::Request;
use crate::base::{Digest, EnvName, HostName, RunId, StepId, Value, ValueName};
use crate::plan::{Identity, Verdict};

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
    /// Signatures of a card that takes several people, one at a time.
    Signatures(SignaturesWanted),
    /// A step failed: what now.
    Failure(FailureCard),
    /// What would be undone: one yes for all of it that changes something.
    GoBack(BackCard),
    /// Going back has come to something that it does not do, or go past, by itself.
    Obstacle(ObstacleCard),
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

/// What people sign, and who has.
#[derive(Clone, Debug, PartialEq)]
pub struct SignaturesWanted {
    /// The card and its terms.
    pub request: Request,
    /// Who has signed.
    pub given: Vec<String>,
    /// Why what was handed over last does not count.
    pub refused: Option<String>,
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
    /// The run.
    pub run: RunId,
    /// The runbook.
    pub runbook: String,
    /// The digest of its text.
    pub text: Digest,
    /// The environment.
    pub environment: Option<EnvName>,
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
    /// What a person should know of the card itself, such as why it is shown again. No part of what
    /// is approved.
    pub note: Option<String>,
    /// The digest of all of the above but the note: see [`Card::bound`].
    pub digest: Digest,
}

impl Card {
    /// The digest of everything the card says: the run, the step, each attempt with its host and who
    /// that is, every byte that is sent with its values, what it acts on, what must be typed, and
    /// what is shown.
    #[must_use]
    pub fn bound(&self) -> Digest {
        let bare = Self { note: None, digest: Digest::of(""), ..self.clone() };
        Digest::of(serde_json::to_vec(&bare).expect("a card is text in lists"))
    }

    /// Whether for every host exactly what its line asks for was typed.
    #[must_use]
    pub fn is_typed(&self, words: &[String]) -> bool {
        words.len() == self.hosts.len()
            && !self.hosts.is_empty()
            && self.hosts.iter().zip(words).all(|(host, typed)| host.confirm == *typed)
    }

    /// Whether these terms are for this card: its step, its hosts, their identities and orders.
    #[must_use]
    pub fn is_of(&self, terms: &Terms) -> bool {
        terms.step == self.step
            && terms.hosts.iter().cloned().eq(self.hosts.iter().map(CardHost::bound))
    }
}

/// One host of a card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardHost {
    /// The host.
    pub host: HostName,
    /// Who it said it is; none where it is not connected to.
    pub identity: Option<Identity>,
    /// The attempt; none for what a person does.
    pub attempt: Option<AttemptId>,
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

impl CardHost {
    /// Who the host is, and what would be sent to it.
    #[must_use]
    pub fn bound(&self) -> BoundHost {
        let order = self.attempt.as_ref().zip(self.payload.as_ref());
        BoundHost {
            host: self.host.clone(),
            identity: self.identity.as_ref().map(Identity::digest),
            order: order.map(|(id, payload)| id.order_digest(Effect::Destroy, payload)),
        }
    }
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
    /// What going back would undo, where anything before this step can be.
    pub back: Option<BackCard>,
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
    /// An answer to a request that someone handed over, which nobody has looked at.
    Handed(String),
    /// A request was signed.
    Signed(Signature),
    /// What was handed over does not count: why.
    Refused(String),
    /// Go on without it.
    PassOver,
    /// Try again.
    Retry,
    /// Undo the step; at an obstacle: all the same, or again.
    Undo,
    /// Open a shell on the host, and ask again.
    Shell,
    /// Undo everything this run changed, then stop: what was typed to agree to that, and the digest
    /// of what was shown.
    GoBack {
        /// `yes`, or what is typed instead; empty when it was only asked for.
        typed: String,
        /// Of the card.
        chain: Digest,
    },
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
