//! After a run was taken up again: every host is asked what became of the attempts that nobody follows,
//! before anything else is decided; of what nobody knows, a person decides what it means.

use super::super::about::Slot;
use super::super::action::Action;
use super::super::attempt::{AttemptId, Loss, Order, Part};
use super::super::event::{Event, Topic};
use super::super::inquiry::Inquired;
use super::super::link::Linked;
use super::super::machine::{Move, Run};
use super::super::question::{Answer, Question, UnknownCard};
use super::super::state::{AttemptEnd, AttemptState, Turn, Watch};
use super::super::status::StepStatus;
use super::turn::{about, host_ended};
use crate::base::HostName;
use crate::plan::Verdict;
use crate::runbook::{Step, Undo};

impl Run {
    /// Ok when every attempt under way is followed.
    pub(super) fn astray_move(&self) -> Result<(), Option<Move>> {
        let mut waits = false;
        for (id, attempt) in self.state().running() {
            match attempt.watch {
                Watch::Followed => {}
                Watch::Asked => waits = true,
                Watch::Found => return Err(Some(self.reattach_move(id))),
                Watch::Astray => match self.seek_move(id, attempt) {
                    Some(next) => return Err(Some(next)),
                    None => waits = true,
                },
            }
        }
        if waits { Err(None) } else { Ok(()) }
    }

    fn seek_move(&self, id: &AttemptId, attempt: &AttemptState) -> Option<Move> {
        let lost = |why: String| {
            let loss = Loss::Unknown(why);
            Some(Move::fact(Event::Lost { attempt: id.clone(), loss }))
        };
        let Some(place) = &attempt.place else {
            return lost("it was sent and not answered before runbook ended".to_owned());
        };
        match self.link_move(&id.host) {
            Ok(()) => {}
            Err(None) => return None,
            Err(Some(Linked::Move(connect))) => return Some(connect),
            Err(Some(Linked::Down(why))) => {
                return lost(format!("the host cannot be asked what became of it: {why}"));
            }
        }
        let event = Event::Sought { attempt: id.clone() };
        Some(Move::order(event, Action::Seek { attempt: id.clone(), place: place.clone() }))
    }

    fn reattach_move(&self, id: &AttemptId) -> Move {
        match self.order_of(id) {
            Some(order) => {
                Move::order(Event::Reattached { attempt: id.clone() }, Action::Follow(order))
            }
            None => {
                let why = "what it should come to cannot be computed any more".to_owned();
                let loss = Loss::Unknown(why);
                Move::fact(Event::Lost { attempt: id.clone(), loss })
            }
        }
    }

    /// The order of an attempt that was sent before, with the bytes and the place of its intent.
    fn order_of(&self, id: &AttemptId) -> Option<Order> {
        let sent = self.state().attempts.get(id)?;
        let step = self.plan().runbook.step(&id.step)?;
        let order = match id.part {
            Part::Undo => {
                let host = self.state().undoing(&id.step)?;
                let Undo::Step(undo) = &step.undo else { return None };
                self.undo_order(step, undo, host, &id.host).ok()??
            }
            _ => {
                let turn = self.state().turn(&id.step, &id.host)?;
                self.main_order(step, &id.host, turn).ok()??
            }
        };
        let payload = sent.payload.clone()?;
        Some(Order { id: id.clone(), payload, place: sent.place.clone(), ..order })
    }

    /// Nobody knows whether it ran: in a run that was taken up again a person may say what that
    /// means, with what `verify` says now before their eyes.
    pub(super) fn unknown_move(
        &self,
        step: &Step,
        host: &HostName,
        turn: &Turn,
        why: &str,
    ) -> Option<Move> {
        let stays = || Some(host_ended(step, host, StepStatus::Unknown, Some(why.to_owned())));
        let may_ask = self.state().resumed > 0 && self.options().person;
        if !may_ask || turn.left_unknown || self.state().ending.is_some() {
            return stays();
        }
        let Some((id, attempt)) = self.unknown_attempt(step, host) else { return stays() };
        let evidence = match self.evidence(step, host, turn) {
            Ok(evidence) => evidence,
            Err(next) => return next,
        };
        self.ask_once(Topic::Unknown { attempt: id.clone() }, || {
            Question::Unknown(UnknownCard {
                attempt: id.clone(),
                effect: attempt.effect,
                why: why.to_owned(),
                evidence,
                may_seek: attempt.place.is_some(),
            })
        })
    }

    fn unknown_attempt(&self, step: &Step, host: &HostName) -> Option<(&AttemptId, &AttemptState)> {
        self.state().attempts.iter().rfind(|(id, attempt)| {
            id.step == step.id
                && id.host == *host
                && id.part == Part::Main
                && !attempt.settled
                && matches!(attempt.end, Some(AttemptEnd::Lost(Loss::Unknown(_))))
        })
    }

    /// What `verify` says now, asked once; none where it cannot be asked.
    fn evidence(
        &self,
        step: &Step,
        host: &HostName,
        turn: &Turn,
    ) -> Result<Option<Verdict>, Option<Move>> {
        if step.verify.is_empty() {
            return Ok(None);
        }
        match self.inquire(&about(step, host, Slot::Evidence, turn.round)) {
            Inquired::Ended(verdict) => Ok(Some(verdict)),
            Inquired::Next(next) => Err(Some(*next)),
            Inquired::Waiting => Err(None),
            Inquired::NotYet => Ok(None),
        }
    }

    /// A person took an unknown attempt as done.
    pub(super) fn accepted(&self, step: &Step, host: &HostName) -> Move {
        let by = self.state().questions.values().rev().find_map(|asked| match &asked.about {
            Topic::Unknown { attempt } if attempt.step == step.id && attempt.host == *host => {
                asked.answer.as_ref().filter(|(answer, _)| *answer == Answer::Accept)
            }
            _ => None,
        });
        let by = by.map_or("a person", |(_, by)| by);
        let why = format!("it is not known whether it ran; {by} took it as done");
        host_ended(step, host, StepStatus::Accepted, Some(why))
    }
}
