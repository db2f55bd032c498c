//! Hosts over OpenSSH: because it *is* `ssh`, whatever `ssh host` does works here too. Knows nothing
//! of what is run.
//!
//! One foreground master a connection, whose stdin is our pipe: when this process ends in whatever
//! way, the pipe closes and the master, its proxies and the remote shell end with it. Commands go
//! through the master by the multiplex protocol. Policy (keys, agents, jumps, host keys) stays the
//! user's configuration; nothing of it is loosened.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "ssh is a program, its sockets are files, and it is given so much time"
)]

mod complaint;
mod configuration;
mod forward;
mod master;
mod multiplexed;
mod sockets;

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use openssh::Session;
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use self::complaint::Complaint;
use self::configuration::may_share;
use self::master::Master;
use self::multiplexed::Multiplexed;
use self::sockets::Sockets;
use super::supervisor::nonce::Nonces;
use super::{ConnectError, Destination, Link, Pending, Said, Transport};

/// The server's `MaxStartups` is 10:30:100 by default: above ten it refuses at random.
const CONNECTS_AT_ONCE: usize = 8;
/// How long a refused connection is tried again.
const PATIENCE: Duration = Duration::from_secs(30);
/// The first pause between two tries; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// From the start of `ssh` to the answer of the remote shell, with nobody there to type.
const READY: Duration = Duration::from_secs(30);
/// The same with a person at the keyboard.
const READY_ATTENDED: Duration = Duration::from_secs(180);
/// How long asking the user's own configuration may take.
const LOCAL: Duration = Duration::from_secs(10);

/// What must hold for every connection, whatever a user's configuration says: without these
/// `StdinNull yes` ends the lease, `ForkAfterAuthentication yes` leaks the process,
/// `SessionType none` hangs, and a `RemoteCommand` runs beside ours.
const OPTIONS: [&str; 11] = [
    "ControlPersist=no",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
    "ConnectTimeout=10",
    "RemoteCommand=none",
    "ClearAllForwardings=yes",
    "LogLevel=INFO",
    "IgnoreUnknown=StdinNull,ForkAfterAuthentication,SessionType",
    "StdinNull=no",
    "ForkAfterAuthentication=no",
    "SessionType=default",
];

/// OpenSSH's client as a way to hosts.
#[derive(Debug)]
pub struct Ssh {
    config_file: Option<PathBuf>,
    /// Whether that configuration may name sockets of shared connections, once it was looked at.
    may_share: OnceLock<bool>,
    patience: Duration,
    sockets: Sockets,
    nonces: Nonces,
    permits: Semaphore,
}

/// Why `ssh` cannot be used at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SshError {
    /// There is no directory that is ours alone for the sockets of the connections.
    #[error("no directory for the sockets of connections: {0}")]
    NoSockets(String),
    /// This machine has no source of random words.
    #[error("cannot read /dev/urandom: {0}")]
    NoRandom(#[from] std::io::Error),
}

impl Ssh {
    /// The user's `ssh`; a configuration file is used instead of the user's own, as `ssh -F` does.
    ///
    /// # Errors
    /// No directory for sockets.
    pub fn new(config_file: Option<PathBuf>) -> Result<Self, SshError> {
        let sockets = Sockets::open().map_err(SshError::NoSockets)?;
        let permits = Semaphore::new(CONNECTS_AT_ONCE);
        let (may_share, nonces) = (OnceLock::new(), Nonces::new()?);
        Ok(Self { config_file, may_share, patience: PATIENCE, sockets, nonces, permits })
    }

    /// The same, with another time for which a refused connection is tried again.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// `ssh` with the user's or the given configuration and nothing else.
    fn bare(&self) -> Command {
        let mut command = Command::new("ssh");
        if let Some(file) = &self.config_file {
            command.arg("-F").arg(file);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// `ssh` with everything that must hold, three pipes, and a process group of its own, unless a
    /// person is to be asked at the terminal, which only its foreground group may read.
    fn client(&self, destination: &Destination) -> Command {
        let mut command = self.bare();
        for option in OPTIONS {
            command.args(["-o", option]);
        }
        let batch = if destination.attended { "BatchMode=no" } else { "BatchMode=yes" };
        command.args(["-T", "-o", batch]).stdin(Stdio::piped());
        if !destination.attended {
            command.process_group(0);
        }
        command
    }

    /// A live master of the user's own for this host.
    async fn users_master(&self, destination: &Destination) -> Option<Session> {
        if !*self.may_share.get_or_init(|| may_share(self.config_file.as_deref())) {
            return None;
        }
        let path = self.users_socket(destination).await?;
        let session = Session::resume_mux(path.into_boxed_path(), None);
        let alive = timeout(LOCAL, session.check()).await.ok()?;
        alive.is_ok().then_some(session)
    }

    /// Where the user's configuration wants the socket of shared connections to this host.
    async fn users_socket(&self, destination: &Destination) -> Option<PathBuf> {
        let mut asking = self.bare();
        asking.args(["-G", destination.target.as_str()]).kill_on_drop(true);
        let settings = timeout(LOCAL, asking.output()).await.ok()?.ok()?;
        let settings = String::from_utf8(settings.stdout).ok()?;
        let path = settings.lines().find_map(|line| line.strip_prefix("controlpath "))?;
        (path != "none").then(|| PathBuf::from(path))
    }

    async fn link(&self, destination: &Destination) -> Result<Multiplexed, ConnectError> {
        if !destination.own_connection
            && let Some(session) = self.users_master(destination).await
        {
            return Ok(self.multiplexed(session, None, destination));
        }
        let master = self.master(destination).await?;
        let session = Session::resume_mux(master.socket().into(), None);
        Ok(self.multiplexed(session, Some(master), destination))
    }

    fn multiplexed(
        &self,
        session: Session,
        master: Option<Master>,
        destination: &Destination,
    ) -> Multiplexed {
        let direct =
            Direct { config_file: self.config_file.clone(), destination: destination.clone() };
        Multiplexed::new(Arc::new(session), master, self.sockets.clone(), direct)
    }

    /// A master of our own, tried again while the host refuses.
    async fn master(&self, destination: &Destination) -> Result<Master, ConnectError> {
        let limit = if destination.attended { READY_ATTENDED } else { READY };
        let deadline = Instant::now() + self.patience;
        let mut pause = FIRST_PAUSE;
        loop {
            let permit = self.permits.acquire().await.expect("the semaphore is never closed");
            let client = self.client(destination);
            let started =
                Master::start(client, destination, &self.sockets, &self.nonces, limit).await;
            drop(permit);
            match started {
                Ok(master) => return Ok(master),
                Err(Complaint::Refused(_)) if Instant::now() + pause < deadline => {
                    sleep(pause + jitter(&self.nonces, pause)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(complaint) => return Err(complaint.about(&destination.target)),
            }
        }
    }
}

/// Up to a quarter of the pause, so that hosts which were refused together do not return together.
fn jitter(nonces: &Nonces, pause: Duration) -> Duration {
    let sixteenths = nonces.word().bytes().next().map_or(0, |byte| u32::from(byte % 16));
    pause / 64 * sixteenths
}

impl Transport for Ssh {
    fn connect<'a>(
        &'a self,
        destination: &'a Destination,
    ) -> Pending<'a, Result<Box<dyn Link>, ConnectError>> {
        Box::pin(async move { Ok(Box::new(self.link(destination).await?) as Box<dyn Link>) })
    }
}

/// How to open a connection for one thing alone, where a host allows one session each, or one must
/// know what a master does not say.
#[derive(Debug)]
struct Direct {
    config_file: Option<PathBuf>,
    destination: Destination,
}

impl Direct {
    fn command(&self, line: &str) -> Command {
        let mut command = self.client();
        command.arg(self.destination.target.as_str()).arg(line).stdin(Stdio::piped());
        command
    }

    /// A stream to an address as the host sees it, in a connection of its own.
    fn forward(&self, address: &str) -> Command {
        let mut command = self.client();
        command.args(["-W", address]).arg(self.destination.target.as_str()).stdin(Stdio::null());
        command
    }

    fn client(&self) -> Command {
        let mut command = Command::new("ssh");
        if let Some(file) = &self.config_file {
            command.arg("-F").arg(file);
        }
        for option in OPTIONS {
            command.args(["-o", option]);
        }
        command
            .args(["-S", "none", "-T", "-o", "BatchMode=yes"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        command
    }
}

/// A sentence of our own where `ssh` said none.
fn said(text: impl std::fmt::Display) -> Said {
    Said::new(text.to_string().as_bytes())
}
