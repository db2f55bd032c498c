//! Why a run ends, how it winds down, and what it ends with.

use super::super::about::{About, Slot};
use super::super::action::Action;
use super::super::event::{Event, Topic};
use super::super::inquiry::Inquired;
use super::super::machine::{Move, Run};
use super::super::question::Answer;
use super::super::state::{Link, Main, Phase, Turn};
use super::super::status::{Ending, StepStatus};
use super::step::{outcome, step_ended};
use crate::base::HostName;
use crate::plan::Verdict;
use crate::runbook::{Check, Kind, OnFailure, Place, Step};

impl Run {
    /// Whether something has happened after which nothing new may start.
    pub(super) fn reason_to_end(&self) -> Option<Ending> {
        if let Some(how) = &self.state().stop_asked {
            return Some(Ending::Detached { how: how.clone() });
        }
        if !self.state().changed_now
            && let Some(sentence) = self.unreachable_sentence()
        {
            return Some(Ending::Unreachable { sentence });
        }
        self.plan().runbook.steps.iter().find_map(|step| self.reason_of(step))
    }

    fn reason_of(&self, step: &Step) -> Option<Ending> {
        let state = self.state().steps.get(&step.id)?;
        let turns = || state.hosts.iter().flatten();
        let with = |wanted: StepStatus| {
            turns().find(|(_, t)| matches!(&t.ended, Some((status, _)) if *status == wanted))
        };
        if let Some((host, turn)) = with(StepStatus::Unknown) {
            let sentence =
                format!("it is not known whether `{}` ran on {host}: {}", step.id, why(turn));
            return Some(Ending::Unknown { sentence });
        }
        if let Some((host, turn)) = with(StepStatus::Declined) {
            let sentence = format!("`{}` was declined on {host}: {}", step.id, why(turn));
            return Some(Ending::PersonNeeded { sentence });
        }
        if let Some((StepStatus::Declined, why)) = &state.ended {
            let why = why.clone().unwrap_or_default();
            return Some(Ending::PersonNeeded { sentence: format!("`{}`: {why}", step.id) });
        }
        if let Some(ending) = self.failed_too_often(step) {
            return Some(ending);
        }
        if state.ended.is_some() {
            return self.reason_of_ended(step);
        }
        None
    }

    pub(super) fn failed_too_often(&self, step: &Step) -> Option<Ending> {
        let state = self.state().steps.get(&step.id)?;
        if step.on_failure == Some(OnFailure::Continue) {
            return None;
        }
        let failed: Vec<_> = state
            .hosts
            .iter()
            .flatten()
            .filter(|(_, turn)| matches!(turn.ended, Some((StepStatus::Failed, _))))
            .collect();
        let all = state.hosts.as_ref().is_some_and(|hosts| hosts.len() == failed.len());
        let too_many = failed.len() > step.max_failed as usize || (all && !failed.is_empty());
        let by_itself = matches!(state.ended, Some((StepStatus::Failed, _)));
        if !too_many && !by_itself {
            return None;
        }
        let answer = failed.iter().find_map(|(_, turn)| turn.failure.as_ref()?.answer.as_ref());
        if matches!(answer, Some(Answer::Quit | Answer::GoBack { .. })) {
            return Some(Ending::QuitAtFailure { step: step.id.clone() });
        }
        let sentence = match failed.first() {
            Some((host, turn)) => format!("{host}: {}", why(turn)),
            None => state.ended.as_ref().and_then(|(_, why)| why.clone()).unwrap_or_default(),
        };
        Some(Ending::Failed { step: step.id.clone(), sentence })
    }

    /// `stop_if`, `finish_if`, and a choice that stops.
    fn reason_of_ended(&self, step: &Step) -> Option<Ending> {
        let done = [Some(StepStatus::Done), Some(StepStatus::Accepted)];
        if !done.contains(&self.state().status(&step.id)) {
            return None;
        }
        let id = step.id.clone();
        if let Kind::Choose { options, .. } = &step.kind {
            let key = match self.state().values.get(id.as_str())? {
                super::super::state::Delivered::One(Some(value)) => value.text(),
                _ => return None,
            };
            let choice = options.get(&key).filter(|choice| choice.stop)?;
            let sentence = choice.label.for_person(&self.scope(Some(step), None));
            return Some(Ending::Stopped { step: id, sentence });
        }
        let held = |slot| {
            self.state().inquiries.iter().find_map(|(about, inquiry)| match about {
                About::Step { step, slot: asked, .. } if *step == id && *asked == slot => {
                    inquiry.verdict.as_ref().filter(|verdict| verdict.held())
                }
                _ => None,
            })
        };
        if let Some(verdict) = held(Slot::StopIf) {
            return Some(Ending::Stopped { step: id.clone(), sentence: verdict.line().to_owned() });
        }
        let verdict = held(Slot::FinishIf)?;
        Some(Ending::Finished { step: id.clone(), sentence: verdict.line().to_owned() })
    }

    /// A host that cannot be had and that the plan cannot do without.
    fn unreachable_sentence(&self) -> Option<String> {
        let down = |host: &HostName| match self.link(host) {
            Some(Link::Down(why)) => Some(why.clone()),
            _ => None,
        };
        let sentence = |host: &HostName, why: String| format!("{host} cannot be reached: {why}");
        let runbook = &self.plan().runbook;
        let checks = runbook.goal.iter().chain(&runbook.preconditions);
        for check in checks.filter(|check| check.pick.is_none()) {
            for host in check_hosts(self, check) {
                if let Some(why) = down(&host) {
                    return Some(sentence(&host, why));
                }
            }
        }
        for step in &runbook.steps {
            if self.state().status(&step.id).is_some() {
                continue;
            }
            let wanted = self.wanted_hosts(step);
            let lost: Vec<_> = wanted
                .iter()
                .filter_map(|host| down(host).map(|why| (host.clone(), why)))
                .collect();
            let spare = match step.pick {
                // One that can be reached is kept instead; none is left when all are lost.
                Some(_) => wanted.len().saturating_sub(1),
                None => step.max_failed as usize,
            };
            if lost.len() > spare {
                return lost.into_iter().next().map(|(host, why)| sentence(&host, why));
            }
        }
        None
    }

    /// The hosts of a step, as far as they are known: those that `where` is known to leave out are
    /// not needed.
    fn wanted_hosts(&self, step: &Step) -> Vec<HostName> {
        let selected = self.state().steps.get(&step.id).and_then(|state| state.hosts.as_ref());
        if let Some(hosts) = selected {
            return hosts.keys().cloned().collect();
        }
        let mut hosts = self.place_hosts(&step.place);
        hosts.retain(|host| {
            let scope = self.scope(Some(step), Some(host));
            step.filter.as_ref().is_none_or(|filter| filter.holds(&scope) != Ok(false))
        });
        hosts
    }

    /// Nothing new starts; what runs ends; then the goal is asked, and the run is over.
    pub(super) fn wind_down(&self, ending: &Ending) -> Option<Move> {
        if let Some(next) = self.withdraw_move() {
            return Some(next);
        }
        if matches!(ending, Ending::Detached { .. }) {
            return self.end_move();
        }
        if self.state().stop_asked.is_some() && !matches!(ending, Ending::PreviewOnly) {
            return self.end_move();
        }
        match self.astray_move() {
            Ok(()) => {}
            Err(next) => return next,
        }
        if let Some(next) = self.finish_active() {
            return next;
        }
        if let Some(next) = self.goes_back_by_itself(ending) {
            return Some(next);
        }
        if *ending == Ending::PreviewOnly
            || self.state().phase < Phase::Execution && !keeps_going(ending)
        {
            return self.end_move();
        }
        let rest = match ending {
            Ending::Finished { .. } => StepStatus::NotNeeded,
            _ => StepStatus::Cancelled,
        };
        if let Some(next) = self.close_step(rest) {
            return Some(next);
        }
        match self.back_move() {
            Ok(()) => {}
            Err(next) => return next,
        }
        if self.state().changed || matches!(ending, Ending::Finished { .. }) {
            return self.conclude();
        }
        self.end_move()
    }

    /// Questions that nobody needs answered any more.
    fn withdraw_move(&self) -> Option<Move> {
        let (id, _) = self
            .state()
            .questions
            .iter()
            .find(|(_, asked)| asked.answer.is_none() && !self.is_needed(&asked.about))?;
        Some(Move::order(Event::Withdrawn { question: *id }, Action::Withdraw { id: *id }))
    }

    /// While a run winds down a person is still asked about what is undone.
    fn is_needed(&self, about: &Topic) -> bool {
        let undoing = |step: &crate::base::StepId| self.state().undoing(step).is_some();
        self.state().stop_asked.is_none()
            && match about {
                Topic::Undo { step, .. }
                | Topic::Destroy { step, .. }
                | Topic::Signatures { step, .. } => undoing(step),
                Topic::Attest { probe } => match &probe.about {
                    About::Step {
                        slot: Slot::UndoPrecondition | Slot::UndoVerify, step, ..
                    } => undoing(step),
                    _ => false,
                },
                Topic::GoBack { .. } | Topic::Obstacle { .. } => true,
                _ => false,
            }
    }

    /// What has started is brought to its end; the outer none when nothing runs.
    pub(super) fn finish_active(&self) -> Option<Option<Move>> {
        let mut waits = false;
        for step in &self.plan().runbook.steps {
            let Some(hosts) = self.state().steps.get(&step.id).and_then(|s| s.hosts.as_ref())
            else {
                continue;
            };
            for (host, turn) in hosts {
                if turn.ended.is_some() || !turn.has_acted() {
                    continue;
                }
                if let Main::Waiting(_) | Main::Due = turn.main {
                    let why = Some("the run ended before it was tried again".to_owned());
                    return Some(Some(super::turn::host_ended(
                        step,
                        host,
                        StepStatus::Failed,
                        why,
                    )));
                }
                match self.turn_move(step, host, turn) {
                    Some(next) => return Some(Some(next)),
                    // What a run would go on asking, a preview does not wait for.
                    None => waits |= self.keeps_asking(step).is_none(),
                }
            }
        }
        waits.then_some(None)
    }

    /// Says of every step that did not end how it did.
    fn close_step(&self, rest: StepStatus) -> Option<Move> {
        self.plan().runbook.steps.iter().find_map(|step| {
            let state = self.state().steps.get(&step.id);
            if state.is_some_and(|state| state.ended.is_some()) {
                return None;
            }
            let turns: Vec<(&HostName, &Turn)> =
                state.and_then(|state| state.hosts.as_ref()).into_iter().flatten().collect();
            if let Some((host, _)) = turns.iter().find(|(_, turn)| turn.ended.is_none()) {
                return Some(super::turn::host_ended(step, host, rest, None));
            }
            let has = |wanted| {
                turns
                    .iter()
                    .any(|(_, t)| matches!(&t.ended, Some((status, _)) if *status == wanted))
            };
            if !turns.is_empty() && !has(rest) {
                let (status, why) = outcome(step, &turns);
                return Some(step_ended(step, status, why));
            }
            let grave = [StepStatus::Unknown, StepStatus::Failed, StepStatus::Declined];
            let worst = grave.into_iter().find(|wanted| has(*wanted));
            Some(step_ended(step, worst.unwrap_or(rest), None))
        })
    }

    /// Every step has ended: the goal is asked once more.
    pub(super) fn conclude(&self) -> Option<Move> {
        if self.plan().runbook.goal.is_empty() {
            return self.end_move();
        }
        match self.inquire(&About::GoalAtEnd) {
            Inquired::Next(next) => Some(*next),
            Inquired::Waiting => None,
            Inquired::NotYet | Inquired::Ended(_) => self.end_move(),
        }
    }

    fn end_move(&self) -> Option<Move> {
        let (code, sentence) = self.verdict();
        Some(Move::order(Event::Ended { code, sentence }, Action::Close { code }))
    }

    /// The goal, as it was last asked at the end.
    pub(in super::super) fn goal_at_end(&self) -> Option<&Verdict> {
        self.state().inquiries.get(&About::GoalAtEnd)?.verdict.as_ref()
    }
}

/// Endings after which the steps that did not run are still told apart.
const fn keeps_going(ending: &Ending) -> bool {
    matches!(ending, Ending::Finished { .. } | Ending::Stopped { .. } | Ending::Failed { .. })
}

fn why(turn: &Turn) -> String {
    turn.ended.as_ref().and_then(|(_, why)| why.clone()).unwrap_or_default()
}

fn check_hosts(run: &Run, check: &Check) -> Vec<HostName> {
    match &check.place {
        Place::Role(role) => run.plan().role(role).to_vec(),
        Place::Local | Place::StepHost => Vec::new(),
    }
}
