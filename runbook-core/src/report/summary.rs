//! What became of a run, folded from its records alone: the same for the screen at its end, for
//! `history` and for a program that reads it. Knows nothing of how it is drawn.

use std::collections::BTreeSet;
use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Serialize;

use crate::base::{Digest, EnvName, HostName, RunId, StepId, Value, ValueName};
use crate::plan::{Identity, Verdict};
use crate::run::{
    About, Answer, AttemptId, Effect, Ending, Left, Loss, Options, Record, StepStatus, Topic,
};

/// A run as far as its records tell.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// What was started; none in an empty journal.
    pub planned: Option<Planned>,
    /// When the first record was written.
    pub began: Option<Timestamp>,
    /// When the last one was.
    pub last: Option<Timestamp>,
    /// From the first to the last, by the clock that never goes back.
    pub took: Duration,
    /// How much of that a person was waited for.
    pub waited: Duration,
    /// The hosts that were to be connected to.
    pub hosts: IndexMap<HostName, HostLine>,
    /// The steps that were come to, in that order.
    pub steps: IndexMap<StepId, StepLine>,
    /// The lists of checks that were asked, in that order.
    pub inquiries: Vec<InquiryLine>,
    /// Every attempt that was not a read.
    pub effects: Vec<EffectLine>,
    /// The values that were taken, computed, chosen or asked; the last of each.
    pub values: Vec<ValueLine>,
    /// Hosts on which people opened a shell from a card, and who: what was done there is not here.
    pub shells: IndexMap<HostName, BTreeSet<String>>,
    /// What people decided.
    pub decisions: Vec<Decision>,
    /// Whether the first change was agreed to.
    pub agreed: bool,
    /// What going back left as it was.
    pub left: Vec<Left>,
    /// Why the run ends before its last step.
    pub ending: Option<Ending>,
    /// How it was asked to stop.
    pub stop_asked: Option<String>,
    /// How it ended; none while it runs, or when it was cut off.
    pub ended: Option<Ended>,
    /// Who took it up again, and when.
    pub resumed: Vec<(Timestamp, String)>,
    /// How many records.
    pub records: u64,
    /// The `sum` of the last of them: what an audit compares.
    pub head: Option<Digest>,
    #[serde(skip)]
    pub(super) clock: Clockwork,
}

/// What was started.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Planned {
    /// The run.
    pub run: RunId,
    /// The runbook's name.
    pub runbook: String,
    /// The digest of its text.
    pub digest: Digest,
    /// The environment.
    pub environment: Option<EnvName>,
    /// Who started it.
    pub operator: String,
    /// How.
    pub options: Options,
}

/// A host.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct HostLine {
    /// Who it is; none when it was not connected to.
    pub identity: Option<Identity>,
    /// Why it was not.
    pub unreachable: Option<String>,
}

/// A step.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StepLine {
    /// How it ended; none when it has not.
    pub status: Option<StepStatus>,
    /// Why, where that is not plain.
    pub why: Option<String>,
    /// From its first turn to its end.
    pub took: Duration,
    /// Its hosts, in the order of their turns.
    pub hosts: IndexMap<HostName, StepHost>,
}

/// A step on a host.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StepHost {
    /// How it ended there; none when it has not.
    pub status: Option<StepStatus>,
    /// Why, where that is not plain.
    pub why: Option<String>,
    /// From its turn to its end there.
    pub took: Duration,
    /// How often the step itself was sent.
    pub attempts: u32,
    /// How many of these were not done.
    pub failures: u32,
    /// How many came after one that was not done.
    pub retries: u32,
    /// Whether it was undone there.
    pub undone: bool,
    /// Why its undo failed; none when it did not, or there was none.
    pub undo_failure: Option<String>,
}

/// A list of checks and what it came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InquiryLine {
    /// Which.
    pub about: About,
    /// What it came to; none while it is asked.
    pub verdict: Option<Verdict>,
    /// Its checks, a line each and host.
    pub checks: Vec<CheckTally>,
}

/// A check on a host: how often it was asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckTally {
    /// Its place in the list.
    pub check: u32,
    /// Which check of the goal, where it is `goal = true`.
    pub part: Option<u32>,
    /// Where.
    pub host: HostName,
    /// How many samples were answered.
    pub asked: u32,
    /// How many of them held.
    pub held: u32,
    /// The last.
    pub last: Verdict,
}

/// An attempt that was not a read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EffectLine {
    /// Which.
    pub attempt: AttemptId,
    /// What it does.
    pub effect: Effect,
    /// What is known of it.
    pub fate: Fate,
}

/// What is known of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It may have been sent, and nothing came back yet. Of a run that was cut off: unknown.
    Intended,
    /// It came back as it should.
    Done,
    /// It ran, and came back otherwise: what it changed until then is changed.
    Failed(String),
    /// It never started.
    NotStarted(String),
    /// It may or may not have run.
    Unknown(String),
    /// It may or may not have run, and a person has decided what that means: who, and what.
    Settled(String),
}

/// A value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ValueLine {
    /// From which step.
    pub step: StepId,
    /// Its name.
    pub name: ValueName,
    /// The host, where the value was taken there.
    pub host: Option<HostName>,
    /// The value; none is `none`.
    pub value: Option<Value>,
}

/// What a person decided.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// About what.
    pub about: Topic,
    /// What.
    pub answer: Answer,
    /// Who.
    pub by: String,
    /// How long they were waited for.
    pub waited: Duration,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// The exit code.
    pub code: u8,
    /// The sentence.
    pub sentence: String,
}

/// What the fold remembers from one record to the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Clockwork {
    /// `elapsed_ms` of the last record.
    pub(super) elapsed_ms: u64,
    /// When questions were put that have no answer yet, by their number.
    pub(super) asked: IndexMap<u32, (Duration, Topic)>,
    /// When the turns of steps began.
    pub(super) began: IndexMap<StepId, Duration>,
    /// When the turns of steps on hosts began.
    pub(super) began_on: IndexMap<(StepId, HostName), Duration>,
}

impl Summary {
    /// The summary of these records.
    #[must_use]
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut summary = Self::default();
        for record in records {
            summary.observe(record);
        }
        summary
    }

    /// Every host on which an attempt of this effect may have done something, by step.
    #[must_use]
    pub fn touched(&self, effect: Effect) -> IndexMap<&StepId, Vec<&HostName>> {
        let mut touched: IndexMap<&StepId, Vec<&HostName>> = IndexMap::new();
        let may_have_run =
            |line: &&EffectLine| line.effect == effect && !matches!(line.fate, Fate::NotStarted(_));
        for EffectLine { attempt, .. } in self.effects.iter().filter(may_have_run) {
            let hosts = touched.entry(&attempt.step).or_default();
            if !hosts.contains(&&attempt.host) {
                hosts.push(&attempt.host);
            }
        }
        touched
    }

    /// The attempts of which nobody knows whether they ran.
    pub fn in_doubt(&self) -> impl Iterator<Item = &EffectLine> {
        self.effects.iter().filter(|line| matches!(line.fate, Fate::Intended | Fate::Unknown(_)))
    }

    /// How many steps ended so.
    #[must_use]
    pub fn count(&self, status: StepStatus) -> usize {
        self.steps.values().filter(|step| step.status == Some(status)).count()
    }

    /// How often steps were sent again after an attempt that was not done.
    #[must_use]
    pub fn retries(&self) -> u32 {
        self.steps.values().flat_map(|step| step.hosts.values()).map(|host| host.retries).sum()
    }

    /// The goal as it was last asked.
    #[must_use]
    pub fn goal(&self) -> Option<&InquiryLine> {
        let is_goal =
            |line: &&InquiryLine| matches!(line.about, About::GoalAtStart | About::GoalAtEnd);
        self.inquiries.iter().rfind(is_goal)
    }
}

impl From<&Loss> for Fate {
    fn from(loss: &Loss) -> Self {
        match loss {
            Loss::NotStarted(why) => Self::NotStarted(why.clone()),
            Loss::Unknown(why) => Self::Unknown(why.clone()),
        }
    }
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
