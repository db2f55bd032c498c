//! The locks of a run on its hosts: taken over the connection to each, watched, and taken again when
//! that is lost. Knows nothing of the locks of this machine.

#![expect(
    clippy::disallowed_methods,
    reason = "a host that is not heard is tried again for a while"
)]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::world::World;
use crate::base::{HostName, StepId};
use crate::plan::RunFacts;
use crate::run::Input;
use crate::transport::station::{Lease, LeaseError, ReachError};
use crate::transport::{OpenError, awake};

/// How long a host that is not heard, or that has not noticed the loss of our last connection, is
/// tried again.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(250);

/// How long a host may take to have its lock back; one that is not heard frees it by itself later.
const RETURN: Duration = Duration::from_secs(2);

/// The locks that are held on hosts.
pub(super) struct Leases {
    run: RunFacts,
    step: watch::Sender<Option<StepId>>,
    /// Whether they are given back.
    over: watch::Sender<bool>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    /// The file of the lock on each host.
    files: BTreeMap<HostName, String>,
    /// Those that nobody watches yet.
    fresh: Vec<Watched>,
    /// The files of which this process has a lease.
    watched: Vec<(String, String)>,
}

/// A lock that is held.
pub(super) struct Watched {
    name: String,
    host: HostName,
    lease: Lease,
    step: watch::Receiver<Option<StepId>>,
    run: RunFacts,
}

impl Leases {
    pub(super) fn new(run: RunFacts) -> Self {
        Self {
            run,
            step: watch::Sender::new(None),
            over: watch::Sender::new(false),
            taken: Mutex::default(),
        }
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, Taken> {
        self.taken.lock().expect("nobody panics while holding the list")
    }

    /// The file that a job on this host keeps locked.
    pub(super) fn file(&self, host: &HostName) -> Option<String> {
        self.taken().files.get(host).cloned()
    }

    /// The step that changes something now, for whoever comes second.
    pub(super) fn at(&self, step: &StepId) {
        self.step.send_if_modified(|now| {
            let other = now.as_ref() != Some(step);
            *now = Some(step.clone());
            other
        });
    }

    /// Those that nobody watches yet.
    pub(super) fn fresh(&self) -> Vec<Watched> {
        std::mem::take(&mut self.taken().fresh)
    }

    /// Gives all of them back, those that these tasks watch, so that whoever comes next need not wait.
    pub(super) async fn give_back(&self, watchers: &mut JoinSet<Input>) {
        self.over.send_replace(true);
        let all = async { while watchers.join_next().await.is_some() {} };
        let _ = awake::timeout(RETURN, all).await;
        watchers.shutdown().await;
    }

    fn held(&self, name: &str, host: &HostName, lease: Lease) {
        let mut taken = self.taken();
        let file = lease.file().to_owned();
        taken.watched.push((name.to_owned(), file.clone()));
        taken.files.insert(host.clone(), file);
        let (name, host, run) = (name.to_owned(), host.clone(), self.run.clone());
        taken.fresh.push(Watched { name, host, lease, step: self.step.subscribe(), run });
    }

    /// Whether this process holds it under another name of the same host.
    fn shares(&self, name: &str, host: &HostName, file: &str) -> bool {
        let mut taken = self.taken();
        let is_other = |at: &HostName| at != host && taken.files.get(at).is_some_and(|f| f == file);
        let known: Vec<_> = taken.files.keys().cloned().collect();
        let shared = known.iter().any(is_other)
            && taken.watched.iter().any(|(lock, held)| lock == name && held == file);
        if shared {
            taken.files.insert(host.clone(), file.to_owned());
        }
        shared
    }

    fn lost(&self, name: &str, host: &HostName) {
        let mut taken = self.taken();
        if let Some(file) = taken.files.get(host).cloned() {
            taken.watched.retain(|(lock, held)| lock != name || *held != file);
        }
    }
}

impl Watched {
    /// Says on the host which step is at work, until the connection is gone or it is given back.
    pub(super) async fn watch(mut self, leases: &Leases) -> Input {
        let mut over = leases.over.subscribe();
        loop {
            tokio::select! {
                () = self.lease.lost() => break,
                () = async { drop(over.wait_for(|over| *over).await) } => {
                    self.lease.release().await;
                    break;
                }
                changed = self.step.changed() => if changed.is_err() {
                    self.lease.lost().await;
                    break;
                },
            }
            let step = self.step.borrow_and_update().clone();
            self.lease.tell(&who(&self.run, step.as_ref())).await;
        }
        leases.lost(&self.name, &self.host);
        Input::LockLost { name: self.name, host: self.host }
    }
}

/// Takes a lock on a host.
pub(super) async fn take(world: &World, name: String, host: HostName) -> Input {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let why = match take_once(world, &name, &host).await {
            Ok(()) => return Input::LockTaken { name, host: Some(host) },
            Err(Refusal::Final(why)) => why,
            Err(Refusal::Silent(_)) if Instant::now() + PAUSE < deadline => {
                sleep(PAUSE).await;
                continue;
            }
            Err(Refusal::Silent(why)) => why,
        };
        let holder = format!("the lock `{name}` on {host} is not ours: {why}");
        return Input::LockRefused { name, host: Some(host), holder };
    }
}

enum Refusal {
    /// It is somebody else's, or cannot be kept.
    Final(String),
    /// Nobody was heard.
    Silent(String),
}

async fn take_once(world: &World, name: &str, host: &HostName) -> Result<(), Refusal> {
    let connected = world.stations.station(host).await.map_err(Refusal::Silent)?;
    let leases = &world.leases;
    let step = leases.step.borrow().clone();
    let who = who(&leases.run, step.as_ref());
    match connected.station.lease(name, &leases.run.id, &who).await {
        Ok(lease) => {
            leases.held(name, host, lease);
            Ok(())
        }
        Err(LeaseError::Ours { file }) if leases.shares(name, host, &file) => Ok(()),
        Err(error @ LeaseError::Held(_)) => {
            // Who holds it is told by a file that others can write: it never becomes part of a command.
            Err(Refusal::Final(format!(
                "{error}; wait for it, or ask them: `runbook status RUN --follow` shows it where they \
                 started it"
            )))
        }
        Err(error @ LeaseError::Refused(_)) => Err(Refusal::Final(error.to_string())),
        Err(error) => {
            if let LeaseError::Reach(
                ReachError::NoShell(_) | ReachError::Open(OpenError::Lost(_)),
            ) = &error
            {
                world.stations.lost(host, &connected).await;
            }
            Err(Refusal::Silent(error.to_string()))
        }
    }
}

/// What whoever comes second is told.
fn who(run: &RunFacts, step: Option<&StepId>) -> String {
    let since = run.started.strftime("%Y-%m-%d %H:%M:%S UTC");
    let at =
        step.map_or_else(|| "before its first change".to_owned(), |step| format!("at `{step}`"));
    format!("run {} of {} since {since}, {at}", run.id, run.operator)
}
