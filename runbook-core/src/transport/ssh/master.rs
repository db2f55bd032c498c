//! One `ssh` process of our own that carries a connection, from its start to its end. Knows nothing
//! of the commands that go through it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::complaint::Complaint;
use super::{Nonces, said};
use crate::transport::Destination;

/// How long the end of the lease, and then TERM, may take.
const GRACE: Duration = Duration::from_secs(2);
/// What is kept of its stderr.
const KEPT: usize = 8 * 1024;
/// What may be printed by login scripts before it is ready.
const NOISE: usize = 1 << 20;

/// A connection that is ready. Dropped, or with the end of this process, it ends.
#[derive(Debug)]
pub(super) struct Master {
    process: Option<Process>,
    socket: PathBuf,
    fingerprint: Option<String>,
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
        socket: PathBuf,
        nonces: &Nonces,
        limit: Duration,
    ) -> Result<Self, Complaint> {
        let nonce = nonces.word();
        client
            .args(["-o", "VisualHostKey=yes", "-M", "-S"])
            .arg(&socket)
            .arg(destination.target.as_str())
            .arg(format!("echo {nonce} READY; exec cat >/dev/null"));
        let mut child = client.spawn().map_err(|error| {
            Complaint::Here(format!("the `ssh` program does not start: {error}"))
        })?;
        const PIPED: &str = "all three were asked to be pipes";
        let (lease, mut stdout) =
            (child.stdin.take().expect(PIPED), child.stdout.take().expect(PIPED));
        let kept = keep_end(child.stderr.take().expect(PIPED));
        let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let pid = pid.expect("a child that was not waited for has an id");
        let process = Process { child, lease, pid, own_group: !destination.attended };
        // From here on its drop ends it: also when the caller gives up.
        let mut master = Self { process: Some(process), socket, fingerprint: None };
        match timeout(limit, ready(&mut stdout, &nonce)).await {
            Ok(true) => {}
            Ok(false) => return Err(master.complaint(&kept).await),
            Err(_) => {
                master.kill();
                let waited = said(format!("no answer within {} seconds", limit.as_secs()));
                return Err(Complaint::TimedOut(waited));
            }
        }
        // What the remote `cat` would print is nothing; the pipe stays open for it all the same.
        tokio::spawn(async move { tokio::io::copy(&mut stdout, &mut tokio::io::sink()).await });
        master.fingerprint = fingerprint(&kept.lock().expect("nobody panics holding it"));
        Ok(master)
    }

    /// The socket of its multiplexer.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// The fingerprint of the host's key.
    pub(super) fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    /// Why it ended before it was ready.
    async fn complaint(&mut self, kept: &Mutex<Vec<u8>>) -> Complaint {
        if let Some(process) = &mut self.process {
            let _ = timeout(GRACE, process.child.wait()).await;
        }
        // The last words may still be on their way through the pipe.
        tokio::task::yield_now().await;
        self.kill();
        Complaint::of(&kept.lock().expect("nobody panics holding it"))
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

/// Reads until the host answers, whatever a login script prints before.
async fn ready(stdout: &mut (impl AsyncRead + Unpin), nonce: &str) -> bool {
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
    async fn ready_is_found_behind_noise() {
        let noise = "x".repeat(10_000);
        let printed = format!("{noise}\nabc READ\nabc READY\n");
        assert!(ready(&mut printed.as_bytes(), "abc").await);
        assert!(!ready(&mut noise.as_bytes(), "abc").await);
    }
}
