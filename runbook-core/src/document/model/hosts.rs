//! The inventory file: environments, roles, hosts.

use schemars::JsonSchema;
use serde::Deserialize;

use super::field::Field;
use super::list::{Entries, List};
use super::scalar::Scalar;

/// An inventory: which hosts there are, and what they are in each environment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "An inventory", extend("required" = ["format"]))]
pub struct HostsDocument {
    /// The version of the format: 1.
    #[schemars(extend("const" = 1))]
    pub format: Field<i64>,
    /// Environments, by name.
    pub env: Field<Entries<Environment>>,
    /// What is known of a host, by its name.
    pub host: Field<Entries<Host>>,
}

/// An environment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Environment {
    /// A red banner; changes are confirmed by typing the environment's name.
    pub protect: Field<bool>,
    /// How many people approve a destructive step.
    pub approvals: Field<u32>,
    /// A file of `ssh-keygen`'s ALLOWED SIGNERS: whose signatures count where it takes more than one
    /// person. A path from this file's directory.
    pub allowed_signers: Field<String>,
    /// A file of keys whose signatures never count, as `ssh-keygen -k` or a list of public keys.
    pub revoked_keys: Field<String>,
    /// How many hosts one card may cover; 1 unless said.
    pub max_hosts_per_destroy: Field<u32>,
    /// Values that fill parameters of the same name.
    pub vars: Field<Entries<Scalar>>,
    /// The hosts of each role, in order.
    pub roles: Field<Entries<List<String>>>,
}

/// What is known of a host.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Host {
    /// Anything `ssh` accepts: an alias, `user@host`, `ssh://user@host:port`.
    pub ssh: Field<String>,
    /// Values of this host that fill parameters of the same name.
    pub vars: Field<Entries<Scalar>>,
    /// Which machine it must be; a wrong one is refused.
    pub expect: Field<Identity>,
}

/// Which machine a host must be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// What `hostname` prints.
    pub hostname: Field<String>,
    /// What `/etc/machine-id` holds.
    pub machine_id: Field<String>,
    /// The fingerprint of the key that `ssh` knows it by, `SHA256:…`, as `ssh-keygen -lf` prints it.
    pub fingerprint: Field<String>,
}
