//! The client's configuration that makes the hosts of a test reachable by name, as an operator
//! has one. Must not know how hosts run.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::hosts::SshHost;
use crate::place::Place;

/// An `ssh_config` file with its `known_hosts`, strict about host keys.
#[derive(Debug)]
pub struct SshConfig {
    place: Place,
    path: PathBuf,
}

impl SshConfig {
    /// Writes the configuration for some hosts.
    #[must_use]
    pub fn for_hosts(hosts: &[&SshHost]) -> Self {
        Self::with(hosts, "")
    }

    /// As [`Self::for_hosts`], with lines put before those of the hosts (where the first value
    /// wins, as in every `ssh_config`).
    #[must_use]
    pub fn with(hosts: &[&SshHost], first: &str) -> Self {
        let place = Place::new();
        let known = place.path().join("known_hosts");
        let mut text = format!("{first}\n");
        let mut keys = String::new();
        for host in hosts {
            let (ip, port) = (host.address().ip().to_owned(), host.address().port());
            let identity = host.identity_file();
            write!(
                text,
                "Host {}\n  HostName {ip}\n  Port {port}\n  User {}\n  IdentityFile {}\n",
                host.name(),
                host.user(),
                identity.display(),
            )
            .expect("writing to a string cannot fail");
            writeln!(keys, "[{ip}]:{port} {}", host.host_key())
                .expect("writing to a string cannot fail");
        }
        write!(
            text,
            "Host *\n  UserKnownHostsFile {}\n  GlobalKnownHostsFile /dev/null\n  \
             StrictHostKeyChecking yes\n  IdentitiesOnly yes\n  IdentityAgent none\n  \
             BatchMode yes\n  LogLevel ERROR\n",
            known.display()
        )
        .expect("writing to a string cannot fail");
        place.write("known_hosts", &keys);
        let path = place.write("ssh_config", &text);
        Self { place, path }
    }

    /// The file, for `ssh -F` and `runbook --ssh-config`.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of the host keys it trusts.
    #[must_use]
    pub fn known_hosts(&self) -> PathBuf {
        self.place.path().join("known_hosts")
    }
}
