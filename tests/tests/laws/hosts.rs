//! Hosts that keep jobs as real ones do: each attempt is started at most once, runs on when nobody
//! follows it, and is known afterwards. What they count is the truth that a run is held against.

use std::collections::{BTreeMap, BTreeSet};

use runbook_core::base::{HostName, StepId};
use runbook_core::run::{AttemptId, Effect, Found, Order, Part};

/// What a host knows of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    Runs,
    Ended,
}

/// All hosts of a world.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hosts {
    jobs: BTreeMap<AttemptId, Job>,
    /// Attempts that were looked for before they started: they never can.
    fenced: BTreeSet<AttemptId>,
    /// Of these a host cannot tell, since it was started anew.
    forgotten: BTreeSet<AttemptId>,
    /// Attempts that were followed again: they did start.
    followed: BTreeSet<AttemptId>,
    /// Every effect there was, in order.
    pub(crate) effects: Vec<AttemptId>,
    /// What must never be, and was.
    pub(crate) wrong: Vec<String>,
}

/// What becomes of the jobs that run while nobody follows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meanwhile {
    RunOn,
    End,
    Reboot,
}

impl Hosts {
    /// A job starts, and has its effect.
    pub(crate) fn start(&mut self, order: &Order) {
        if order.effect == Effect::Read {
            return;
        }
        let id = &order.id;
        if self.fenced.contains(id) {
            self.wrong.push(format!("{id} was started after it was fenced"));
        }
        if self.jobs.insert(id.clone(), Job::Runs).is_some() {
            self.wrong.push(format!("{id} was started twice"));
        }
        self.effects.push(id.clone());
    }

    /// What was handed over never got there.
    pub(crate) fn never_started(&mut self, id: &AttemptId) {
        self.jobs.remove(id);
        self.effects.retain(|other| other != id);
    }

    /// A job is followed again: never one that did not start.
    pub(crate) fn follow(&mut self, id: &AttemptId) {
        if !self.knows(id) {
            self.wrong.push(format!("{id} is followed and never began"));
        }
        self.followed.insert(id.clone());
    }

    pub(crate) fn was_followed(&self, id: &AttemptId) -> bool {
        self.followed.contains(id)
    }

    /// A job came to its end.
    pub(crate) fn end(&mut self, id: &AttemptId) {
        if let Some(job) = self.jobs.get_mut(id) {
            *job = Job::Ended;
        }
    }

    pub(crate) fn knows(&self, id: &AttemptId) -> bool {
        self.jobs.contains_key(id)
    }

    pub(crate) fn has_forgotten(&self, id: &AttemptId) -> bool {
        self.forgotten.contains(id)
    }

    /// How often a step, or its undo, had its effect on a host.
    pub(crate) fn times(&self, step: &StepId, host: &HostName, part: Part) -> usize {
        let here = |id: &&AttemptId| id.step == *step && id.host == *host && id.part == part;
        self.effects.iter().filter(here).count()
    }

    /// How often each step, and each undo, had its effect on each host.
    pub(crate) fn tally(&self) -> BTreeMap<(StepId, HostName, Part), usize> {
        self.effects.iter().fold(BTreeMap::new(), |mut tally, id| {
            *tally.entry((id.step.clone(), id.host.clone(), id.part)).or_default() += 1;
            tally
        })
    }

    /// The process that followed the jobs is gone; of `intended` a host that was started anew cannot
    /// tell whether they ran.
    pub(crate) fn left_alone(&mut self, meanwhile: Meanwhile, intended: &[AttemptId]) {
        match meanwhile {
            Meanwhile::RunOn => {}
            Meanwhile::End => self.jobs.values_mut().for_each(|job| *job = Job::Ended),
            Meanwhile::Reboot => {
                let ended = |id: &&AttemptId| self.jobs.get(*id) != Some(&Job::Ended);
                self.forgotten.extend(intended.iter().filter(ended).cloned());
            }
        }
    }

    /// What a host says of an attempt. One that did not start never will.
    pub(crate) fn seek(&mut self, id: &AttemptId) -> Found {
        if self.forgotten.contains(id) {
            return Found::Unknown("the host rebooted".to_owned());
        }
        match self.jobs.get(id) {
            Some(Job::Runs) => Found::Running,
            Some(Job::Ended) => Found::Ended,
            None => {
                self.fenced.insert(id.clone());
                Found::NotStarted
            }
        }
    }
}
