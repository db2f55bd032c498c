//! The undo of one step on one host: its precondition, the undo itself, its verify. Whether it is
//! undone at all, and what comes next, is decided elsewhere.

use super::super::about::Slot;
use super::super::event::{Event, Topic};
use super::super::inquiry::Inquired;
use super::super::link::Linked;
use super::super::machine::{Move, Run};
use super::super::question::{Answer, Offers, Question};
use super::super::state::{AttemptEnd, Turn};
use super::turn::about;
use crate::base::HostName;
use crate::runbook::{How, Place, Step, Undo, UndoAction, UndoStep};

/// Ok when a part of an undo is done; else what to do, why it failed, or nothing but wait.
type Undoing = Result<(), Option<Result<Move, String>>>;

impl Run {
    /// The next thing for the undo of a step on a host; of a step one host at a time.
    pub(super) fn undo_move(&self, step: &Step, host: &HostName, turn: &Turn) -> Option<Move> {
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
    fn undo_act(&self, step: &Step, undo: &UndoStep, host: &HostName, turn: &Turn) -> Undoing {
        if let UndoAction::Manual(text) = &undo.action {
            let text = text.for_person(&self.scope(Some(step), Some(host)));
            return self.manual_undo(step, host, turn, text);
        }
        let targets = self.undo_hosts(step, undo, host);
        if targets.is_empty() {
            return Err(Some(Err("no host is selected to undo it on".to_owned())));
        }
        for (index, target) in targets.iter().enumerate() {
            let Some(id) = turn.undo_attempts.get(index) else {
                self.undo_link(undo, target)?;
                if let Ok(Some(order)) = self.undo_order(step, undo, host, target) {
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

    /// Ok when there is a connection to where it is undone, or none is needed.
    fn undo_link(&self, undo: &UndoStep, target: &HostName) -> Undoing {
        let from_here = *target == HostName::local();
        let request = |how: &How| matches!(how, How::Request(_));
        let needs_none = match &undo.action {
            UndoAction::Change(how) | UndoAction::Destroy(how) => request(how) && from_here,
            UndoAction::Manual(_) => true,
        };
        if needs_none {
            return Ok(());
        }
        self.link_move(target).map_err(|linked| {
            linked.map(|linked| match linked {
                Linked::Move(connect) => Ok(connect),
                Linked::Down(why) => Err(format!("the host cannot be reached: {why}")),
            })
        })
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
    ) -> Undoing {
        let checks = if slot == Slot::UndoVerify { &undo.verify } else { &undo.precondition };
        if checks.is_empty() {
            return Ok(());
        }
        match self.inquire(&about(step, host, slot, turn.undo_round)) {
            Inquired::Ended(verdict) if verdict.held() => Ok(()),
            Inquired::Ended(verdict) => Err(Some(Err(verdict.line().to_owned()))),
            Inquired::Next(next) => Err(Some(Ok(*next))),
            Inquired::Waiting => Err(None),
            Inquired::NotYet => Err(Some(Err("it uses a name that is not known".to_owned()))),
        }
    }

    /// Ok when a person says that they undid it.
    fn manual_undo(&self, step: &Step, host: &HostName, turn: &Turn, text: String) -> Undoing {
        let about = Topic::Undo { step: step.id.clone(), host: host.clone() };
        let asked = turn.undo_question.and_then(|asked| self.state().questions.get(&asked));
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
}
