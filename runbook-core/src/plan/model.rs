//! The plan: a runbook, the hosts it talks to, and the values it was given.

use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::base::{Digest, EnvName, HostName, RoleName, RunId, Value, ValueName};
use crate::runbook::Runbook;

/// A runbook bound to an environment and arguments. Everything a run needs to know before it
/// starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Which execution this is.
    pub run: RunFacts,
    /// What is executed.
    pub runbook: Arc<Runbook>,
    /// Where.
    pub environment: Environment,
    /// Every host of the plan, in the order of the inventory.
    pub hosts: IndexMap<HostName, Host>,
    /// The hosts of each role of the runbook, in the order of the inventory.
    pub roles: IndexMap<RoleName, Vec<HostName>>,
    /// The parameters.
    pub values: IndexMap<ValueName, Bound>,
}

impl Plan {
    /// The hosts that have this role.
    #[must_use]
    pub fn role(&self, role: &RoleName) -> &[HostName] {
        self.roles.get(role).map_or(&[], Vec::as_slice)
    }
}

/// Which execution a plan is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFacts {
    /// Its id.
    pub id: RunId,
    /// When it started.
    pub started: Timestamp,
    /// Who started it.
    pub operator: String,
}

/// The environment, as far as a run depends on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its name; none when hosts were named on the command line.
    pub name: Option<EnvName>,
    /// Whether changes are confirmed by typing its name.
    pub protect: bool,
    /// How many people a destroy needs.
    pub approvals: u32,
    /// The file that says whose signatures count, as the inventory names it.
    pub allowed_signers: Option<String>,
    /// The file of keys whose signatures do not.
    pub revoked_keys: Option<String>,
    /// How many hosts one card may cover.
    pub max_hosts_per_destroy: u32,
}

impl Environment {
    /// How many people a destroy needs that asks for `own`: an environment only raises it.
    #[must_use]
    pub fn approvals_for(&self, own: Option<u32>) -> u32 {
        self.approvals.max(own.unwrap_or(1))
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self {
            name: None,
            protect: false,
            approvals: 1,
            allowed_signers: None,
            revoked_keys: None,
            max_hosts_per_destroy: 1,
        }
    }
}

/// A host of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// What it is called.
    pub name: HostName,
    /// How it is reached.
    pub destination: Destination,
    /// Its values.
    pub vars: IndexMap<String, String>,
    /// Who it must be.
    pub expect: ExpectedIdentity,
}

/// How a host is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Destination {
    /// It is this machine.
    Local,
    /// Anything `ssh` accepts as a destination.
    Ssh(String),
}

/// Who a host must be; what is not said is not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedIdentity {
    /// Its hostname.
    pub hostname: Option<String>,
    /// Its machine-id, or the beginning of it.
    pub machine_id: Option<String>,
    /// The fingerprint of its host key, `SHA256:…`.
    pub fingerprint: Option<String>,
}

/// Who a host is, as it said itself when it was connected to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its hostname.
    pub hostname: String,
    /// Its machine-id; empty where it has none.
    pub machine_id: String,
    /// Which boot it is in; empty where that cannot be read.
    pub boot_id: String,
    /// The user we are there.
    pub user: String,
    /// Its host key's fingerprint; none for this machine, or through a connection of the user's own.
    pub fingerprint: Option<String>,
}

impl Identity {
    /// The digest of all of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(serde_json::to_vec(self).expect("an identity is text"))
    }
}

/// A parameter's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The same everywhere.
    One(Value),
    /// Not given, and optional.
    None,
    /// Filled by the hosts.
    PerHost(IndexMap<HostName, Value>),
}
