//! What is known of a run: nothing but the sum of its events.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use jiff::Timestamp;

use super::Options;
use super::about::About;
use super::approval::{Approval, Terms};
use super::attempt::{AttemptId, Effect, Loss, Outcome, Payload};
pub use super::back::GoingBack;
use super::event::Topic;
use super::place::{JobBase, Keeper, Place};
use super::question::{Answer, QuestionId};
use super::status::{Ending, StepStatus};
use crate::base::{Digest, HostName, StepId, Value, ValueName};
use crate::plan::{Identity, Verdict};

/// The state of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Where the run is.
    pub phase: Phase,
    /// How it was started.
    pub options: Options,
    /// Who started it, or took it up last.
    pub driver: String,
    /// Its lock, where it has one: the one that was asked for last.
    pub lock: Lock,
    /// The plan file it executes, where it executes one.
    pub taking: Taking,
    /// The locks it holds.
    pub locks: BTreeSet<LockKey>,
    /// Where jobs are kept, as far as that was asked.
    pub bases: BTreeMap<Keeper, Base>,
    /// How often the run was taken up again.
    pub resumed: u32,
    /// What `now` is.
    pub now: Option<Timestamp>,
    /// When the goal was first seen to hold, recorded only where a runbook asks for the time.
    pub goal_at: Option<Timestamp>,
    /// The hosts that were asked for.
    pub hosts: BTreeMap<HostName, HostState>,
    /// The steps, by id; one that is missing was not touched.
    pub steps: BTreeMap<StepId, StepState>,
    /// Captured, asked and chosen values.
    pub values: BTreeMap<ValueName, Delivered>,
    /// The lists of checks that were asked.
    pub inquiries: BTreeMap<About, Inquiry>,
    /// The attempts that were intended.
    pub attempts: BTreeMap<AttemptId, AttemptState>,
    /// The questions that were put.
    pub questions: BTreeMap<QuestionId, QuestionState>,
    /// The number of the next one: each is used once, ever.
    pub next_question: u32,
    /// What people were asked to approve since the run was begun or taken up again, by its digest.
    pub requests: BTreeMap<Digest, RequestState>,
    /// The approvals that were given since then.
    pub approvals: Vec<Approval>,
    /// What people attested, by the place of the check in the text and the host.
    pub attested: BTreeMap<(usize, HostName), bool>,
    /// How many reads and probes were sent.
    pub reads: usize,
    /// Whether a change was sent, ever.
    pub changed: bool,
    /// Where steps were sent or done by a person, in the order in which they first were.
    pub started: Vec<Started>,
    /// Where going back stands, when the run does.
    pub back: Option<GoingBack>,
    /// Whether one was sent since the run was begun or taken up again: what an exit code promises
    /// is about the command that gives it.
    pub changed_now: bool,
    /// A person asked for a halt, and decides what becomes of what runs.
    pub interrupt: Option<Interrupt>,
    /// A signal came, or someone asked to stop.
    pub stop_asked: Option<String>,
    /// Why nothing new starts.
    pub ending: Option<Ending>,
    /// The exit code, once it has ended.
    pub ended: Option<u8>,
}

/// Where a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Nothing happened yet.
    #[default]
    Fresh,
    /// What comes before the first change is read.
    Preview,
    /// The preview is known; the changes are not agreed to.
    Consent,
    /// Everything may run.
    Execution,
}

/// A lock: on which host, none being this machine, and its name.
pub type LockKey = (Option<HostName>, String);

/// The run's own lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Lock {
    /// Not asked for.
    #[default]
    None,
    /// Asked for: this one.
    Asked(LockKey),
    /// Held.
    Held,
    /// Someone else holds it.
    Refused(String),
}

/// Whether the plan file was used up for this run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Taking {
    /// Not asked for.
    #[default]
    None,
    /// Asked for.
    Asked,
    /// It was used up for this run.
    Taken,
    /// It cannot be used: why.
    Refused(String),
}

/// A host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostState {
    /// The connection; none was begun since the run was taken up.
    pub link: Option<Link>,
    /// Whether it failed a step and gets no later one.
    pub failed: bool,
}

/// A connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Link {
    /// Being made.
    Connecting,
    /// Made.
    Up(Identity),
    /// Not to be had.
    Down(String),
}

/// A step that was sent to a host or done there by a person, so that there is something to undo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// The step.
    pub step: StepId,
    /// The host.
    pub host: HostName,
    /// What it acted on, in all its rounds.
    pub items: Vec<String>,
}

/// Where the jobs of a user are kept on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// Being chosen.
    Asked,
    /// Here.
    Chosen(JobBase),
    /// Nowhere: why.
    Refused(String),
}

/// A halt that a person asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Interrupt {
    /// How: `SIGINT`.
    pub how: String,
    /// What they decided; none while they are asked.
    pub answer: Option<Answer>,
}

/// A step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepState {
    /// Whether it runs; none is not decided.
    pub decision: Option<Decision>,
    /// Its hosts; none is not selected.
    pub hosts: Option<IndexMap<HostName, Turn>>,
    /// What the preview found it would act on.
    pub preview_items: BTreeMap<HostName, Vec<String>>,
    /// The reads of that.
    pub preview_listings: BTreeMap<HostName, AttemptId>,
    /// The reads of what is offered with its next question, by the value's place in `ask`.
    pub suggestions: BTreeMap<u32, AttemptId>,
    /// How it ended, and why.
    pub ended: Option<(StepStatus, Option<String>)>,
    /// Whether it was undone on every host on which it had started.
    pub undone: bool,
}

/// Whether a step runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It does.
    Runs,
    /// It does not, and why.
    Skipped(String),
}

/// A step's turn on a host.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// Whether it has begun.
    pub began: bool,
    /// Which go at it: a person's "try again" begins the next.
    pub round: u32,
    /// What will be acted on, in this round.
    pub items: Option<Vec<String>>,
    /// What was acted on as listed again after the yes.
    pub items_again: Option<Vec<String>>,
    /// The read of that list, while it is under way or not yet taken in.
    pub listing: Option<AttemptId>,
    /// A person did the work of a `manual` step.
    pub attested: bool,
    /// The attempt at the step itself, in this round.
    pub main: Main,
    /// How often the step was tried by itself in this round.
    pub tries: u32,
    /// A person was asked what an unknown attempt means, and left it so.
    pub left_unknown: bool,
    /// What went wrong, in this round.
    pub failure: Option<Failure>,
    /// How it ended, and why.
    pub ended: Option<(StepStatus, Option<String>)>,
    /// The request by which a destroy was approved, in this round.
    pub approved: Option<Digest>,
    /// Its place among the undos that began in this run: they go one at a time in a step.
    pub undo_place: Option<usize>,
    /// Which go at its undo, from 1; 0 before the first.
    pub undo_round: u32,
    /// What its undo sent in this go, in order.
    pub undo_attempts: Vec<AttemptId>,
    /// The question by which a person undoes it, in this go.
    pub undo_question: Option<QuestionId>,
    /// A person chose to go back past it.
    pub undo_passed: bool,
    /// A person chose to undo it though nobody knows whether it ran.
    pub undo_anyway: bool,
    /// What became of its undo.
    pub undone: Option<Result<(), String>>,
}

impl Default for Turn {
    fn default() -> Self {
        Self {
            began: false,
            round: 1,
            items: None,
            items_again: None,
            listing: None,
            attested: false,
            main: Main::None,
            tries: 0,
            left_unknown: false,
            failure: None,
            ended: None,
            approved: None,
            undo_place: None,
            undo_round: 0,
            undo_attempts: Vec::new(),
            undo_question: None,
            undo_passed: false,
            undo_anyway: false,
            undone: None,
        }
    }
}

/// The attempt at a step itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Main {
    /// None in this round.
    None,
    /// Under way.
    Running(AttemptId),
    /// Waiting to be tried again by itself.
    Waiting(AttemptId),
    /// The wait is over.
    Due,
    /// It is done, as far as `expect` goes.
    Done,
    /// It is not.
    Failed {
        /// Why.
        why: String,
        /// Whether it did not come back, and provably did not start or only read.
        lost: bool,
    },
    /// It may or may not have run.
    Unknown(String),
    /// It may or may not have run, and a person took it as done.
    Accepted,
}

/// What went wrong on a host.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What happened.
    pub why: String,
    /// Whether the host could not be reached.
    pub unreachable: bool,
    /// How often the run had been taken up when it happened.
    pub resumed: u32,
    /// What a person answered.
    pub answer: Option<Answer>,
    /// Whether a shell is opened for a person with the next card.
    pub shell: bool,
}

/// A list of checks being asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inquiry {
    /// By the check's place in the list; one that is missing was not begun.
    pub checks: BTreeMap<u32, CheckState>,
    /// What it came to.
    pub verdict: Option<Verdict>,
}

/// A check being asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckState {
    /// The answers of the sample under way, by part and host; none is not answered yet.
    pub answers: BTreeMap<(Option<u32>, HostName), Option<Verdict>>,
    /// How many samples are complete.
    pub samples: u32,
    /// The tick at which the last sample began.
    pub sample_tick: u32,
    /// The tick at which the last sample was complete.
    pub complete_tick: u32,
    /// How many ticks have fired: the time since the first sample began, in units of `every`.
    pub tick: u32,
    /// The tick that is waited for.
    pub waiting_for: Option<u32>,
    /// The tick at which the hold window began, and how many of its samples failed.
    pub window: Option<(u32, u32)>,
    /// The last complete sample.
    pub last: Option<Verdict>,
    /// What it came to; the inner none when it was left out.
    pub settled: Option<Option<Verdict>>,
}

impl CheckState {
    /// Whether an answer or the next tick is waited for. A list that nobody asks for any more is
    /// not.
    fn is_waiting(&self) -> bool {
        self.settled.is_none()
            && (self.waiting_for.is_some() || self.answers.values().any(Option::is_none))
    }
}

/// An attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct AttemptState {
    /// What it does.
    pub effect: Effect,
    /// The digest of its order.
    pub digest: Digest,
    /// What was sent, where it is more than a read.
    pub payload: Option<Payload>,
    /// Where its job is; none for a read and for a request.
    pub place: Option<Place>,
    /// Who follows it.
    pub watch: Watch,
    /// Whether it is being stopped.
    pub cancelled: bool,
    /// What became of it; none while it is under way.
    pub end: Option<AttemptEnd>,
    /// Nobody knows whether it ran, and a person has decided what that means for the run.
    pub settled: bool,
}

/// Who follows an attempt that is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Watch {
    /// This process.
    #[default]
    Followed,
    /// Nobody: the process that did has ended.
    Astray,
    /// Nobody yet: its host is being asked what became of it.
    Asked,
    /// Nobody yet: its host knows of it.
    Found,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum AttemptEnd {
    /// It came back.
    Exited(Box<Outcome>),
    /// It did not.
    Lost(Loss),
}

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub struct QuestionState {
    /// What about.
    pub about: Topic,
    /// What was answered, and by whom.
    pub answer: Option<(Answer, String)>,
}

/// What people were asked to approve.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestState {
    /// The card.
    pub card: Digest,
    /// The terms.
    pub terms: Terms,
    /// Whether no approval of it counts any more: it is too old, or its step is begun anew.
    pub void: bool,
    /// Whether that is for its age.
    pub expired: bool,
    /// The orders that were sent by it.
    pub sent: BTreeSet<Digest>,
}

/// A value that a step delivered.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivered {
    /// One for all.
    One(Option<Value>),
    /// One a host.
    PerHost(BTreeMap<HostName, Option<Value>>),
}

impl StepState {
    /// How it ended, whatever became of that since.
    #[must_use]
    pub fn ended_as(&self) -> Option<StepStatus> {
        self.ended.as_ref().map(|(status, _)| *status)
    }
}

impl State {
    /// The turn of a step on a host.
    #[must_use]
    pub fn turn(&self, step: &StepId, host: &HostName) -> Option<&Turn> {
        self.steps.get(step)?.hosts.as_ref()?.get(host)
    }

    /// The host on which a step is being undone: of several that wait, the one chosen first.
    #[must_use]
    pub fn undoing(&self, step: &StepId) -> Option<&HostName> {
        let hosts = self.steps.get(step)?.hosts.as_ref()?.iter();
        let waiting = hosts.filter(|(_, turn)| turn.undone.is_none() && !turn.undo_passed);
        let placed = waiting.filter_map(|(host, turn)| Some((turn.undo_place?, host)));
        placed.min().map(|(_, host)| host)
    }

    /// The approvals of a request.
    pub fn approvals_of(&self, request: Digest) -> impl Iterator<Item = &Approval> {
        self.approvals.iter().filter(move |approval| approval.request() == Some(request))
    }

    /// Whether a request stands and enough people have approved it.
    #[must_use]
    pub fn is_approved(&self, request: Digest) -> bool {
        self.requests.get(&request).is_some_and(|asked| {
            !asked.void && Approval::people(self.approvals_of(request)) >= asked.terms.needed
        })
    }

    /// A request that waits for people, or for what they approved to be sent, and would be too old at
    /// that time.
    #[must_use]
    pub fn lapsed(&self, at: Timestamp) -> Option<(Digest, &RequestState)> {
        let lapsed =
            |(_, asked): &(&Digest, &RequestState)| self.is_open(asked) && !asked.terms.stands(at);
        self.requests.iter().find(lapsed).map(|(request, asked)| (*request, asked))
    }

    /// Whether a request waits for people, or for what they approved to be sent.
    fn is_open(&self, asked: &RequestState) -> bool {
        let question = asked.terms.question.and_then(|question| self.questions.get(&question));
        let waits = match question.map(|question| &question.answer) {
            Some(None) => true,
            Some(Some((answer, _))) if !matches!(answer, Answer::Typed(_)) => false,
            _ => {
                let request = asked.terms.request(asked.card);
                let unsent = |order: &Digest| !asked.sent.contains(order);
                let may_go_on = asked.terms.hosts.iter().any(|bound| {
                    let turn = self.turn(&asked.terms.step, &bound.host);
                    turn.is_none_or(|turn| turn.ended.is_none())
                });
                may_go_on && (!self.is_approved(request) || asked.terms.orders().iter().any(unsent))
            }
        };
        waits && !asked.void
    }

    /// Whether people were shown something that is not sent yet: it stays as it is meanwhile.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.requests.values().any(|asked| self.is_open(asked))
    }

    /// What was approved for a step on a host counts no more: it is begun anew there.
    pub(super) fn void_requests(&mut self, step: &StepId, host: &HostName) {
        for asked in self.requests.values_mut() {
            let covers = asked.terms.hosts.iter().any(|bound| bound.host == *host);
            asked.void |= asked.terms.step == *step && covers;
        }
    }

    /// How a step ended; one that was undone since is only that.
    #[must_use]
    pub fn status(&self, step: &StepId) -> Option<StepStatus> {
        let state = self.steps.get(step)?;
        if state.undone { Some(StepStatus::Undone) } else { state.ended_as() }
    }

    /// The attempts under way.
    pub fn running(&self) -> impl Iterator<Item = (&AttemptId, &AttemptState)> {
        self.attempts.iter().filter(|(_, attempt)| attempt.end.is_none())
    }

    /// Whether something was sent, asked or begun that has not come back.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.lock, Lock::Asked(_))
            || self.taking == Taking::Asked
            || self.hosts.values().any(|host| host.link == Some(Link::Connecting))
            || self.bases.values().any(|base| *base == Base::Asked)
            || self.running().next().is_some()
            || self.questions.values().any(|question| question.answer.is_none())
            || self
                .inquiries
                .values()
                .flat_map(|list| list.checks.values())
                .any(CheckState::is_waiting)
            || self.steps.values().any(|step| {
                step.hosts.iter().flatten().any(|(_, turn)| matches!(turn.main, Main::Waiting(_)))
            })
    }

    /// The names of hosts that are not to be had.
    #[must_use]
    pub fn unreachable(&self) -> BTreeSet<&HostName> {
        self.hosts
            .iter()
            .filter(|(_, host)| matches!(host.link, Some(Link::Down(_))))
            .map(|(name, _)| name)
            .collect()
    }
}
