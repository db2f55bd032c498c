//! Journaled facts, in the past tense. The enum is a file format: a variant is never changed, only
//! added.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::about::{About, ProbeId};
use super::approval::{Approval, Terms};
use super::attempt::{AttemptId, Effect, Loss, Outcome, Payload};
use super::back::{Back, BackEnd, Left};
use super::place::{Found, JobBase, Keeper, Place};
use super::question::{Answer, QuestionId};
use super::status::{Ending, StepStatus};
use crate::base::{Digest, EnvName, HostName, RunId, StepId, Value, ValueName};
use crate::plan::{Identity, Verdict};

/// A fact of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The run was planned.
    Planned {
        /// Its id.
        run: RunId,
        /// The runbook's name.
        runbook: String,
        /// The digest of its text.
        digest: Digest,
        /// The environment.
        environment: Option<EnvName>,
        /// Who started it.
        operator: String,
        /// How it was started.
        options: super::Options,
    },
    /// What time it is, recorded only where a runbook asks for `now` or `run.goal_at`.
    ClockRead {
        /// The time.
        at: jiff::Timestamp,
    },
    /// A lock is being taken.
    LockAsked {
        /// Its name.
        name: String,
        /// On which host; none is this machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<HostName>,
    },
    /// A lock was taken.
    LockTaken {
        /// Its name.
        name: String,
        /// On which host; none is this machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<HostName>,
    },
    /// The connection over which a lock was held is gone: nothing new starts until it is taken again.
    LockLost {
        /// Its name.
        name: String,
        /// On which host.
        host: HostName,
    },
    /// Someone else holds the lock.
    LockRefused {
        /// Its name.
        name: String,
        /// On which host; none is this machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<HostName>,
        /// Who, since when, which run.
        holder: String,
    },
    /// A plan file is being used up for this run, right before its first change.
    PlanAsked {
        /// Which: the digest of the file.
        plan: Digest,
    },
    /// It was used up for this run.
    PlanTaken {
        /// Which.
        plan: Digest,
    },
    /// It was used before, is too old, or its use cannot be written down.
    PlanRefused {
        /// Which.
        plan: Digest,
        /// Why.
        why: String,
    },
    /// A connection was begun.
    Connecting {
        /// To which host.
        host: HostName,
    },
    /// A host was connected to, and is who it should be.
    Connected {
        /// Which.
        host: HostName,
        /// Who it is.
        identity: Identity,
    },
    /// A host could not be connected to, or is not who it should be.
    Unreachable {
        /// Which.
        host: HostName,
        /// Why.
        why: String,
    },
    /// It was decided whether a step runs.
    Decided {
        /// The step.
        step: StepId,
        /// Why it does not run; none when it does.
        skipped: Option<String>,
    },
    /// The hosts of a step were selected.
    Selected {
        /// The step.
        step: StepId,
        /// They, in order.
        hosts: Vec<HostName>,
    },
    /// A step's turn came on a host.
    TurnBegan {
        /// The step.
        step: StepId,
        /// The host.
        host: HostName,
    },
    /// A list of checks was begun.
    InquiryBegan {
        /// Which.
        about: About,
    },
    /// A probe was sent.
    ProbeSent {
        /// Which.
        probe: ProbeId,
        /// The digest of what was sent.
        digest: Digest,
    },
    /// A probe was answered.
    ProbeAnswered {
        /// Which.
        probe: ProbeId,
        /// With what.
        verdict: Verdict,
    },
    /// All probes of one sample of a check were answered.
    Sampled {
        /// Which list.
        about: About,
        /// The check's place in it.
        check: u32,
        /// Which sample, from 1.
        sample: u32,
        /// What it came to.
        verdict: Verdict,
    },
    /// A check needs no more samples.
    CheckSettled {
        /// Which list.
        about: About,
        /// The check's place in it.
        check: u32,
        /// What it came to; none when its `when` left it out.
        verdict: Option<Verdict>,
    },
    /// A list of checks was answered.
    InquiryEnded {
        /// Which.
        about: About,
        /// What it came to.
        verdict: Verdict,
    },
    /// What will be acted on was listed.
    ItemsListed {
        /// For which step.
        step: StepId,
        /// On which host.
        host: HostName,
        /// They.
        items: Vec<String>,
        /// When.
        listing: Listing,
    },
    /// A step did not do what it should on a host; what follows from that is decided next.
    Faltered {
        /// The step.
        step: StepId,
        /// The host.
        host: HostName,
        /// What happened.
        why: String,
        /// Whether the host could not be reached.
        unreachable: bool,
    },
    /// An attempt is about to be sent. Durable before a byte of it leaves.
    Intended {
        /// Which attempt.
        attempt: AttemptId,
        /// What it does.
        effect: Effect,
        /// What is sent.
        payload: Payload,
        /// The digest of the order.
        digest: Digest,
        /// Where its job is kept; none for a read and for a request.
        place: Option<Place>,
    },
    /// A card is to be approved on these terms. Durable before anyone answers it.
    Requested {
        /// The digest of the card.
        card: Digest,
        /// Who is asked for what, and until when.
        terms: Terms,
    },
    /// What was asked for, or approved, stands no longer.
    Expired {
        /// Of which step.
        step: StepId,
        /// Which request.
        request: Digest,
    },
    /// A person approved a destroy. Durable before a byte of it leaves.
    Approved {
        /// What, and what it is bound to.
        approval: Approval,
    },
    /// An attempt came back.
    Exited {
        /// Which.
        attempt: AttemptId,
        /// With what.
        outcome: Outcome,
    },
    /// A host is asked where jobs are kept.
    BaseAsked {
        /// Whose.
        keeper: Keeper,
    },
    /// A directory for jobs was chosen, by writing to it.
    BaseChosen {
        /// Whose.
        keeper: Keeper,
        /// Which.
        base: JobBase,
        /// Better places that were refused, and why: a full disk is to be told.
        passed_over: Vec<String>,
    },
    /// No directory can keep a job.
    BaseRefused {
        /// Whose.
        keeper: Keeper,
        /// Why.
        why: String,
    },
    /// The run was taken up again after its process had ended.
    Resumed {
        /// By whom.
        by: String,
        /// How.
        options: super::Options,
    },
    /// A host is asked what became of an attempt that nobody follows.
    Sought {
        /// Which.
        attempt: AttemptId,
    },
    /// The host answered.
    Found {
        /// Which.
        attempt: AttemptId,
        /// What it says.
        found: Found,
    },
    /// An attempt that was found is followed again.
    Reattached {
        /// Which.
        attempt: AttemptId,
    },
    /// An attempt did not come back.
    Lost {
        /// Which.
        attempt: AttemptId,
        /// Why, and whether it may have run.
        loss: Loss,
    },
    /// A value was computed, chosen or asked.
    Valued {
        /// By which step.
        step: StepId,
        /// On which host, where the value is the host's.
        host: Option<HostName>,
        /// Its name.
        name: ValueName,
        /// The value; none is `none`.
        value: Option<Value>,
    },
    /// A person opened a shell on a host from a failure card. Durable before it is opened; what they
    /// did there is theirs to tell.
    ShellOpened {
        /// The step that failed.
        step: StepId,
        /// Where.
        host: HostName,
        /// Who.
        by: String,
    },
    /// The engine stood still: it was stopped, or its machine slept. Its timers did, too; what runs on
    /// hosts did not.
    StoodStill {
        /// How long.
        lasted: Duration,
    },
    /// A timer was started.
    TimerStarted {
        /// Which.
        timer: Timer,
        /// How long it runs.
        after: Duration,
    },
    /// A timer fired.
    TimerFired {
        /// Which.
        timer: Timer,
    },
    /// A question was put.
    Asked {
        /// Which.
        question: QuestionId,
        /// What it is about, for the reader of the journal.
        about: Topic,
    },
    /// A question was answered.
    Answered {
        /// Which.
        question: QuestionId,
        /// With what.
        answer: Answer,
        /// By whom.
        by: String,
    },
    /// A question needs no answer any more.
    Withdrawn {
        /// Which.
        question: QuestionId,
    },
    /// A step ended on a host.
    HostEnded {
        /// The step.
        step: StepId,
        /// The host.
        host: HostName,
        /// How.
        status: StepStatus,
        /// Why, where that is not plain.
        why: Option<String>,
    },
    /// A step was undone on a host, or that failed.
    Undone {
        /// The step.
        step: StepId,
        /// The host.
        host: HostName,
        /// Why it failed; none when it did not.
        failure: Option<String>,
    },
    /// The run goes back: no new step starts, what runs ends, and then what it did is undone.
    UndoBegan {
        /// How far.
        back: Back,
        /// Who said so; none where the runbook does.
        by: Option<String>,
        /// Why.
        why: String,
    },
    /// The undos that change something were agreed to.
    UndoAgreed,
    /// The undo of a step began on a host.
    UndoTurnBegan {
        /// The step.
        step: StepId,
        /// The host.
        host: HostName,
    },
    /// Going back has ended.
    UndoEnded {
        /// How.
        how: BackEnd,
        /// What was left as it was.
        left: Vec<Left>,
    },
    /// A step ended on all its hosts, or was undone on all on which it had started.
    StepEnded {
        /// The step.
        step: StepId,
        /// How.
        status: StepStatus,
        /// Why, where that is not plain.
        why: Option<String>,
    },
    /// Everything that comes before the first change has ended.
    Previewed,
    /// The changes were agreed to; the first may go.
    Agreed,
    /// It was decided that the run ends: nothing new starts.
    Ending {
        /// Why.
        ending: Ending,
    },
    /// A person asked for a halt: nothing new starts until they say what becomes of what runs.
    Interrupted {
        /// How.
        how: String,
        /// What they have said of it already.
        decided: Option<Answer>,
    },
    /// What runs is being stopped, since a person said so.
    CancelAsked {
        /// Which.
        attempt: AttemptId,
    },
    /// Someone asked the run to stop, by a signal or otherwise.
    StopAsked {
        /// How.
        how: String,
    },
    /// The run has ended.
    Ended {
        /// The exit code of operator.md's table.
        code: u8,
        /// The sentence.
        sentence: String,
    },
}

/// When a list of what will be acted on was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listing {
    /// For the preview: it is read again at its turn.
    Preview,
    /// At its turn: this is what is shown and acted on.
    Turn,
    /// After the yes: a difference voids it.
    Again,
}

/// What a timer is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timer {
    /// The next sample of a check.
    Sample {
        /// Of which list.
        about: About,
        /// The check's place in it.
        check: u32,
        /// Which tick, from 1.
        tick: u32,
    },
    /// The wait before an attempt is made again.
    Retry {
        /// The attempt that comes.
        attempt: AttemptId,
    },
}

/// What a question was about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// The changes of the plan.
    Changes,
    /// A card; the digest is what an approval will be bound to.
    Destroy {
        /// The step.
        step: StepId,
        /// The hosts.
        hosts: Vec<HostName>,
        /// Of the card.
        digest: Digest,
    },
    /// Signatures of a card that takes several people.
    Signatures {
        /// The step.
        step: StepId,
        /// Which request they sign.
        request: Digest,
    },
    /// A failure.
    Failure {
        /// The step.
        step: StepId,
        /// The host.
        host: HostName,
    },
    /// A choice.
    Choose {
        /// The step.
        step: StepId,
    },
    /// A person's work.
    Manual {
        /// The step.
        step: StepId,
    },
    /// A person's work that undoes a step.
    Undo {
        /// The step.
        step: StepId,
        /// Where it is undone.
        host: HostName,
    },
    /// What would be undone.
    GoBack {
        /// The digest of what was shown.
        chain: Digest,
    },
    /// Something that going back does not do, or go past, by itself.
    Obstacle {
        /// The step.
        step: StepId,
        /// Where.
        hosts: Vec<HostName>,
    },
    /// An attestation.
    Attest {
        /// The probe it answers.
        probe: ProbeId,
    },
    /// An attempt that may or may not have run.
    Unknown {
        /// Which.
        attempt: AttemptId,
    },
    /// A halt.
    Interrupt,
}

impl Event {
    /// Whether it must be on the disk before anything is sent, or before its consequence is.
    #[must_use]
    pub fn must_be_durable(&self) -> bool {
        match self {
            Self::Intended { effect, .. } => *effect > Effect::Read,
            Self::Exited { .. }
            | Self::Lost { .. }
            | Self::Requested { .. }
            | Self::Approved { .. }
            | Self::Answered { .. }
            | Self::ShellOpened { .. }
            | Self::HostEnded { .. }
            | Self::Undone { .. }
            | Self::UndoBegan { .. }
            | Self::UndoAgreed
            | Self::UndoEnded { .. }
            | Self::StepEnded { .. }
            | Self::Agreed
            | Self::PlanTaken { .. }
            | Self::Resumed { .. }
            | Self::Found { .. }
            | Self::Planned { .. }
            | Self::Ended { .. } => true,
            _ => false,
        }
    }
}
