//! A step failed on a host: look, then ask a person, undo, or give up.

use super::super::about::Slot;
use super::super::attempt::{AttemptId, Effect, Part};
use super::super::event::{Event, Topic};
use super::super::inquiry::Inquired;
use super::super::machine::{Move, Run};
use super::super::question::{Answer, FailureCard, FailureOptions, Offers, Question};
use super::super::state::{AttemptEnd, Failure, Turn};
use super::super::status::StepStatus;
use super::order::send;
use super::turn::{about, host_ended};
use crate::base::{AttemptNumber, HostName};
use crate::runbook::{Kind, OnFailure, Place, Step, Undo, UndoAction, UndoStep};

impl Run {
    /// What follows from a failure.
    pub(super) fn failure_move(
        &self,
        step: &Step,
        host: &HostName,
        turn: &Turn,
        failure: &Failure,
    ) -> Option<Move> {
        let ended = |status| Some(host_ended(step, host, status, Some(failure.why.clone())));
        match &failure.answer {
            Some(Answer::PassOver) => return ended(StepStatus::PassedOver),
            Some(Answer::Undo) if step.kind.changes() => {
                return match &turn.undone {
                    None => self.undo_move(step, host, turn),
                    Some(undone) => {
                        let why = match undone {
                            Ok(()) => format!("{}; it was undone", failure.why),
                            Err(why) => format!("{}; its undo failed: {why}", failure.why),
                        };
                        Some(host_ended(step, host, StepStatus::Failed, Some(why)))
                    }
                };
            }
            Some(Answer::Shell) if self.state().ending.is_none() => {
                return Some(self.shell_move(step, host));
            }
            Some(_) => return ended(StepStatus::Failed),
            None => {}
        }
        // What failed while a halt is asked for is decided when the run is taken up again.
        let halts = self.state().ending.is_some() || self.state().interrupt.is_some();
        if halts || failure.unreachable {
            return ended(StepStatus::Failed);
        }
        if let Some(next) = self.diagnose_move(step, host, turn) {
            return next;
        }
        if self.asks_about(step) && !self.tolerates_one_more(step) {
            return self.ask_once(
                Topic::Failure { step: step.id.clone(), host: host.clone() },
                || {
                    let acted = self.has_acted(step, host, turn);
                    Question::Failure(failure_card(step, host, acted, failure))
                },
            );
        }
        ended(StepStatus::Failed)
    }

    /// The card is put again, with a shell before it.
    fn shell_move(&self, step: &Step, host: &HostName) -> Move {
        let about = Topic::Failure { step: step.id.clone(), host: host.clone() };
        let asked = self.state().questions.values().rev().find(|asked| asked.about == about);
        let by = asked.and_then(|asked| asked.answer.as_ref()).map(|(_, by)| by.clone());
        let (step, host) = (step.id.clone(), host.clone());
        Move::fact(Event::ShellOpened { step, host, by: by.unwrap_or_default() })
    }

    /// Whether a person decides when this step fails.
    fn asks_about(&self, step: &Step) -> bool {
        let policy = step.on_failure.unwrap_or(OnFailure::Ask);
        policy == OnFailure::Ask && self.options().person && !self.options().preview_only
    }

    /// How many hosts of a step failed.
    pub(super) fn failed_hosts(&self, step: &Step) -> usize {
        let hosts = self.state().steps.get(&step.id).and_then(|step| step.hosts.as_ref());
        hosts
            .into_iter()
            .flatten()
            .filter(|(_, turn)| matches!(turn.ended, Some((StepStatus::Failed, _))))
            .count()
    }

    fn tolerates_one_more(&self, step: &Step) -> bool {
        self.failed_hosts(step) < step.max_failed as usize
    }

    /// Reads that say more, once a round; the outer none when all have come back.
    fn diagnose_move(&self, step: &Step, host: &HostName, turn: &Turn) -> Option<Option<Move>> {
        for (index, how) in (0..).zip(&step.diagnose) {
            let id = AttemptId {
                step: step.id.clone(),
                host: host.clone(),
                part: Part::Diagnose(index),
                number: AttemptNumber(turn.round),
            };
            match self.state().attempts.get(&id) {
                Some(attempt) if attempt.end.is_none() => return Some(None),
                Some(_) => {}
                // One that cannot be rendered says nothing: what failed matters more.
                None => {
                    if let Ok(order) = self.diagnose_order(step, id, how) {
                        return Some(Some(send(order)));
                    }
                }
            }
        }
        None
    }

    /// Undoes a step where it started, because a person said so; one host at a time.
    fn undo_move(&self, step: &Step, host: &HostName, turn: &Turn) -> Option<Move> {
        let undone = |failure: Option<String>| {
            let (step, host) = (step.id.clone(), host.clone());
            Some(Move::fact(Event::Undone { step, host, failure }))
        };
        if self.state().undoing(&step.id) != Some(host) {
            return None;
        }
        let Undo::Step(undo) = &step.undo else { return undone(Some("it has no undo".to_owned())) };
        match self.undo_check(step, undo, host, turn, Slot::UndoPrecondition) {
            Ok(()) => {}
            Err(Some(Err(why))) => return undone(Some(format!("its precondition: {why}"))),
            Err(Some(Ok(next))) => return Some(next),
            Err(None) => return None,
        }
        match self.undo_act(step, undo, host, turn) {
            Ok(()) => {}
            Err(Some(Err(why))) => return undone(Some(why)),
            Err(Some(Ok(next))) => return Some(next),
            Err(None) => return None,
        }
        match self.undo_check(step, undo, host, turn, Slot::UndoVerify) {
            Ok(()) => undone(None),
            Err(Some(Err(why))) => undone(Some(format!("verify did not pass: {why}"))),
            Err(Some(Ok(next))) => Some(next),
            Err(None) => None,
        }
    }

    /// Ok when the undo itself was done on every host of it.
    fn undo_act(
        &self,
        step: &Step,
        undo: &UndoStep,
        host: &HostName,
        turn: &Turn,
    ) -> Result<(), Option<Result<Move, String>>> {
        if let UndoAction::Manual(text) = &undo.action {
            let text = text.for_person(&self.scope(Some(step), Some(host)));
            return self.manual_undo(step, host, text);
        }
        let targets = self.undo_hosts(step, undo, host);
        if targets.is_empty() {
            return Err(Some(Err("no host is selected to undo it on".to_owned())));
        }
        for (index, target) in targets.iter().enumerate() {
            let Some(id) = turn.undo_attempts.get(index) else {
                if let Ok(Some(order)) = self.undo_order(step, undo, host, target, turn) {
                    self.base_move(&order)?;
                }
                let next = self.undo_send_move(step, undo, host, target, turn);
                return Err(next.map(Ok));
            };
            match self.state().attempts.get(id).and_then(|attempt| attempt.end.as_ref()) {
                None => return Err(None),
                Some(AttemptEnd::Lost(loss)) => {
                    return Err(Some(Err(format!("its outcome is not known: {loss:?}"))));
                }
                Some(AttemptEnd::Exited(outcome)) => {
                    if let Some(why) = &outcome.failure {
                        return Err(Some(Err(why.clone())));
                    }
                }
            }
        }
        Ok(())
    }

    /// Where the undo of a step that ran on `host` is done, the last host first.
    pub(in super::super) fn undo_hosts(
        &self,
        step: &Step,
        undo: &UndoStep,
        host: &HostName,
    ) -> Vec<HostName> {
        let mut hosts = match &undo.place {
            Place::StepHost => vec![host.clone()],
            Place::Local | Place::Role(_) => self.place_hosts(&undo.place),
        };
        hosts.retain(|target| {
            let scope = self.scope(Some(step), Some(target));
            undo.filter.as_ref().is_none_or(|filter| filter.holds(&scope) == Ok(true))
        });
        hosts.reverse();
        hosts
    }

    /// Ok when a list of checks of the undo holds; else what to do, why not, or nothing but wait.
    fn undo_check(
        &self,
        step: &Step,
        undo: &UndoStep,
        host: &HostName,
        turn: &Turn,
        slot: Slot,
    ) -> Result<(), Option<Result<Move, String>>> {
        let checks = if slot == Slot::UndoVerify { &undo.verify } else { &undo.precondition };
        if checks.is_empty() {
            return Ok(());
        }
        match self.inquire(&about(step, host, slot, turn.round)) {
            Inquired::Ended(verdict) if verdict.held() => Ok(()),
            Inquired::Ended(verdict) => Err(Some(Err(verdict.line().to_owned()))),
            Inquired::Next(next) => Err(Some(Ok(*next))),
            Inquired::Waiting => Err(None),
            Inquired::NotYet => Err(Some(Err("it uses a name that is not known".to_owned()))),
        }
    }

    /// Ok when a person says that they undid it.
    fn manual_undo(
        &self,
        step: &Step,
        host: &HostName,
        text: String,
    ) -> Result<(), Option<Result<Move, String>>> {
        let about = Topic::Undo { step: step.id.clone(), host: host.clone() };
        let asked = self.state().questions.values().find(|question| question.about == about);
        let Some(asked) = asked else {
            let step = step.id.clone();
            let question =
                || Question::Manual { step, text, ask: Vec::new(), offers: Offers::new() };
            return Err(self.ask_once(about, question).map(Ok));
        };
        match &asked.answer {
            None => Err(None),
            Some((Answer::Done(_), _)) => Ok(()),
            Some(_) => Err(Some(Err("the person did not say that it is done".to_owned()))),
        }
    }

    /// Whether a step has begun to act on a host, in this round or before.
    fn has_acted(&self, step: &Step, host: &HostName, turn: &Turn) -> bool {
        let by_hand = || {
            let about = Topic::Manual { step: step.id.clone() };
            let mut asked = self.state().questions.values().filter(|q| q.about == about);
            asked.any(|asked| matches!(asked.answer, Some((Answer::Done(_), _))))
        };
        step.kind.changes()
            && (turn.attested || self.has_started(&step.id, Some(host)) || by_hand())
    }
}

fn failure_card(step: &Step, host: &HostName, acted: bool, failure: &Failure) -> FailureCard {
    let effect = match &step.kind {
        Kind::Change(_) | Kind::Manual(_) => Effect::Change,
        Kind::Destroy(_) => Effect::Destroy,
        _ => Effect::Read,
    };
    FailureCard {
        step: step.id.clone(),
        host: host.clone(),
        effect,
        why: failure.why.clone(),
        shell: failure.shell,
        may: FailureOptions {
            retry: true,
            pass_over: true,
            undo: acted && matches!(step.undo, Undo::Step(_)),
        },
    }
}
