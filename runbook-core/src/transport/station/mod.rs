//! One host over one connection: what the driver holds. Runs reads, launches, follows, cancels and
//! inspects durable jobs, opens streams. Knows nothing of runs, journals or retries: a lost link is
//! told as such, and who wants to go on connects again.

mod base;
mod cksum;
mod identity;
mod jobs;
mod lease;
mod noise;
mod pool;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub use base::{Base, BaseError};
pub use identity::{Identity, IdentityError};
pub use jobs::{
    Cancelled, Deadline, FollowError, JobTerms, LaunchError, Launched, Offsets, OnDeadline, Voided,
};
pub use lease::{Lease, LeaseError};
pub use pool::ReachError;
use pool::{Lane, Pool};

use super::supervisor::nonce::Nonces;
use super::supervisor::{Fate, RunError, Terms};
use super::{
    Address, Collected, ConnectError, Destination, Duplex, Ending, Finished, OpenError, OutputSink,
    Transport, Unsendable,
};
use crate::plan::Command;

/// Our own programs answer in milliseconds; a host that takes longer is not there.
const OWN_PROGRAM: Duration = Duration::from_secs(60);

/// A host that is connected. Clones share the connection; it ends with the last of them.
#[derive(Clone)]
pub struct Station {
    shared: Arc<Shared>,
}

struct Shared {
    pool: Pool,
    identity: Identity,
    bases: tokio::sync::Mutex<BTreeMap<Option<String>, Base>>,
}

impl std::fmt::Debug for Station {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Station").field("identity", &self.shared.identity).finish_non_exhaustive()
    }
}

/// Why a host is not connected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StationError {
    /// No link.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A link, but nobody who says who the host is.
    #[error("connected, but {0}")]
    Mute(#[from] ReadError),
    /// This machine has no source of random words.
    #[error("cannot read /dev/urandom: {0}")]
    NoRandom(std::io::Error),
}

/// Why a read has no result; it may be repeated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// No host can be given it.
    #[error(transparent)]
    Unsendable(#[from] Unsendable),
    /// Nobody is there to run it.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// The connection was lost; the host kills the program when it notices.
    #[error("{0}")]
    Lost(String),
}

/// What a read is run with.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadTerms {
    /// After this long its group is killed; none lets it run.
    pub timeout: Option<Duration>,
    /// Whether it gets `$runbook_tmp`.
    pub scratch: bool,
}

impl Station {
    /// Connects to a host and asks who it is.
    ///
    /// # Errors
    /// No connection, or no shell behind it.
    pub async fn connect(
        transport: &dyn Transport,
        destination: &Destination,
    ) -> Result<Self, StationError> {
        Self::connect_with_shell(transport, destination, "/bin/sh").await
    }

    /// The same where the POSIX shell is another one; `sh` is a word or several of a shell line
    /// (`busybox sh`), and never comes from a runbook.
    ///
    /// # Errors
    /// No connection, or no shell behind it.
    pub async fn connect_with_shell(
        transport: &dyn Transport,
        destination: &Destination,
        sh: &str,
    ) -> Result<Self, StationError> {
        let (pool, words) = match Self::greet(transport, destination, sh).await {
            // A connection that was dropped before it answered is as good as one that was refused.
            Err(StationError::Mute(ReadError::Reach(ReachError::Open(OpenError::Lost(_))))) => {
                Self::greet(transport, destination, sh).await?
            }
            greeted => greeted?,
        };
        let identity = Identity::parse(&words, pool.link.fingerprint());
        let _ = pool.login.set(identity.user.clone());
        let bases = tokio::sync::Mutex::default();
        Ok(Self { shared: Arc::new(Shared { pool, identity, bases }) })
    }

    async fn greet(
        transport: &dyn Transport,
        destination: &Destination,
        sh: &str,
    ) -> Result<(Pool, String), StationError> {
        let link = transport.connect(destination).await?;
        let nonces = Nonces::new().map_err(StationError::NoRandom)?;
        let pool = Pool::new(link, nonces, sh.to_owned());
        let (words, held) = tokio::join!(pool.greet(), pool.link.held());
        let words = held.map_err(ReachError::from).and(words).map_err(ReadError::from)?;
        Ok((pool, words))
    }

    /// Who the host said it is when it was connected.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.shared.identity
    }

    /// Runs an attached program to its end. Dropping the future kills it on the host.
    ///
    /// # Errors
    /// There is no result; the program may have run, so only a read is run this way.
    pub async fn read(
        &self,
        command: &Command,
        terms: ReadTerms,
        sink: &mut dyn OutputSink,
    ) -> Result<Finished, ReadError> {
        let mark = self.shared.pool.nonces.word();
        let terms = Terms { timeout: terms.timeout, scratch: terms.scratch, mark: &mark };
        self.run(command, terms, Lane::Attached, sink).await
    }

    /// A stream to an address as the host sees it.
    ///
    /// # Errors
    /// There is none.
    pub async fn forward(&self, address: &Address) -> Result<Box<dyn Duplex>, OpenError> {
        self.shared.pool.link.forward(address).await
    }

    async fn run(
        &self,
        command: &Command,
        terms: Terms<'_>,
        lane: Lane,
        sink: &mut dyn OutputSink,
    ) -> Result<Finished, ReadError> {
        let pool = &self.shared.pool;
        let mut loan = pool.borrow(command.sudo.as_deref(), lane).await?;
        let mut counted = Counted { sink, stdout: 0, stderr: 0 };
        let trailer = loan.supervisor.run(command, terms, &pool.nonces, &mut counted).await;
        let Counted { stdout, stderr, .. } = counted;
        let trailer = trailer?;
        loan.give_back();
        Ok(Finished {
            ending: match trailer.fate {
                Fate::Ran => Ending::of_status(trailer.status),
                Fate::Killed => Ending::TimedOut,
                Fate::NoDirectory | Fate::NoScratch => Ending::NotStarted,
            },
            stdout_bytes: stdout,
            stderr_bytes: stderr,
            dropped_bytes: 0,
            left_behind: trailer.left_behind,
            not_killed: Vec::new(),
        })
    }

    /// Runs one of our own programs, which changes nothing that matters, and hands back its words.
    async fn ask(
        &self,
        user: Option<&str>,
        program: &str,
        args: &[&str],
    ) -> Result<String, ReadError> {
        let mut command = Command::script(program);
        command.args = args.iter().map(|arg| (*arg).to_owned()).collect();
        command.sudo = user.map(str::to_owned);
        let mut collected = Collected::default();
        let terms = Terms { timeout: Some(OWN_PROGRAM), ..Terms::default() };
        let finished = self.run(&command, terms, Lane::Control, &mut collected).await?;
        match finished.ending {
            Ending::TimedOut => Err(ReadError::Lost("the host answers no more".to_owned())),
            _ => Ok(String::from_utf8_lossy(&collected.stdout).into_owned()),
        }
    }

    fn fingerprint(&self) -> Option<String> {
        self.shared.pool.link.fingerprint()
    }

    fn bases(&self) -> &tokio::sync::Mutex<BTreeMap<Option<String>, Base>> {
        &self.shared.bases
    }
}

impl From<RunError> for ReadError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Unsendable(error) => Self::Unsendable(error),
            lost => Self::Lost(lost.to_string()),
        }
    }
}

/// A sink that counts what passes.
struct Counted<'a> {
    sink: &'a mut dyn OutputSink,
    stdout: u64,
    stderr: u64,
}

impl OutputSink for Counted<'_> {
    fn stdout(&mut self, bytes: &[u8]) {
        self.stdout += bytes.len() as u64;
        self.sink.stdout(bytes);
    }
    fn stderr(&mut self, bytes: &[u8]) {
        self.stderr += bytes.len() as u64;
        self.sink.stderr(bytes);
    }
    fn dropped(&mut self, stdout: u64, stderr: u64) {
        self.stdout += stdout;
        self.stderr += stderr;
        self.sink.dropped(stdout, stderr);
    }
}
