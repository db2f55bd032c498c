//! Where the job of an attempt is kept: chosen, by writing there, before the intent that names it.

use super::super::action::Action;
use super::super::attempt::{Effect, Order, Payload};
use super::super::event::Event;
use super::super::machine::{Move, Run};
use super::super::place::{Keeper, Place};
use super::super::state::{Base, Link};
use crate::base::HostName;

impl Run {
    /// Ok when the order needs no job, or there is a place for it; else what to do, why there is none,
    /// or nothing but wait.
    pub(super) fn base_move(&self, order: &Order) -> Result<(), Option<Result<Move, String>>> {
        let Payload::Command(command) = &order.payload else { return Ok(()) };
        if order.effect == Effect::Read {
            return Ok(());
        }
        let keeper = Keeper { host: order.id.host.clone(), user: command.sudo.clone() };
        match self.state().bases.get(&keeper) {
            Some(Base::Chosen(_)) => Ok(()),
            Some(Base::Asked) => Err(None),
            Some(Base::Refused(why)) => Err(Some(Err(why.clone()))),
            None => {
                let event = Event::BaseAsked { keeper: keeper.clone() };
                Err(Some(Ok(Move::order(event, Action::ChooseBase { keeper }))))
            }
        }
    }

    /// Where the job of this payload would be; none for a request, and where that is not chosen yet.
    pub(super) fn place(&self, host: &HostName, payload: &Payload) -> Option<Place> {
        let Payload::Command(command) = payload else { return None };
        let keeper = Keeper { host: host.clone(), user: command.sudo.clone() };
        let Some(Base::Chosen(base)) = self.state().bases.get(&keeper) else { return None };
        let Some(Link::Up(identity)) = self.link(host) else { return None };
        Some(Place {
            keeper,
            base: base.clone(),
            machine_id: identity.machine_id.clone(),
            boot_id: identity.boot_id.clone(),
        })
    }
}
