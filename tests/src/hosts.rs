//! Simulated hosts: each a real `sshd` on an address of its own, with its own host key, home,
//! state, process table, host name, machine-id, boot id, `/run` and `/var/tmp`.
//!
//! Must not know what is deployed there. Without root the home, state and keys are its own and
//! the rest is the real machine's ([`crate::Need::Namespaces`] tells).

use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use rustix::process::Signal;

use crate::address::Address;
use crate::finished::Finished;
use crate::host_options::{HostOptions, Sudo};
use crate::isolation::Isolation;
use crate::machine::Machine;
use crate::place::Place;
use crate::processes;
use crate::program::Program;
use crate::ssh_config::SshConfig;
use crate::stream::LIMIT;

/// The first process of a host.
const SCRIPT: &str = include_str!("host.sh");

/// The port of every host; the address tells them apart.
const PORT: u16 = 2222;

/// A simulated host. Dropping it powers it off and removes its directory.
#[derive(Debug)]
pub struct SshHost {
    machine: Option<Machine>,
    name: String,
    user: String,
    place: Place,
    address: Address,
}

impl SshHost {
    /// Starts a plain host.
    ///
    /// # Panics
    /// When it does not come up, with what sshd said.
    #[must_use]
    pub fn start(name: &str) -> Self {
        HostOptions::new().start(name)
    }

    pub(crate) fn build(name: &str, options: &HostOptions) -> Self {
        let user = if options.sudo().is_some() { "deploy".to_owned() } else { own_user() };
        let mut host = Self {
            machine: None,
            name: name.to_owned(),
            user,
            place: Place::new(),
            address: Address::claim(),
        };
        host.write_keys();
        host.write_identity(options);
        host.place.write("sshd_config", &options.sshd_config(host.address(), host.place.path()));
        host.boot();
        host
    }

    /// Its name: the alias in the client's configuration, and what `hostname` says there.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its sshd listens.
    #[must_use]
    pub fn address(&self) -> SocketAddrV4 {
        self.address.port(PORT)
    }

    /// Who logs in.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Its own directory; free to keep things in that are "on the host".
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.place.path()
    }

    /// `$HOME` there.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.directory().join("home")
    }

    /// `$XDG_STATE_HOME` there.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.directory().join("state")
    }

    /// The private key that may log in.
    #[must_use]
    pub fn identity_file(&self) -> PathBuf {
        self.directory().join("identity")
    }

    /// Its public host key, as `type base64`.
    #[must_use]
    pub fn host_key(&self) -> String {
        let key = read(&self.directory().join("host_key.pub"));
        key.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    /// The fingerprint of its host key, as `ssh-keygen -lf` prints it.
    ///
    /// # Panics
    /// When it prints none.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut keygen = Command::new("ssh-keygen");
        keygen.arg("-lf").arg(self.directory().join("host_key.pub"));
        let listed = Program::run("ssh-keygen", &keygen).assert_code(0).stdout.clone();
        listed.split(' ').nth(1).expect("the second word is the fingerprint").to_owned()
    }

    /// Gives it another host key, as a replaced machine has. Takes effect at the next boot.
    pub fn replace_host_key(&self) {
        for file in ["host_key", "host_key.pub"] {
            std::fs::remove_file(self.directory().join(file)).expect("the host has a key");
        }
        self.write_key("host_key");
    }

    /// Runs a command line there with the real client, and waits for its end.
    #[must_use]
    pub fn run(&self, command_line: &str) -> Finished {
        let config = SshConfig::for_hosts(&[self]);
        let mut ssh = Command::new("ssh");
        ssh.arg("-F").arg(config.path()).args(["-T", "--", &self.name, command_line]);
        Program::run(&format!("ssh {}", self.name), &ssh)
    }

    /// The processes that run there beside sshd: process id as seen from outside, command line.
    #[must_use]
    pub fn processes(&self) -> Vec<(u32, String)> {
        let Some(machine) = &self.machine else { return Vec::new() };
        let found = machine.processes().into_iter();
        let found = found.filter(|&pid| !is_sshd(pid));
        found.map(|pid| (pid, processes::command_line(pid))).collect()
    }

    /// The process ids of the connections that are open now, as seen from outside.
    #[must_use]
    pub fn connections(&self) -> Vec<u32> {
        let first = self.machine.as_ref().and_then(Machine::first_process);
        let mut servers = self.servers();
        // the listener is the one that the first process started itself
        servers.retain(|&pid| processes::parent(pid) != first);
        servers
    }

    /// Cuts every open connection, as a link that drops. New ones are accepted, and what was
    /// started there goes on as the real system lets it.
    pub fn drop_connections(&self) {
        processes::signal_each(&self.connections(), Signal::KILL);
    }

    /// Freezes the network: connections stay open and answer nothing, until [`Self::thaw`].
    pub fn freeze(&self) {
        processes::signal_each(&self.servers(), Signal::STOP);
    }

    /// Ends [`Self::freeze`].
    pub fn thaw(&self) {
        processes::signal_each(&self.servers(), Signal::CONT);
    }

    /// Makes it unreachable: connections are cut and new ones refused until [`Self::mend`]; its
    /// processes go on.
    pub fn cut(&self) {
        let deadline = Instant::now() + LIMIT;
        loop {
            let servers = self.servers();
            if servers.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "sshd of {} does not end", self.name);
            processes::signal_each(&servers, Signal::KILL);
            std::thread::yield_now();
        }
    }

    /// Ends [`Self::cut`].
    ///
    /// # Panics
    /// When sshd does not come up again.
    pub fn mend(&self) {
        let machine = self.machine.as_ref().expect("a host that is off cannot be mended");
        let said = machine.program().stderr_length();
        std::fs::write(self.directory().join("plug"), "\n").expect("the pipe is there");
        machine.program().wait_for_after(said, "Server listening on");
    }

    /// Powers it off: the port is closed and every process there is killed.
    pub fn power_off(&mut self) {
        self.machine = None;
    }

    /// Powers it on after [`Self::power_off`], with a new boot id.
    ///
    /// # Panics
    /// When it does not come up, with what sshd said.
    pub fn boot(&mut self) {
        let id = uuid();
        self.place.write("boot-id", &format!("{id}\n"));
        self.machine = None;
        let machine = Machine::start(&self.name, SCRIPT, self.place.path(), &[&self.name], |_| ());
        machine.program().wait_for("Server listening on");
        self.machine = Some(machine);
    }

    /// What its sshd has said since the last boot.
    #[must_use]
    pub fn log(&self) -> String {
        self.machine.as_ref().map(|machine| machine.program().said()).unwrap_or_default()
    }

    fn servers(&self) -> Vec<u32> {
        let Some(machine) = &self.machine else { return Vec::new() };
        machine.processes().into_iter().filter(|&pid| is_sshd(pid)).collect()
    }

    fn write_keys(&self) {
        self.write_key("host_key");
        self.write_key("identity");
        let keys = self.directory().join("identity.pub");
        std::fs::copy(keys, self.directory().join("authorized_keys"))
            .expect("the host's own directory is writable");
    }

    fn write_key(&self, file: &str) {
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", &self.name, "-f", file]);
        Program::run("ssh-keygen", keygen.current_dir(self.directory())).assert_code(0);
    }

    fn write_identity(&self, options: &HostOptions) {
        self.place.directory("home");
        self.place.directory("state");
        self.place.write("machine-id", &format!("{}\n", uuid().replace('-', "")));
        let mut mkfifo = Command::new("mkfifo");
        Program::run("mkfifo", mkfifo.arg(self.directory().join("plug"))).assert_code(0);
        if let Some(sudo) = options.sudo() {
            assert!(Isolation::here().is_some(), "a deploy user needs namespaces");
            self.place.write("deploy", "61000\n");
            let rule = match sudo {
                Sudo::Forbidden => return,
                Sudo::AsksPassword => "deploy ALL=(ALL) ALL\n",
                Sudo::Passwordless => "deploy ALL=(ALL) NOPASSWD: ALL\n",
            };
            self.place.write("sudoers", rule);
        }
    }
}

/// The name of the server, and of a connection since OpenSSH 9.8.
fn is_sshd(pid: u32) -> bool {
    processes::name(pid).is_some_and(|name| name.starts_with("sshd"))
}

fn own_user() -> String {
    Program::run("id", Command::new("id").arg("-un")).stdout.trim_end().to_owned()
}

fn uuid() -> String {
    read(Path::new("/proc/sys/kernel/random/uuid")).trim_end().to_owned()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}
