//! How a simulated host differs from the plain one, and the configuration of its `sshd`.
//! Must not know how a host is started.

use std::net::SocketAddrV4;
use std::path::Path;

use crate::engine::Engine;
use crate::hosts::SshHost;
use crate::lifeline::lifeline;
use crate::machine::MARK;

/// How a host differs from the plain one.
#[derive(Debug, Clone, Default)]
pub struct HostOptions {
    environment: Vec<(String, String)>,
    sshd_lines: Vec<String>,
    deploy: Option<Sudo>,
}

/// What the `deploy` user of a host may do with `sudo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sudo {
    /// Nothing.
    Forbidden,
    /// Everything, and is asked for a password that it does not have.
    AsksPassword,
    /// Everything.
    Passwordless,
}

impl HostOptions {
    /// A plain host, where one logs in as the user that runs the test.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything run there talks to this engine, and has its Compose.
    #[must_use]
    pub fn engine(self, engine: &Engine) -> Self {
        self.env("DOCKER_HOST", engine.docker_host()).env("DOCKER_CONFIG", engine.docker_config())
    }

    /// How many channels one connection may have (`MaxSessions`).
    #[must_use]
    pub fn max_sessions(self, sessions: u32) -> Self {
        self.sshd_line(&format!("MaxSessions {sessions}"))
    }

    /// How many connections may be unauthenticated at a time (`MaxStartups`).
    #[must_use]
    pub fn max_startups(self, startups: &str) -> Self {
        self.sshd_line(&format!("MaxStartups {startups}"))
    }

    /// A variable in the environment of everything run there.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// A line of `sshd_config`.
    #[must_use]
    pub fn sshd_line(mut self, line: &str) -> Self {
        self.sshd_lines.push(line.to_owned());
        self
    }

    /// One logs in as `deploy`, an ordinary user that exists on this host only. Needs
    /// [`crate::Need::Namespaces`].
    #[must_use]
    pub fn deploy_user(mut self, sudo: Sudo) -> Self {
        self.deploy = Some(sudo);
        self
    }

    /// Starts the host.
    ///
    /// # Panics
    /// When it does not come up, with what sshd said.
    #[must_use]
    pub fn start(&self, name: &str) -> SshHost {
        SshHost::build(name, self)
    }

    pub(crate) fn sudo(&self) -> Option<Sudo> {
        self.deploy
    }

    /// The text of `sshd_config` for a host in this directory.
    pub(crate) fn sshd_config(&self, address: SocketAddrV4, directory: &Path) -> String {
        let (ip, port) = (address.ip(), address.port());
        let (directory, root) = (directory.display(), lifeline().root().display());
        let mut environment = format!(
            "HOME={directory}/home XDG_STATE_HOME={directory}/state {MARK}={directory} \
             RUNBOOK_LAB_ROOT={root}",
        );
        for (name, value) in &self.environment {
            environment += &format!(" \"{name}={value}\"");
        }
        let mut text = format!(
            "ListenAddress {ip}:{port}\nHostKey {directory}/host_key\n\
             AuthorizedKeysFile {directory}/authorized_keys\nPidFile none\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nPrintMotd no\n\
             LogLevel INFO\nSubsystem sftp internal-sftp\nSetEnv {environment}\n",
        );
        for line in &self.sshd_lines {
            text += &format!("{line}\n");
        }
        text
    }
}
