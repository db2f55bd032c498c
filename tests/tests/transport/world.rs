//! What these tests stand on: a home of its own, shells, an sshd, and waiting for processes without
//! polling.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::time::Duration;

use runbook_core::base::{AttemptNumber, HostName};
use runbook_core::plan::Command;
use runbook_core::transport::local::Local;
use runbook_core::transport::ssh::Ssh;
use runbook_core::transport::station::ReadTerms;
use runbook_core::transport::{Collected, Destination, Finished, JobName, OutputSink, Station};
use runbook_tests::processes;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use tempfile::TempDir;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The shells that stand as `/bin/sh` somewhere.
pub(crate) const SHELLS: [&str; 3] = ["/usr/bin/dash", "/usr/bin/bash", "/usr/bin/busybox sh"];

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for what must come.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it comes")
}

/// The local way, in a home of its own.
pub(crate) async fn local(home: &Path, sh: &str) -> Station {
    local_with_path(home, sh, &std::env::var("PATH").unwrap()).await
}

/// The same with other programs.
pub(crate) async fn local_with_path(home: &Path, sh: &str, path: &str) -> Station {
    let variables = [
        ("PATH".to_owned(), path.to_owned()),
        ("HOME".to_owned(), home.display().to_string()),
        ("TMPDIR".to_owned(), home.display().to_string()),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
    ];
    let way = Local::new(variables, &[] as &[&str]);
    let destination = Destination::new(HostName::local());
    Station::connect_with_shell(&way, &destination, sh).await.unwrap()
}

/// A read with everything it says.
pub(crate) async fn read(station: &Station, command: &Command) -> (Finished, Collected) {
    let mut output = Collected::default();
    let finished = soon(station.read(command, ReadTerms::default(), &mut output)).await.unwrap();
    (finished, output)
}

/// The standard output of a script that ends well.
pub(crate) async fn stdout(station: &Station, script: &str) -> String {
    let (finished, output) = read(station, &Command::script(script)).await;
    assert_eq!(finished.ending.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The name of a job of these tests.
pub(crate) fn job(step: &str) -> JobName {
    attempt_of(step, 1)
}

/// The name of another attempt of it.
pub(crate) fn attempt_of(step: &str, attempt: u32) -> JobName {
    JobName::new(&"R1".parse().unwrap(), step, &HostName::local(), AttemptNumber(attempt))
}

/// A sink that tells what comes, while it comes.
pub(crate) struct Heard(UnboundedSender<Vec<u8>>);

impl Heard {
    pub(crate) fn new() -> (Self, Ear) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), Ear { receiver, seen: String::new() })
    }
}

impl OutputSink for Heard {
    fn stdout(&mut self, bytes: &[u8]) {
        let _ = self.0.send(bytes.to_vec());
    }
    fn stderr(&mut self, _: &[u8]) {}
}

/// The other end of it.
pub(crate) struct Ear {
    receiver: UnboundedReceiver<Vec<u8>>,
    seen: String,
}

impl Ear {
    /// The next line.
    pub(crate) async fn line(&mut self) -> String {
        loop {
            if let Some((line, rest)) = self.seen.split_once('\n') {
                let line = line.to_owned();
                self.seen = rest.to_owned();
                return line;
            }
            let bytes = soon(self.receiver.recv()).await.expect("somebody still speaks");
            self.seen.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The next line, which is the id of a process.
    pub(crate) async fn process(&mut self) -> Watched {
        Watched::new(self.line().await.parse().unwrap())
    }
}

/// A process that is watched, so that its pid cannot be mistaken.
pub(crate) struct Watched {
    pub(crate) pid: i32,
    fd: AsyncFd<OwnedFd>,
}

impl Watched {
    #[expect(deprecated, reason = "what replaces it is unsafe; an owned descriptor stays ours")]
    pub(crate) fn new(pid: i32) -> Self {
        let fd = pidfd_open(Pid::from_raw(pid).unwrap(), PidfdFlags::NONBLOCK).unwrap();
        Self { pid, fd: AsyncFd::with_interest(fd, Interest::READABLE).unwrap() }
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&self) {
        let _ready = soon(self.fd.readable()).await.unwrap();
    }

    /// Kills it, unless it has ended.
    pub(crate) fn kill(&self) {
        let _ = kill_process(Pid::from_raw(self.pid).unwrap(), Signal::KILL);
    }

    /// Whether it lives now.
    pub(crate) fn lives(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid));
        stat.is_ok_and(|stat| !stat.rsplit_once(") ").unwrap().1.starts_with('Z'))
    }
}

/// An sshd on loopback with a home, keys and a client configuration of its own.
pub(crate) struct Sshd {
    directory: TempDir,
    server: Child,
}

impl Sshd {
    /// Starts one; `more` are lines of its configuration.
    pub(crate) fn start(more: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name).display().to_string();
        std::fs::create_dir_all("/run/sshd").unwrap();
        std::fs::create_dir(at("home")).unwrap();
        for key in ["host", "client"] {
            let made = Process::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f", &at(key)])
                .status()
                .unwrap();
            assert!(made.success());
        }
        let port = free_port();
        let server = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\n\
             PidFile none\nUsePAM no\nStrictModes no\nMaxStartups 100\nSetEnv HOME={}\n{more}\n",
            at("host"),
            at("client.pub"),
            at("home")
        );
        std::fs::write(at("sshd_config"), server).unwrap();
        let host_key = std::fs::read_to_string(at("host.pub")).unwrap();
        std::fs::write(at("known_hosts"), format!("[127.0.0.1]:{port} {host_key}")).unwrap();
        let client = format!(
            "Host lab\n HostName 127.0.0.1\n Port {port}\n User root\n IdentityFile {}\n \
             IdentitiesOnly yes\n UserKnownHostsFile {}\n ControlPath {}\n \
             KexAlgorithms curve25519-sha256\n",
            at("client"),
            at("known_hosts"),
            at("users-%C")
        );
        std::fs::write(at("config"), client).unwrap();
        let server = Process::new("/usr/sbin/sshd")
            .args(["-D", "-f", &at("sshd_config"), "-E", &at("log")])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self { directory, server }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn ssh(&self) -> Ssh {
        Ssh::new(Some(self.path("config"))).unwrap()
    }

    pub(crate) async fn station(&self) -> Station {
        self.station_with("/bin/sh").await
    }

    /// The same with another shell to answer there.
    pub(crate) async fn station_with(&self, sh: &str) -> Station {
        Station::connect_with_shell(&self.ssh(), &lab(), sh).await.unwrap()
    }

    /// Kills the server's side of every connection.
    pub(crate) fn kill_sessions(&self) {
        for pid in processes::descendants(self.server.id()) {
            if processes::command_line(pid).starts_with("sshd") {
                Watched::new(pid.cast_signed()).kill();
            }
        }
    }

    /// The masters of ours that are connected here.
    pub(crate) fn masters(&self) -> Vec<Watched> {
        masters_with(&self.path("config"))
    }
}

/// Our masters that were started with this configuration.
pub(crate) fn masters_with(config: &Path) -> Vec<Watched> {
    let config = config.display().to_string();
    let mut masters = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else { continue };
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = line.split(|b| *b == 0).collect();
        if words.contains(&config.as_bytes()) && words.contains(&b"-M".as_slice()) {
            masters.push(Watched::new(pid));
        }
    }
    masters
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The host of the client configuration.
pub(crate) fn lab() -> Destination {
    Destination::new("lab".parse().unwrap()).over_own_connection()
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
