//! A step failed on a host: look, then ask a person, undo, or give up.

use super::super::attempt::{AttemptId, Effect, Part};
use super::super::back::{Back, BackCard};
use super::super::event::{Event, Topic};
use super::super::machine::{Move, Run};
use super::super::question::{Answer, FailureCard, FailureOptions, Question};
use super::super::state::{Failure, Turn};
use super::super::status::{Ending, StepStatus};
use super::order::send;
use super::turn::host_ended;
use crate::base::{AttemptNumber, HostName};
use crate::runbook::{Kind, OnFailure, Step, Undo};

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
                    // The run went back since, and it is undone there or was left.
                    None if turn.undo_place.is_none() => ended(StepStatus::Failed),
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
            Some(Answer::GoBack { .. }) => {
                return self
                    .go_back_move(step, host, failure)
                    .or_else(|| ended(StepStatus::Failed));
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
                    let back = self.back_before(step, &failure.why);
                    Question::Failure(failure_card(step, host, acted, failure, back))
                },
            );
        }
        ended(StepStatus::Failed)
    }

    /// The card is put again, with a shell before it.
    fn shell_move(&self, step: &Step, host: &HostName) -> Move {
        let by = self.who_answered(step, host).unwrap_or_default();
        Move::fact(Event::ShellOpened { step: step.id.clone(), host: host.clone(), by })
    }

    /// A person wants to go back: nothing new starts, and then the run does. None when it does.
    fn go_back_move(&self, step: &Step, host: &HostName, failure: &Failure) -> Option<Move> {
        if self.state().ending.is_none() {
            let ending = Ending::QuitAtFailure { step: step.id.clone() };
            return Some(Move::fact(Event::Ending { ending }));
        }
        if self.state().back.is_some() {
            return None;
        }
        let by = self.who_answered(step, host);
        let why = format!("`{}` failed on {host}: {}", step.id, failure.why);
        Some(Move::fact(Event::UndoBegan { back: Back::Everything, by, why }))
    }

    /// Who answered the last card of a failure.
    fn who_answered(&self, step: &Step, host: &HostName) -> Option<String> {
        let about = Topic::Failure { step: step.id.clone(), host: host.clone() };
        let asked = self.state().questions.values().rev().find(|asked| asked.about == about);
        asked.and_then(|asked| asked.answer.as_ref()).map(|(_, by)| by.clone())
    }

    /// Whether a person decides when this step fails.
    fn asks_about(&self, step: &Step) -> bool {
        let policy = step.on_failure.as_ref().unwrap_or(&OnFailure::Ask);
        *policy == OnFailure::Ask && self.options().person && !self.options().preview_only
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

fn failure_card(
    step: &Step,
    host: &HostName,
    acted: bool,
    failure: &Failure,
    back: Option<BackCard>,
) -> FailureCard {
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
        back,
    }
}
