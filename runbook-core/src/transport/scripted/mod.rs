//! A world written in a file, as a way to its hosts: deterministic, with the faults it names. The
//! same protocol runs over it as over a real connection; it has no clock and no runtime. Knows
//! nothing of who asks.

mod machine;
mod session;
mod wire;
mod world;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use machine::Machine;
use session::{Session, Speaker};
use wire::{PipeReader, Wire, lock};
pub use world::{Answer, Ends, Faults, Host, Refusal, World};

use super::{
    Address, Channel, ConnectError, Destination, Duplex, End, Link, OpenError, Pending, Said,
    Transport,
};
use crate::plan::Command;

/// A world that is reached like hosts are.
#[derive(Clone, Debug)]
pub struct Scripted {
    machines: Arc<BTreeMap<String, Arc<Mutex<Machine>>>>,
}

impl Scripted {
    /// The world as it is at its beginning.
    #[must_use]
    pub fn new(world: World) -> Self {
        let machines = world.hosts.into_iter().map(|(name, host)| {
            let machine = Machine::new(&name, host);
            (name, Arc::new(Mutex::new(machine)))
        });
        Self { machines: Arc::new(machines.collect()) }
    }

    /// Everything that was run on a host so far, in order: a job once, when it started.
    #[must_use]
    pub fn ran(&self, host: &str) -> Vec<Command> {
        self.machines.get(host).map(|machine| lock(machine).ran().to_vec()).unwrap_or_default()
    }

    /// Changes a host while the world goes on: reboots it, replaces it, gives it other answers.
    pub fn change(&self, host: &str, change: impl FnOnce(&mut Host)) {
        if let Some(machine) = self.machines.get(host) {
            change(&mut lock(machine).host);
        }
    }

    fn link(&self, destination: &Destination) -> Result<ScriptedLink, ConnectError> {
        let host = destination.target.clone();
        let said = |text: &str| Said::new(text.as_bytes());
        let Some(machine) = self.machines.get(host.as_str()) else {
            return Err(ConnectError::Unreachable { host, said: said("not in this world") });
        };
        let faults = lock(machine).connect();
        let said = said("as the world says");
        match faults.refuse {
            None => {}
            Some(Refusal::Refused) => return Err(ConnectError::Refused { host, said }),
            Some(Refusal::Authentication) => {
                return Err(ConnectError::Authentication { host, said });
            }
            Some(Refusal::HostKey) => return Err(ConnectError::HostKey { host, said }),
            Some(Refusal::TimedOut) => return Err(ConnectError::TimedOut { host, said }),
        }
        Ok(ScriptedLink {
            machine: Arc::clone(machine),
            noise: faults.noise.clone(),
            sessions: faults.sessions.unwrap_or(usize::MAX),
            open: Arc::default(),
            wire: Arc::new(Wire::new(faults)),
        })
    }
}

impl Transport for Scripted {
    fn connect<'a>(
        &'a self,
        destination: &'a Destination,
    ) -> Pending<'a, Result<Box<dyn Link>, ConnectError>> {
        Box::pin(async { Ok(Box::new(self.link(destination)?) as Box<dyn Link>) })
    }
}

struct ScriptedLink {
    machine: Arc<Mutex<Machine>>,
    wire: Arc<Wire>,
    noise: String,
    sessions: usize,
    open: Arc<AtomicUsize>,
}

/// A session that counts as long as its channel is held.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl ScriptedLink {
    fn session(&self, command: &str) -> Result<Channel, OpenError> {
        if self.wire.is_cut() {
            return Err(OpenError::Lost(Said::new(b"as the world says")));
        }
        if self.open.load(Ordering::Relaxed) >= self.sessions {
            return Err(OpenError::SessionLimit);
        }
        self.open.fetch_add(1, Ordering::Relaxed);
        let open = Open(Arc::clone(&self.open));
        let (stdout, stderr) = (self.wire.pipe(), self.wire.pipe());
        let wire = Arc::clone(&self.wire);
        let speaker = Speaker { wire, stdout: Arc::clone(&stdout), stderr: Arc::clone(&stderr) };
        // Whether `sudo` would let us: everybody may become everybody in a world.
        if command.ends_with("-c ':'") {
            stderr.close();
            stdout.close();
        }
        let machine = Arc::clone(&self.machine);
        Ok(Channel {
            stdin: Box::new(Session::new(machine, Arc::new(speaker), self.noise.clone())),
            stdout: Box::new(PipeReader(stdout)),
            stderr: Box::new(PipeReader(stderr)),
            end: Box::pin(async move {
                drop(open);
                End::Exit(0)
            }),
        })
    }
}

impl Link for ScriptedLink {
    fn open<'a>(&'a self, command: &'a str) -> Pending<'a, Result<Channel, OpenError>> {
        Box::pin(async move { self.session(command) })
    }

    fn forward<'a>(&'a self, _: &'a Address) -> Pending<'a, Result<Box<dyn Duplex>, OpenError>> {
        Box::pin(async { Err(OpenError::Refused(Said::new(b"nobody listens in this world"))) })
    }

    fn fingerprint(&self) -> Option<String> {
        lock(&self.machine).host.fingerprint.clone()
    }
}

#[cfg(test)]
mod tests;
