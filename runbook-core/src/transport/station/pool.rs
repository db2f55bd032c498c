//! The supervisors of one connection: opened when needed, kept for the next program, never more
//! than the host allows. Knows nothing of what they run.

#![expect(clippy::disallowed_methods, reason = "a channel is waited for so long and no longer")]

use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use futures_util::AsyncReadExt;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout};

use crate::transport::supervisor::nonce::Nonces;
use crate::transport::supervisor::{Door, StartError, Supervisor, programs};
use crate::transport::{End, Link, OpenError, Said};

/// Attached programs at once on one connection: `MaxSessions` is 10 by default, of which one is
/// the lease and two are kept for launching, cancelling and asking.
const ATTACHED: usize = 6;
const CONTROL: usize = 2;
/// How long to wait for a session that somebody else lets go of.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long `sudo` may take to say no.
const SUDO: Duration = Duration::from_secs(30);

/// Why there is nobody on the host to run a program; it did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReachError {
    /// No channel.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The host has no POSIX shell for us.
    #[error("no shell answered on the host: {0}")]
    NoShell(Said),
    /// The user cannot be had without a password.
    #[error("cannot become `{user}` on the host: {said}; add to its sudoers: {line}")]
    Sudo {
        /// The user.
        user: String,
        /// What `sudo` said.
        said: Said,
        /// The line that allows it.
        line: String,
    },
    /// Not a name that `sudo` is ever given.
    #[error("`{0}` is not the name of a user: letters, digits, `.`, `_` and `-`, no `-` first")]
    NotAUser(String),
}

/// What a program is for: those that hold a job's life are never kept waiting by reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Reads, and following jobs.
    Attached,
    /// Launching, cancelling, asking.
    Control,
}

/// The supervisors of one link.
pub(super) struct Pool {
    pub(super) link: Box<dyn Link>,
    pub(super) nonces: Nonces,
    /// Who we are on the host, once it said so: named in the line for its sudoers.
    pub(super) login: OnceLock<String>,
    sh: String,
    attached: Semaphore,
    control: Semaphore,
    idle: Mutex<Vec<(Option<String>, Supervisor)>>,
    allowed: tokio::sync::Mutex<BTreeSet<String>>,
}

/// A supervisor that is ours for one program. Dropped, it is killed with what it runs.
pub(super) struct Loan<'a> {
    pub(super) supervisor: Supervisor,
    user: Option<String>,
    _permit: SemaphorePermit<'a>,
    pool: &'a Pool,
}

impl Loan<'_> {
    /// Gives it back for the next program, if nothing else writes into it.
    pub(super) fn give_back(self) {
        if self.supervisor.reusable {
            self.pool.idle().push((self.user, self.supervisor));
        }
    }
}

impl Pool {
    pub(super) fn new(link: Box<dyn Link>, nonces: Nonces, sh: String) -> Self {
        Self {
            link,
            nonces,
            login: OnceLock::new(),
            sh,
            attached: Semaphore::new(ATTACHED),
            control: Semaphore::new(CONTROL),
            idle: Mutex::default(),
            allowed: tokio::sync::Mutex::default(),
        }
    }

    /// The interpreter of `sh` scripts.
    pub(super) fn sh(&self) -> &str {
        &self.sh
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(Option<String>, Supervisor)>> {
        self.idle.lock().expect("nobody panics while holding the list")
    }

    /// Starts the first supervisor, which says who the host is as it greets.
    pub(super) async fn greet(&self) -> Result<String, ReachError> {
        let mut supervisor = self.start(None, &programs::IDENTITY).await?;
        let words = std::mem::take(&mut supervisor.words);
        self.idle().push((None, supervisor));
        Ok(words)
    }

    /// A supervisor of this user.
    pub(super) async fn borrow(
        &self,
        user: Option<&str>,
        lane: Lane,
    ) -> Result<Loan<'_>, ReachError> {
        let semaphore = match lane {
            Lane::Attached => &self.attached,
            Lane::Control => &self.control,
        };
        let permit = semaphore.acquire().await.expect("the semaphores are never closed");
        let user = user.map(str::to_owned);
        let kept = {
            let mut idle = self.idle();
            idle.iter().position(|(owner, _)| *owner == user).map(|at| idle.swap_remove(at).1)
        };
        let supervisor = match kept {
            Some(supervisor) => supervisor,
            None => self.start(user.as_deref(), "").await?,
        };
        Ok(Loan { supervisor, user, _permit: permit, pool: self })
    }

    async fn start(&self, user: Option<&str>, preface: &str) -> Result<Supervisor, ReachError> {
        let door = Door { sh: self.sh.clone(), user: user.map(str::to_owned) };
        if let Some(user) = user {
            self.ask_sudo(user, &door).await?;
        }
        let started = || Supervisor::start(&*self.link, &door, preface, &self.nonces);
        self.patiently(started).await
    }

    /// Opens the door for a program that is none of the pool's.
    pub(super) async fn open(
        &self,
        door: &Door,
        program: &str,
    ) -> Result<(Supervisor, String), ReachError> {
        self.patiently(|| Supervisor::open(&*self.link, door, &self.nonces, program)).await
    }

    /// Waits for a session where the host allows no further one.
    async fn patiently<T, F>(&self, open: impl Fn() -> F) -> Result<T, ReachError>
    where
        F: Future<Output = Result<T, StartError>>,
    {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match open().await {
                Err(StartError::Open(OpenError::SessionLimit)) if Instant::now() < deadline => {
                    // One that waits for nothing makes room; else one that works will.
                    drop(self.idle().pop());
                    sleep(Duration::from_millis(50)).await;
                }
                opened => return opened.map_err(ReachError::from),
            }
        }
    }

    /// Whether `sudo` lets us become this user without a word; asked once.
    async fn ask_sudo(&self, user: &str, door: &Door) -> Result<(), ReachError> {
        if !is_user(user) {
            return Err(ReachError::NotAUser(user.to_owned()));
        }
        let mut allowed = self.allowed.lock().await;
        if allowed.contains(user) {
            return Ok(());
        }
        let mut channel = self.link.open(&door.probe()).await?;
        let mut said = Vec::new();
        let asked = async {
            drop(channel.stdin);
            let _ = channel.stderr.read_to_end(&mut said).await;
            channel.end.await
        };
        if timeout(SUDO, asked).await == Ok(End::Exit(0)) {
            allowed.insert(user.to_owned());
            return Ok(());
        }
        let (user, said) = (user.to_owned(), Said::new(&said));
        let login = self.login.get().map_or("ALL", String::as_str);
        let line = format!("{login} ALL=({user}) NOPASSWD: {}", self.sh);
        Err(ReachError::Sudo { user, said, line })
    }
}

/// Names that mean themselves to every shell and to `sudo`.
fn is_user(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('-')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_user_is_a_word() {
        assert!(super::is_user("postgres") && super::is_user("a.b-c_1"));
        for bad in ["", "-u", "a b", "a;b", "#0", "%wheel", "$x"] {
            assert!(!super::is_user(bad), "{bad}");
        }
    }
}
