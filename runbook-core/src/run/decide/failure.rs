//! A step failed on a host: look, then ask a person, undo, or give up.

use super::super::about::Slot;
use super::super::attempt::{AttemptId, Effect, Part};
use super::super::event::{Event, Topic};
use super::super::inquiry::Inquired;
use super::super::machine::{Move, Run};
use super::super::question::{Answer, FailureCard, FailureOptions, Question};
use super::super::state::{AttemptEnd, Failure, Main, Turn};
use super::super::status::StepStatus;
use super::order::send;
use super::turn::{about, host_ended};
use crate::base::HostName;
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
                    Some(_) => ended(StepStatus::Failed),
                };
            }
            Some(_) => return ended(StepStatus::Failed),
            None => {}
        }
        if self.state().ending.is_some() || failure.unreachable {
            return ended(StepStatus::Failed);
        }
        if let Some(next) = self.diagnose_move(step, host, turn) {
            return next;
        }
        if self.asks_about(step) && !self.tolerates_one_more(step) {
            return self
                .ask_once(Topic::Failure { step: step.id.clone(), host: host.clone() }, || {
                    Question::Failure(failure_card(step, host, turn, failure))
                });
        }
        ended(StepStatus::Failed)
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
        for index in 0..step.diagnose.len() {
            let part = Part::Diagnose(u32::try_from(index).unwrap_or(u32::MAX));
            let number = self.next_number(step, host, part);
            if number.0 > turn.round {
                let last = AttemptId {
                    step: step.id.clone(),
                    host: host.clone(),
                    part,
                    number: crate::base::AttemptNumber(number.0 - 1),
                };
                if self.state().attempts.get(&last).is_some_and(|attempt| attempt.end.is_none()) {
                    return Some(None);
                }
                continue;
            }
            // One that cannot be rendered says nothing: what failed matters more.
            if let Ok(order) = self.diagnose_order(step, host, index) {
                return Some(Some(send(order)));
            }
        }
        None
    }

    /// Undoes a step where it started, because a person said so.
    fn undo_move(&self, step: &Step, host: &HostName, turn: &Turn) -> Option<Move> {
        let undone = |failure: Option<String>| {
            let (step, host) = (step.id.clone(), host.clone());
            Some(Move::fact(Event::Undone { step, host, failure }))
        };
        let Undo::Step(undo) = &step.undo else { return undone(Some("it has no undo".to_owned())) };
        match self.undo_check(step, undo, host, turn, Slot::UndoPrecondition) {
            Ok(()) => {}
            Err(Some(Err(why))) => return undone(Some(format!("its precondition: {why}"))),
            Err(Some(Ok(next))) => return Some(next),
            Err(None) => return None,
        }
        if let UndoAction::Manual(text) = &undo.action {
            return self.manual_undo_move(
                step,
                host,
                &text.for_person(&self.scope(Some(step), Some(host))),
            );
        }
        let target = if undo.place == Place::Local { HostName::local() } else { host.clone() };
        let last = self
            .state()
            .attempts
            .iter()
            .rfind(|(id, _)| id.step == step.id && id.host == target && id.part == Part::Undo);
        match last.map(|(_, attempt)| attempt.end.as_ref()) {
            None => self.undo_send_move(step, undo, host, &target, turn),
            Some(None) => None,
            Some(Some(AttemptEnd::Lost(loss))) => {
                undone(Some(format!("its outcome is not known: {loss:?}")))
            }
            Some(Some(AttemptEnd::Exited(outcome))) => match &outcome.failure {
                Some(why) => undone(Some(why.clone())),
                None => match self.undo_check(step, undo, host, turn, Slot::UndoVerify) {
                    Ok(()) => undone(None),
                    Err(Some(Err(why))) => undone(Some(format!("verify did not pass: {why}"))),
                    Err(Some(Ok(next))) => Some(next),
                    Err(None) => None,
                },
            },
        }
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

    fn manual_undo_move(&self, step: &Step, host: &HostName, text: &str) -> Option<Move> {
        let about = Topic::Manual { step: step.id.clone() };
        let last = self.state().questions.values().rev().find(|question| question.about == about);
        match last.map(|question| question.answer.as_ref()) {
            Some(None) => None,
            Some(Some((answer, _))) if self.undo_was_asked(step) => {
                let failure = (!matches!(answer, Answer::Done(_)))
                    .then(|| "the person did not say that it is done".to_owned());
                let (step, host) = (step.id.clone(), host.clone());
                Some(Move::fact(Event::Undone { step, host, failure }))
            }
            _ => self.ask_once(about, || Question::Manual {
                step: step.id.clone(),
                text: text.to_owned(),
                ask: Vec::new(),
            }),
        }
    }

    /// Whether the last question of a step's `manual` kind was put after its failure card.
    fn undo_was_asked(&self, step: &Step) -> bool {
        let place = |wanted: &dyn Fn(&Topic) -> bool| {
            self.state().questions.iter().rev().find(|(_, q)| wanted(&q.about)).map(|(id, _)| *id)
        };
        let manual = place(&|about| matches!(about, Topic::Manual { step: id } if *id == step.id));
        let failure =
            place(&|about| matches!(about, Topic::Failure { step: id, .. } if *id == step.id));
        manual > failure
    }
}

fn failure_card(step: &Step, host: &HostName, turn: &Turn, failure: &Failure) -> FailureCard {
    let effect = match &step.kind {
        Kind::Change(_) | Kind::Manual(_) => Effect::Change,
        Kind::Destroy(_) => Effect::Destroy,
        _ => Effect::Read,
    };
    let started = step.kind.changes() && (turn.main != Main::None || turn.attested);
    FailureCard {
        step: step.id.clone(),
        host: host.clone(),
        effect,
        why: failure.why.clone(),
        may: FailureOptions {
            retry: true,
            pass_over: true,
            undo: started && matches!(step.undo, Undo::Step(_)),
        },
    }
}
