//! What is offered for the values that a person is asked: read right before the question is put, as
//! any read is.

use super::super::attempt::Loss;
use super::super::link::Linked;
use super::super::machine::{Move, Run};
use super::super::question::Offers;
use super::super::state::AttemptEnd;
use super::super::suggestion::unrendered;
use super::order::send;
use crate::base::{HostName, ValueName};
use crate::runbook::{Step, Suggest};

/// The lines, or why there are none.
type Offer = Result<Vec<String>, String>;

impl Run {
    /// Ok with what is offered for these values; else the next read, or nothing but wait.
    pub(super) fn offers(
        &self,
        step: &Step,
        ask: &[ValueName],
        host: Option<&HostName>,
    ) -> Result<Offers, Option<Move>> {
        let mut offers = Offers::new();
        let mut waits = false;
        for (index, (name, param)) in (0..).zip(&step.ask) {
            let Some(suggest) = param.suggest.as_ref().filter(|_| ask.contains(name)) else {
                continue;
            };
            match self.offer(step, index, suggest, host) {
                Ok(offer) => _ = offers.insert(name.clone(), offer),
                Err(None) => waits = true,
                Err(next) => return Err(next),
            }
        }
        if waits { Err(None) } else { Ok(offers) }
    }

    fn offer(
        &self,
        step: &Step,
        index: u32,
        suggest: &Suggest,
        host: Option<&HostName>,
    ) -> Result<Offer, Option<Move>> {
        let host = match host {
            Some(host) if suggest.place == step.place => Some(host.clone()),
            _ => self.place_hosts(&suggest.place).into_iter().next(),
        };
        let Some(host) = host else { return Ok(Err("there is no host to ask".to_owned())) };
        if let Some(end) = self.suggestion_end(step, index)? {
            return Ok(offered(end));
        }
        match self.link_move(&host) {
            Ok(()) => {}
            Err(Some(Linked::Move(connect))) => return Err(Some(connect)),
            Err(Some(Linked::Down(why))) => {
                return Ok(Err(format!("{host} cannot be reached: {why}")));
            }
            Err(None) => return Err(None),
        }
        match self.suggest_order(step, index, suggest, &host) {
            Ok(order) => Err(Some(send(order))),
            Err(error) => Ok(Err(unrendered(error))),
        }
    }

    /// What became of the read for the next question, if it was sent.
    fn suggestion_end(&self, step: &Step, index: u32) -> Result<Option<&AttemptEnd>, Option<Move>> {
        let sent = self.state().steps.get(&step.id).and_then(|step| step.suggestions.get(&index));
        match sent.and_then(|id| self.state().attempts.get(id)) {
            Some(attempt) => attempt.end.as_ref().map(Some).ok_or(None),
            None => Ok(None),
        }
    }
}

fn offered(end: &AttemptEnd) -> Offer {
    match end {
        AttemptEnd::Exited(outcome) => match &outcome.failure {
            Some(why) => Err(why.clone()),
            None => Ok(outcome.items.clone().unwrap_or_default()),
        },
        AttemptEnd::Lost(Loss::NotStarted(why) | Loss::Unknown(why)) => Err(why.clone()),
    }
}
