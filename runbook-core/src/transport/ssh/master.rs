//! One `ssh` process of our own that carries a connection, from its start to its end. Knows nothing
//! of the commands that go through it.

use std::future::pending;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout;

use super::complaint::Complaint;
use super::sockets::{Arrivals, Sockets};
use super::{Nonces, said};
use crate::transport::{Destination, OpenError};

/// How long the end of the lease, and then TERM, may take.
const GRACE: Duration = Duration::from_secs(2);
/// How long a host that has let us in may take to answer: login scripts are slow.
const ANSWER: Duration = Duration::from_secs(30);
/// What is kept of its stderr.
const KEPT: usize = 8 * 1024;
/// What may be printed by login scripts before it is ready.
const NOISE: usize = 1 << 20;

/// A connection that is ready. Dropped, or with the end of this process, it ends.
#[derive(Debug)]
pub(super) struct Master {
    process: Option<Process>,
    socket: PathBuf,
    answer: Answer,
    /// The end of what it printed there.
    stderr: Arc<Mutex<Vec<u8>>>,
    fingerprint: OnceLock<String>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    /// The remote `cat` ends with it, and with that the connection.
    lease: ChildStdin,
    pid: Pid,
    own_group: bool,
}

impl Master {
    /// Starts `ssh` and waits for the host's answer.
    pub(super) async fn start(
        mut client: Command,
        destination: &Destination,
        sockets: &Sockets,
        nonces: &Nonces,
        limit: Duration,
    ) -> Result<Self, Complaint> {
        let (nonce, socket) = (nonces.word(), sockets.path(&nonces.word()));
        let arrivals = sockets.watch().ok();
        client
            .args(["-o", "VisualHostKey=yes", "-M", "-S"])
            .arg(&socket)
            .arg(destination.target.as_str())
            .arg(format!("echo {nonce} READY; exec cat >/dev/null"));
        let mut child = client.spawn().map_err(|error| {
            Complaint::Here(format!("the `ssh` program does not start: {error}"))
        })?;
        const PIPED: &str = "all three were asked to be pipes";
        let lease = child.stdin.take().expect(PIPED);
        let answer = listen(child.stdout.take().expect(PIPED), nonce);
        let kept = keep_end(child.stderr.take().expect(PIPED));
        let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let pid = pid.expect("a child that was not waited for has an id");
        let process = Process { child, lease, pid, own_group: !destination.attended };
        // From here on its drop ends it: also when the caller gives up.
        let fingerprint = OnceLock::new();
        let mut master = Self { process: Some(process), socket, answer, stderr: kept, fingerprint };
        let ready = async {
            tokio::select! {
                is_ready = heard(&master.answer) => is_ready,
                () = listens(arrivals.as_ref(), &master.socket) => true,
            }
        };
        match timeout(limit, ready).await {
            Ok(true) => {}
            Ok(false) => return Err(master.complaint().await),
            Err(_) => {
                master.kill();
                let waited = said(format!("no answer within {} seconds", limit.as_secs()));
                return Err(Complaint::TimedOut(waited));
            }
        }
        Ok(master)
    }

    /// The socket of its multiplexer.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// What is heard of the lease.
    pub(super) fn lease(&self) -> Lease {
        Lease(self.answer.clone())
    }

    /// The fingerprint of the host's key: `ssh` printed it before it listened.
    pub(super) fn fingerprint(&self) -> Option<&str> {
        if self.fingerprint.get().is_none()
            && let Some(found) = fingerprint(&self.stderr())
        {
            let _ = self.fingerprint.set(found);
        }
        self.fingerprint.get().map(String::as_str)
    }

    fn stderr(&self) -> MutexGuard<'_, Vec<u8>> {
        self.stderr.lock().expect("nobody panics holding it")
    }

    /// Why it ended before it was ready.
    async fn complaint(&mut self) -> Complaint {
        if let Some(process) = &mut self.process {
            let _ = timeout(GRACE, process.child.wait()).await;
        }
        // The last words may still be on their way through the pipe.
        tokio::task::yield_now().await;
        self.kill();
        Complaint::of(&self.stderr())
    }

    /// Ends it at once.
    pub(super) fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.signal(Signal::KILL);
            let _ = std::fs::remove_file(&self.socket);
            if let Ok(runtime) = Handle::try_current() {
                let mut child = process.child;
                runtime.spawn(async move { child.wait().await });
            }
        }
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        let Some(process) = self.process.take() else { return };
        // Without a runtime the closed lease does it alone, a moment later.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(process.end());
        }
    }
}

impl Process {
    /// Closes the lease and makes sure that it ends.
    async fn end(self) {
        let Self { mut child, lease, pid, own_group } = self;
        drop(lease);
        for sent in [Signal::TERM, Signal::KILL] {
            if timeout(GRACE, child.wait()).await.is_ok() {
                return;
            }
            signal(pid, own_group, sent);
        }
        let _ = child.wait().await;
    }

    fn signal(&self, sent: Signal) {
        // One that was waited for has no id any more, and its pid may be another's by now.
        if self.child.id().is_some() {
            signal(self.pid, self.own_group, sent);
        } else if self.own_group {
            // A proxy may outlive the client in its group.
            let _ = kill_process_group(self.pid, sent);
        }
    }
}

fn signal(pid: Pid, own_group: bool, signal: Signal) {
    let _ = if own_group { kill_process_group(pid, signal) } else { kill_process(pid, signal) };
}

/// What is heard of a connection's lease.
pub(super) struct Lease(Answer);

impl Lease {
    /// Waits until the host holds it. One that has let go of it holds nothing up: such a connection
    /// ends with the last command on it.
    ///
    /// # Errors
    /// Its login shell answers neither way.
    pub(super) async fn held(&self) -> Result<(), OpenError> {
        let silent = |_| OpenError::Lost(said("the login shell answers nothing"));
        timeout(ANSWER, heard(&self.0)).await.map(|_| ()).map_err(silent)
    }
}

/// Whether the host answered: nothing while neither that nor the end of its words has come.
type Answer = watch::Receiver<Option<bool>>;

/// Listens to its stdout for as long as it lives.
fn listen(mut stdout: impl AsyncRead + Unpin + Send + 'static, nonce: String) -> Answer {
    let (sender, answer) = watch::channel(None);
    tokio::spawn(async move {
        let _ = sender.send(Some(answered(&mut stdout, &nonce).await));
        // What the remote `cat` would print is nothing; the pipe stays open for it all the same.
        tokio::io::copy(&mut stdout, &mut tokio::io::sink()).await
    });
    answer
}

/// Waits for what becomes of it: whether there was an answer.
async fn heard(answer: &Answer) -> bool {
    answer.clone().wait_for(Option::is_some).await.is_ok_and(|answer| *answer == Some(true))
}

/// Waits until it listens for commands, which it does once the host has let us in: then the first of
/// them can be opened beside the lease. Where this system does not tell us, the answer does.
async fn listens(arrivals: Option<&Arrivals>, socket: &Path) {
    if let Some(arrivals) = arrivals
        && arrivals.wait_for(socket).await.is_ok()
    {
        return;
    }
    pending::<()>().await;
}

/// Reads until the host answers, whatever a login script prints before.
async fn answered(stdout: &mut (impl AsyncRead + Unpin), nonce: &str) -> bool {
    let answer = format!("{nonce} READY");
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stdout.read(&mut buffer).await {
            Ok(0) | Err(_) => return false,
            Ok(length) => seen.extend_from_slice(&buffer[..length]),
        }
        let from = seen.len().saturating_sub(2 * buffer.len());
        if seen[from..].windows(answer.len()).any(|window| window == answer.as_bytes()) {
            return true;
        }
        if seen.len() > NOISE {
            return false;
        }
    }
}

/// Drains its stderr for as long as it lives, and keeps the end.
fn keep_end(mut stderr: impl AsyncRead + Unpin + Send + 'static) -> Arc<Mutex<Vec<u8>>> {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let ours = Arc::clone(&kept);
    tokio::spawn(async move {
        let mut buffer = [0; 1024];
        while let Ok(length @ 1..) = stderr.read(&mut buffer).await {
            let mut kept = ours.lock().expect("nobody panics holding it");
            kept.extend_from_slice(&buffer[..length]);
            let over = kept.len().saturating_sub(KEPT);
            kept.drain(..over);
        }
    });
    kept
}

/// What `VisualHostKey` prints, of the last host: a jump may print its own before.
fn fingerprint(stderr: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(stderr);
    let mut words = text.lines().rev().filter_map(|l| l.strip_prefix("Host key fingerprint is "));
    words.next().map(|fingerprint| fingerprint.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_that_of_the_last_host() {
        let stderr = b"Host key fingerprint is SHA256:jump\r\n+--[ED25519 256]--+\r\n\
            Host key fingerprint is SHA256:host\r\n+--[ED25519 256]--+\r\n";
        assert_eq!(fingerprint(stderr).as_deref(), Some("SHA256:host"));
        assert_eq!(fingerprint(b"hello"), None);
    }

    #[tokio::test]
    async fn the_answer_is_found_behind_noise() {
        let noise = "x".repeat(10_000);
        let printed = format!("{noise}\nabc READ\nabc READY\n");
        assert!(answered(&mut printed.as_bytes(), "abc").await);
        assert!(!answered(&mut noise.as_bytes(), "abc").await);
    }
}
