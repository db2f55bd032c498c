//! News from the world.

use std::time::Duration;

use super::Options;
use super::about::ProbeId;
use super::attempt::{AttemptId, Loss, Outcome};
use super::event::Timer;
use super::place::{Found, JobBase, Keeper};
use super::question::{Answer, QuestionId};
use crate::base::{Digest, HostName, StepId};
use crate::plan::{Identity, Verdict};

/// News from the world.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Input {
    /// The run may begin.
    Begin,
    /// The lock was taken.
    LockTaken {
        /// Its name.
        name: String,
        /// On which host; none is this machine.
        host: Option<HostName>,
    },
    /// Someone else holds it.
    LockRefused {
        /// Its name.
        name: String,
        /// On which host; none is this machine.
        host: Option<HostName>,
        /// Who, since when, which run.
        holder: String,
    },
    /// A plan file was used up for this run.
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
    /// The connection over which a lock was held on a host is gone.
    LockLost {
        /// Its name.
        name: String,
        /// On which host.
        host: HostName,
    },
    /// A host was connected to.
    Connected {
        /// Which.
        host: HostName,
        /// Who it says it is.
        identity: Identity,
    },
    /// A host could not be connected to.
    Unreachable {
        /// Which.
        host: HostName,
        /// Why.
        why: String,
    },
    /// The engine stood still: it was stopped, or its machine slept. Its timers did, too; what runs on
    /// hosts did not.
    StoodStill {
        /// How long.
        lasted: Duration,
    },
    /// The run is taken up again.
    Resume {
        /// By whom.
        by: String,
        /// How.
        options: Options,
    },
    /// Where jobs are kept.
    BaseChosen {
        /// Whose.
        keeper: Keeper,
        /// Which directory.
        base: JobBase,
        /// Better places that were refused, and why.
        passed_over: Vec<String>,
    },
    /// No directory can keep a job.
    BaseRefused {
        /// Whose.
        keeper: Keeper,
        /// Why.
        why: String,
    },
    /// A host says what became of an attempt.
    Found {
        /// Which.
        attempt: AttemptId,
        /// What.
        found: Found,
    },
    /// A probe was answered.
    ProbeAnswered {
        /// Which.
        probe: ProbeId,
        /// With what.
        verdict: Verdict,
    },
    /// An attempt came back.
    Exited {
        /// Which.
        attempt: AttemptId,
        /// With what.
        outcome: Outcome,
    },
    /// An attempt did not come back.
    Lost {
        /// Which.
        attempt: AttemptId,
        /// Why, and whether it may have run.
        loss: Loss,
    },
    /// A timer fired.
    TimerFired {
        /// Which.
        timer: Timer,
    },
    /// A person answered.
    Answered {
        /// Which question.
        question: QuestionId,
        /// With what.
        answer: Answer,
        /// Who.
        by: String,
    },
    /// A person wants the run to go back.
    UndoAsked {
        /// Down to this step, and it too; none is all of it.
        to: Option<StepId>,
        /// Who.
        by: String,
    },
    /// A person asked for a halt; asked for again, the run is left.
    Interrupted {
        /// How: `SIGINT`.
        how: String,
        /// What becomes of what runs, where that is decided already.
        decided: Option<Answer>,
    },
    /// A signal came, or someone asked to detach.
    StopAsked {
        /// How: `SIGINT`, `SIGTERM`, `detach`.
        how: String,
    },
}
