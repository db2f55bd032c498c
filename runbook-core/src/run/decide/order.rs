//! Building the orders of a step: the step itself, its list, its diagnosis, its undo.

use std::time::Duration;

use super::super::action::Action;
use super::super::attempt::{AttemptId, Effect, Order, Part};
use super::super::event::Event;
use super::super::machine::{Move, Run};
use super::super::render::{self, Unrendered};
use super::super::state::Turn;
use super::super::suggestion::PATIENCE;
use crate::base::{AttemptNumber, HostName, StepId};
use crate::plan::expectation::Expectation;
use crate::runbook::{How, Items, Kind, Setting, Step, Suggest, UndoAction, UndoStep};

/// How long a list or a diagnosis may take: as a read.
const READ_TIMEOUT: Duration = Duration::from_secs(120);

impl Run {
    /// The next number for a part of a step on a host: used once, ever.
    pub(super) fn next_number(&self, step: &Step, host: &HostName, part: Part) -> AttemptNumber {
        let last = self
            .state()
            .attempts
            .keys()
            .filter(|id| id.step == step.id && id.host == *host && id.part == part)
            .map(|id| id.number.0)
            .max();
        AttemptNumber(last.unwrap_or(0) + 1)
    }

    /// Whether a step itself was ever sent, on this host or on any.
    pub(in super::super) fn has_started(&self, step: &StepId, host: Option<&HostName>) -> bool {
        let mut attempts = self.state().attempts.keys();
        attempts.any(|id| {
            id.step == *step && id.part == Part::Main && host.is_none_or(|host| id.host == *host)
        })
    }

    fn id(&self, step: &Step, host: &HostName, part: Part) -> AttemptId {
        let number = self.next_number(step, host, part);
        AttemptId { step: step.id.clone(), host: host.clone(), part, number }
    }

    /// The step itself on a host; none for what only a person or a check does.
    pub(in super::super) fn main_order(
        &self,
        step: &Step,
        host: &HostName,
        turn: &Turn,
    ) -> Result<Option<Order>, Unrendered> {
        let (how, effect) = match &step.kind {
            Kind::Read(how) => (how, Effect::Read),
            Kind::Change(how) => (how, Effect::Change),
            Kind::Destroy(how) => (how, Effect::Destroy),
            Kind::Check(_) | Kind::Manual(_) | Kind::Choose { .. } => return Ok(None),
        };
        let scope = self.scope(Some(step), Some(host));
        let items = turn.items.clone().unwrap_or_default();
        let timeout = match &step.timeout {
            Some(timeout) => render::duration(timeout, &scope)?,
            None => READ_TIMEOUT,
        };
        let payload = render::payload(how, &step.setting, step.stdin.as_ref(), &items, &scope)?;
        Ok(Some(Order {
            id: self.id(step, host, Part::Main),
            effect,
            place: self.place(host, &payload).filter(|_| effect > Effect::Read),
            payload,
            timeout,
            expect: Expectation::render(&step.expect, &scope)?,
            captures: step
                .capture
                .iter()
                .filter(|(_, capture)| capture.that.is_none())
                .map(|(name, capture)| (name.clone(), capture.clone()))
                .collect(),
        }))
    }

    /// The read that lists what will be acted on; none when the list is a value.
    pub(super) fn items_order(
        &self,
        step: &Step,
        host: &HostName,
    ) -> Result<Option<Order>, Unrendered> {
        let Some(Items::Read(how)) = &step.items else { return Ok(None) };
        self.read_order(step, self.id(step, host, Part::Items), how, &step.setting).map(Some)
    }

    /// A read of `diagnose`, once a round.
    pub(super) fn diagnose_order(
        &self,
        step: &Step,
        id: AttemptId,
        how: &How,
    ) -> Result<Order, Unrendered> {
        self.read_order(step, id, how, &step.setting)
    }

    /// The read of what is offered for an asked value.
    pub(super) fn suggest_order(
        &self,
        step: &Step,
        index: u32,
        suggest: &Suggest,
        host: &HostName,
    ) -> Result<Order, Unrendered> {
        let id = self.id(step, host, Part::Suggest(index));
        let order = self.read_order(step, id, &suggest.read, &suggest.setting)?;
        Ok(Order { timeout: PATIENCE, ..order })
    }

    fn read_order(
        &self,
        step: &Step,
        id: AttemptId,
        how: &How,
        setting: &Setting,
    ) -> Result<Order, Unrendered> {
        let payload = {
            let scope = self.scope(Some(step), Some(&id.host));
            render::payload(how, setting, None, &[], &scope)?
        };
        Ok(Order {
            id,
            effect: Effect::Read,
            payload,
            timeout: READ_TIMEOUT,
            expect: Expectation::default(),
            captures: Vec::new(),
            place: None,
        })
    }

    /// The undo, on `target`, of a step that ran on `host`; none for what a person does.
    pub(super) fn undo_order(
        &self,
        step: &Step,
        undo: &UndoStep,
        host: &HostName,
        target: &HostName,
    ) -> Result<Option<Order>, Unrendered> {
        let (how, effect) = match &undo.action {
            UndoAction::Change(how) => (how, Effect::Change),
            UndoAction::Destroy(how) => (how, Effect::Destroy),
            UndoAction::Manual(_) => return Ok(None),
        };
        let scope = self.scope(Some(step), Some(host));
        let items = self.acted_on(&step.id, host);
        let payload = render::payload(how, &undo.setting, None, &items, &scope)?;
        Ok(Some(Order {
            id: self.id(step, target, Part::Undo),
            effect,
            place: self.place(target, &payload),
            payload,
            timeout: render::duration(&undo.timeout, &scope)?,
            expect: Expectation::default(),
            captures: Vec::new(),
        }))
    }
}

/// Records the intent and sends the order. A destroy cannot be sent this way.
pub(super) fn send(order: Order) -> Move {
    Move::order(intended(&order), Action::Start(order))
}

pub(super) fn intended(order: &Order) -> Event {
    Event::Intended {
        attempt: order.id.clone(),
        effect: order.effect,
        payload: order.payload.clone(),
        digest: order.digest(),
        place: order.place.clone(),
    }
}
