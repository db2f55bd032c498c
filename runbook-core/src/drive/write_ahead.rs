//! The write-ahead rule: facts first, orders after. Knows nothing of how an order is carried out.
//!
//! A turn goes in and comes back as records and as orders that may be carried out now. An order that
//! is more than a read comes back only as a [`Durable`] one, and there is no other way to make one.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::base::{Digest, StepId};
use crate::journal::{Durability, Journal, JournalError};
use crate::run::{
    Action, Approval, ApprovedOrder, AttemptId, Effect, Event, Order, Part, Record, STANDS, Turn,
};

/// How much later than the machine this may look at the clock.
const LENIENCE: SignedDuration = SignedDuration::from_secs(60);

/// An order whose intent is on the disk. Each is made once.
#[derive(Debug, PartialEq)]
pub struct Durable<T>(T);

impl<T> Deref for Durable<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// An order that may be carried out.
#[derive(Debug)]
pub(super) enum Cleared {
    /// A read.
    Read(Order),
    /// A change.
    Change(Durable<Order>),
    /// A destroy.
    Destroy(Durable<ApprovedOrder>),
    /// Anything that is not an attempt.
    Other(Action),
}

/// Why a turn may not be carried out. Nothing of it may.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotCleared {
    /// Its facts are not kept.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// It orders something that was not written down as such: the machine is wrong.
    #[error("`{0}` was ordered without a durable intent; nothing of it was sent")]
    Unintended(AttemptId),
}

/// The journal, and what in it has not been used up.
pub(super) struct WriteAhead {
    journal: Box<dyn Journal>,
    /// Intents on the disk whose order was not given out: each admits one order, once.
    intents: BTreeMap<AttemptId, Digest>,
    /// Approvals on the disk.
    approvals: Vec<Approval>,
    /// When, by a clock that neither goes back nor stops, each request on the disk was put.
    requests: BTreeMap<Digest, u64>,
    /// What the clocks said at the last append.
    now: Option<(Timestamp, u64)>,
    /// Steps that are reads.
    reads: BTreeSet<StepId>,
}

impl WriteAhead {
    pub(super) fn new(journal: Box<dyn Journal>) -> Self {
        Self {
            journal,
            intents: BTreeMap::new(),
            approvals: Vec::new(),
            requests: BTreeMap::new(),
            now: None,
            reads: BTreeSet::new(),
        }
    }

    /// Writes the facts of a turn, as durably as they need, and gives out what may be done now.
    pub(super) fn commit(&mut self, turn: Turn) -> Result<(Vec<Record>, Vec<Cleared>), NotCleared> {
        let Turn { events, actions } = turn;
        let durability = self.durability(&events);
        let records = match events.is_empty() {
            true => Vec::new(),
            false => self.journal.append(events, durability)?,
        };
        if durability == Durability::Synced {
            records.iter().for_each(|record| self.remember(record));
        }
        // All or nothing: an order that is not cleared holds the whole turn back.
        let cleared = actions.into_iter().map(|action| self.clear(action));
        let cleared = cleared.collect::<Result<_, _>>()?;
        Ok((records, cleared))
    }

    /// What these facts need. How a read ended waits for the next fact that must be on the disk,
    /// which takes it along: until then nothing was done about it, and a read may be repeated.
    fn durability(&mut self, events: &[Event]) -> Durability {
        for event in events {
            if let Event::Intended { attempt, effect: Effect::Read, .. } = event
                && attempt.part == Part::Main
            {
                self.reads.insert(attempt.step.clone());
            }
        }
        Durability::of(events.iter().filter(|event| !self.is_end_of_read(event)))
    }

    fn is_end_of_read(&self, event: &Event) -> bool {
        match event {
            Event::Exited { attempt, .. } | Event::Lost { attempt, .. } => {
                attempt.part == Part::Main && self.reads.contains(&attempt.step)
            }
            Event::HostEnded { step, .. } | Event::StepEnded { step, .. } => {
                self.reads.contains(step)
            }
            _ => false,
        }
    }

    /// The last fact of a run whose journal takes no more.
    pub(super) fn last_words(&mut self, fact: Event) -> Result<Record, JournalError> {
        self.journal.append_last(fact)
    }

    /// Where the journal can be read.
    pub(super) fn location(&self) -> Option<&Path> {
        self.journal.location()
    }

    fn remember(&mut self, record: &Record) {
        self.now = Some((record.at, record.elapsed_ms));
        match &record.fact {
            Event::Intended { attempt, effect, digest, .. } if *effect > Effect::Read => {
                self.intents.insert(attempt.clone(), *digest);
            }
            Event::Requested { card, terms } => {
                self.requests.insert(terms.request(*card), record.elapsed_ms);
            }
            Event::Approved { approval } => self.approvals.push(approval.clone()),
            _ => {}
        }
    }

    /// Whether the approvals on the disk admit it: of a request that was put so long ago at most, by
    /// as many people as it takes. The machine has asked the same, by the wall clock alone.
    fn is_approved(&self, approved: &ApprovedOrder) -> bool {
        let request = approved.request();
        let Some(((at, now), put)) = self.now.zip(self.requests.get(&request)) else {
            return false;
        };
        let age = now.checked_sub(*put).map(Duration::from_millis);
        if age.is_none_or(|age| age > STANDS + LENIENCE.unsigned_abs()) {
            return false;
        }
        let of_it = || self.approvals.iter().filter(|one| one.request() == Some(request));
        let Some(expires) = of_it().find_map(|one| Some(one.terms()?.expires)) else {
            return false;
        };
        if at.duration_since(expires) >= LENIENCE {
            return false;
        }
        let last = expires.saturating_sub(SignedDuration::from_millis(1)).unwrap_or(expires);
        let again = ApprovedOrder::admit(approved.order().clone(), request, of_it(), last);
        again.is_ok_and(|again| again.needed() >= approved.needed())
    }

    fn clear(&mut self, action: Action) -> Result<Cleared, NotCleared> {
        match action {
            Action::Start(order) if order.effect == Effect::Read => Ok(Cleared::Read(order)),
            Action::Start(order) => {
                let is_intended = self.use_up(&order) && order.effect == Effect::Change;
                match is_intended {
                    true => Ok(Cleared::Change(Durable(order))),
                    false => Err(NotCleared::Unintended(order.id)),
                }
            }
            Action::Destroy(approved) => {
                let is_intended = self.use_up(approved.order());
                match is_intended && self.is_approved(&approved) {
                    true => Ok(Cleared::Destroy(Durable(approved))),
                    false => Err(NotCleared::Unintended(approved.order().id.clone())),
                }
            }
            other => Ok(Cleared::Other(other)),
        }
    }

    /// Whether exactly this order was intended and has not gone before.
    fn use_up(&mut self, order: &Order) -> bool {
        self.intents.remove(&order.id) == Some(order.digest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{CountingClock, MemoryJournal};
    use crate::run::samples::{approval, order, requested};
    use crate::run::{Loss, Payload, StepStatus};

    fn intended(order: &Order) -> Event {
        Event::Intended {
            attempt: order.id.clone(),
            effect: order.effect,
            payload: order.payload.clone(),
            digest: order.digest(),
            place: order.place.clone(),
        }
    }

    fn ahead() -> WriteAhead {
        WriteAhead::new(Box::new(MemoryJournal::new(CountingClock::default())))
    }

    fn commit(ahead: &mut WriteAhead, events: Vec<Event>, action: Action) -> bool {
        ahead.commit(Turn { events, actions: vec![action] }).is_ok()
    }

    #[test]
    fn a_change_goes_once_and_only_as_it_was_intended() {
        let change = order(Effect::Change, "up");
        let start = || Action::Start(change.clone());
        assert!(!commit(&mut ahead(), vec![], start()), "without an intent");
        let mut ahead = ahead();
        assert!(commit(&mut ahead, vec![intended(&change)], start()));
        assert!(!commit(&mut ahead, vec![], start()), "a second time");
        let other = order(Effect::Change, "down");
        assert!(!commit(&mut ahead, vec![intended(&change)], Action::Start(other)));
    }

    #[test]
    fn a_destroy_goes_only_with_its_approval_on_the_disk() {
        let destroy = order(Effect::Destroy, "drop");
        let approval = approval(&destroy);
        let then = jiff::Timestamp::UNIX_EPOCH;
        let request = approval.request().unwrap();
        let admit = || ApprovedOrder::admit(destroy.clone(), request, [&approval], then).unwrap();
        let approved = || Action::Destroy(admit());
        let mut ahead = ahead();
        assert!(!commit(&mut ahead, vec![intended(&destroy)], approved()), "not written down");
        assert!(!commit(&mut ahead, vec![intended(&destroy)], Action::Start(destroy.clone())));
        let written = Event::Approved { approval: approval.clone() };
        assert!(!commit(&mut ahead, vec![written], approved()), "the intent was used up");
        assert!(!commit(&mut ahead, vec![intended(&destroy)], approved()), "nobody was asked");
        let asked = requested(&destroy);
        assert!(!commit(&mut ahead, vec![asked], approved()), "the intent was used up");
        assert!(commit(&mut ahead, vec![intended(&destroy)], approved()));
    }

    #[test]
    fn only_the_end_of_a_read_waits_for_the_next_fact() {
        let of_step = |effect, step: &str| {
            let mut order = order(effect, step);
            order.id.step = step.parse().unwrap();
            order
        };
        let lost = |order: &Order| Event::Lost {
            attempt: order.id.clone(),
            loss: Loss::Unknown("cut".to_owned()),
        };
        let ended = |order: &Order| Event::StepEnded {
            step: order.id.step.clone(),
            status: StepStatus::Done,
            why: None,
        };
        let mut ahead = ahead();
        for (effect, name, needed) in
            [(Effect::Read, "cat", Durability::Written), (Effect::Change, "up", Durability::Synced)]
        {
            let order = of_step(effect, name);
            assert_eq!(ahead.durability(&[intended(&order)]), needed, "{name}");
            assert_eq!(ahead.durability(&[lost(&order), ended(&order)]), needed, "{name}");
            assert_eq!(ahead.durability(&[ended(&order)]), needed, "{name}");
        }
        let read = of_step(Effect::Read, "cat");
        let mut undo = read.clone();
        undo.id.part = Part::Undo;
        assert_eq!(ahead.durability(&[lost(&undo)]), Durability::Synced);
        assert_eq!(ahead.durability(&[ended(&read), Event::Agreed]), Durability::Synced);
    }

    #[test]
    fn a_read_needs_no_intent() {
        let read = order(Effect::Read, "cat");
        assert!(matches!(read.payload, Payload::Command(_)));
        assert!(commit(&mut ahead(), vec![], Action::Start(read)));
    }
}
