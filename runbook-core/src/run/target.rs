//! Where a check is asked.

use super::about::{About, Slot};
use super::machine::Run;
use super::state::Link;
use crate::base::{HostName, StepId};
use crate::runbook::{Check, Place, Probe, Undo};

/// One host that one check, or one check of the goal, is asked on.
pub(super) struct Target<'a> {
    pub(super) part: Option<u32>,
    pub(super) host: HostName,
    pub(super) check: &'a Check,
}

impl Run {
    /// Where a check is asked.
    pub(super) fn targets<'a>(&'a self, about: &About, check: &'a Check) -> Vec<Target<'a>> {
        if check.probe == Probe::Goal {
            let goal = (0..).zip(&self.plan().runbook.goal);
            return goal
                .filter(|(_, check)| !self.is_left_out(check))
                .flat_map(|(part, check)| {
                    self.hosts_of(about, check).into_iter().map(move |host| Target {
                        part: Some(part),
                        host,
                        check,
                    })
                })
                .collect();
        }
        self.hosts_of(about, check)
            .into_iter()
            .map(|host| Target { part: None, host, check })
            .collect()
    }

    /// Whether a check of the goal is left out; one whose `when` cannot be told is asked.
    pub(super) fn is_left_out(&self, check: &Check) -> bool {
        let scope = self.scope(None, None);
        check.when.as_ref().is_some_and(|when| when.holds(&scope) == Ok(false))
    }

    /// `pick` keeps the first that can be reached: that is known when every connection has ended.
    pub(super) fn waits_for_pick(&self, about: &About, check: &Check) -> bool {
        let picks = |check: &Check| {
            let all = || self.candidates(about, check);
            check.pick.is_some() && all().iter().any(|h| self.link(h) == Some(&Link::Connecting))
        };
        let goal = &self.plan().runbook.goal;
        picks(check) || check.probe == Probe::Goal && goal.iter().any(picks)
    }

    fn hosts_of(&self, about: &About, check: &Check) -> Vec<HostName> {
        let hosts = self.candidates(about, check);
        let once = !matches!(about, About::Step { host: Some(_), .. });
        if once && matches!(check.probe, Probe::Ask(_)) {
            // A person is asked once, not once a host.
            return vec![hosts.into_iter().next().unwrap_or_else(HostName::local)];
        }
        match check.pick {
            Some(pick) => hosts
                .into_iter()
                .filter(|host| {
                    *host == HostName::local() || matches!(self.link(host), Some(Link::Up(_)))
                })
                .take(pick as usize)
                .collect(),
            None => hosts,
        }
    }

    /// Where a check may be asked.
    fn candidates(&self, about: &About, check: &Check) -> Vec<HostName> {
        match (&check.place, about) {
            (Place::Local, _) => vec![HostName::local()],
            (Place::Role(role), _) => self.plan().role(role).to_vec(),
            (Place::StepHost, About::Step { step, host: Some(host), slot, .. }) => {
                self.home(step, host, *slot)
            }
            (Place::StepHost, About::Step { step, .. }) => self.took_part(step),
            (Place::StepHost, _) => vec![HostName::local()],
        }
    }

    /// Where a check is asked that says nothing of it: at its step's host; of an undo, where that
    /// is done.
    fn home(&self, step: &StepId, host: &HostName, slot: Slot) -> Vec<HostName> {
        match self.plan().runbook.step(step).map(|step| (step, &step.undo)) {
            Some((step, Undo::Step(undo)))
                if matches!(slot, Slot::UndoPrecondition | Slot::UndoVerify) =>
            {
                self.undo_hosts(step, undo, host)
            }
            _ => vec![host.clone()],
        }
    }

    /// The hosts on which a step was not skipped.
    fn took_part(&self, step: &StepId) -> Vec<HostName> {
        let turns = self.state().steps.get(step).and_then(|step| step.hosts.as_ref());
        turns
            .into_iter()
            .flatten()
            .filter(|(_, turn)| {
                turn.ended.as_ref().is_none_or(|(status, _)| *status == super::StepStatus::Done)
            })
            .map(|(host, _)| host.clone())
            .collect()
    }
}
