//! The locks of a run: first those of this machine, then, once it is known who answers, one on each
//! host. They are taken one after the other in an order that every run has in common, so that of two
//! runs one wins; where one is refused the run ends and gives back what it took.

use super::super::action::Action;
use super::super::event::Event;
use super::super::link::Linked;
use super::super::machine::{Move, Run};
use super::super::state::{Link, Lock, LockKey};
use super::super::status::Ending;
use crate::base::HostName;
use crate::runbook;
use crate::template::EvaluationError;

impl Run {
    /// Ok when the locks of this machine are held or none is needed.
    pub(super) fn lock_move(&self) -> Result<(), Option<Move>> {
        let Some(lock) = self.needed_lock() else { return Ok(()) };
        match &self.state().lock {
            Lock::Asked(_) => return Err(None),
            Lock::Refused(holder) => {
                return Err(end(Ending::Locked { sentence: holder.clone() }));
            }
            Lock::None | Lock::Held => {}
        }
        let hosts = self.lock_hosts();
        let held = self.state().locks.iter().filter(|(host, _)| host.is_none()).count();
        if held >= hosts.len().max(1) {
            return Ok(());
        }
        let on = |host: &HostName| Ok(format!("{} on {host}", self.lock_name(lock, Some(host))?));
        let names: Result<Vec<_>, EvaluationError> = if hosts.is_empty() {
            self.lock_name(lock, None).map(|name| vec![name])
        } else {
            hosts.into_iter().map(on).collect()
        };
        let mut names = names.map_err(|error| unnamed(&error))?;
        names.sort();
        self.take_first(names.into_iter().map(|name| (None, name)))
    }

    /// Ok when every host that can be reached holds the lock: each of the run, or of the role that
    /// the runbook names; this machine where there is no host.
    pub(super) fn host_lock_move(&self) -> Result<(), Option<Move>> {
        let Some(lock) = self.needed_lock() else { return Ok(()) };
        let here = HostName::local();
        let mut hosts = self.lock_hosts();
        if hosts.is_empty() {
            hosts.push(&here);
        }
        let mut up = Vec::new();
        for host in hosts {
            match self.link_move(host) {
                Ok(()) => up.push(host),
                Err(Some(Linked::Down(_))) => {}
                Err(Some(Linked::Move(connect))) => return Err(Some(connect)),
                Err(None) => return Err(None),
            }
        }
        if up.is_empty() {
            let sentence = "no host on which the lock is held can be reached".to_owned();
            return Err(end(Ending::Unreachable { sentence }));
        }
        let held = self.state().locks.iter().filter(|(host, _)| host.is_some()).count();
        if held >= up.len() {
            return Ok(());
        }
        up.sort_by_key(|host| (self.machine_id(host), *host));
        let key = |host: &HostName| Ok((Some(host.clone()), self.lock_name(lock, Some(host))?));
        let keys: Result<Vec<_>, EvaluationError> = up.into_iter().map(key).collect();
        self.take_first(keys.map_err(|error| unnamed(&error))?.into_iter())
    }

    fn needed_lock(&self) -> Option<&runbook::Lock> {
        self.plan().runbook.lock.as_ref().filter(|_| !self.options().preview_only)
    }

    /// Takes the first that is not held.
    fn take_first(&self, mut keys: impl Iterator<Item = LockKey>) -> Result<(), Option<Move>> {
        let Some((host, name)) = keys.find(|key| !self.state().locks.contains(key)) else {
            return Ok(());
        };
        let event = Event::LockAsked { name: name.clone(), host: host.clone() };
        Err(Some(Move::order(event, Action::TakeLock { name, host })))
    }

    fn lock_name(
        &self,
        lock: &runbook::Lock,
        host: Option<&HostName>,
    ) -> Result<String, EvaluationError> {
        lock.name.text(&self.scope(None, host))
    }

    fn lock_hosts(&self) -> Vec<&HostName> {
        match self.plan().runbook.lock.as_ref().and_then(|lock| lock.on.as_ref()) {
            Some(role) => self.plan().role(role).iter().collect(),
            None => self.plan().hosts.keys().collect(),
        }
    }

    fn machine_id(&self, host: &HostName) -> &str {
        match self.link(host) {
            Some(Link::Up(identity)) => &identity.machine_id,
            _ => "",
        }
    }
}

fn unnamed(error: &EvaluationError) -> Option<Move> {
    end(Ending::Precondition { sentence: format!("the lock has no name: {error}") })
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a failed question answers")]
fn end(ending: Ending) -> Option<Move> {
    Some(Move::fact(Event::Ending { ending }))
}
