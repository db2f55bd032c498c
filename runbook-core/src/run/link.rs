//! The connection to a host, as a step finds it.

use super::action::Action;
use super::event::Event;
use super::machine::{Move, Run};
use super::state::Link;
use crate::base::HostName;

/// Where the connection to a host stands, when it is not up.
pub(super) enum Linked {
    /// It is begun by this.
    Move(Move),
    /// It cannot be had.
    Down(String),
}

impl Run {
    pub(super) fn link(&self, host: &HostName) -> Option<&Link> {
        self.state().hosts.get(host).and_then(|host| host.link.as_ref())
    }

    /// Ok when a host is connected; else what to do, or nothing but wait.
    pub(super) fn link_move(&self, host: &HostName) -> Result<(), Option<Linked>> {
        match self.link(host) {
            Some(Link::Up(_)) => Ok(()),
            Some(Link::Connecting) => Err(None),
            Some(Link::Down(why)) => Err(Some(Linked::Down(why.clone()))),
            None => Err(Some(Linked::Move(Move::order(
                Event::Connecting { host: host.clone() },
                Action::Connect { host: host.clone() },
            )))),
        }
    }
}
