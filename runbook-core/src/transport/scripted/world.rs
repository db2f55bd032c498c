//! A world as its file describes it: hosts, what they answer, and what goes wrong. Plain data.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A world written in a file.
///
/// ```toml
/// [[hosts.db1.answers]]
/// contains = "pg_isready"
/// stdout = "accepting connections\n"
///
/// [[hosts.db1.connections]]   # the first connection; the second one is as it should be
/// cut_after = 400
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// The hosts by the name they are connected to.
    #[serde(default)]
    pub hosts: BTreeMap<String, Host>,
}

/// One host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Host {
    /// Its machine-id; by default made from its name.
    pub machine_id: Option<String>,
    /// The boot it is in.
    pub boot_id: Option<String>,
    /// What it calls itself; by default its name.
    pub hostname: Option<String>,
    /// The fingerprint of its key.
    pub fingerprint: Option<String>,
    /// Who we are there.
    pub user: Option<String>,
    /// What its programs say: the first that matches; one that nothing matches ends with 127.
    pub answers: Vec<Answer>,
    /// What goes wrong with its connections, the first one first; later ones are as they should be.
    pub connections: Vec<Faults>,
}

/// What a program says. Every criterion that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// The whole text of its script.
    pub script: Option<String>,
    /// A part of its script, or of its argv joined by spaces.
    pub contains: Option<String>,
    /// Its argv, with its arguments.
    pub argv: Option<Vec<String>>,
    /// How often it answers; after that the next that matches does.
    pub times: Option<u32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// Its exit code, or 128 and a signal.
    pub exit: u8,
    /// How it ends.
    pub ends: Ends,
}

/// How a program of a world ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// By itself.
    #[default]
    ByItself,
    /// Never: somebody has to stop it.
    Never,
    /// At its deadline.
    TimedOut,
}

/// What goes wrong with one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// There is none.
    pub refuse: Option<Refusal>,
    /// What a login script prints before the supervisor answers.
    pub noise: String,
    /// It is lost after the host has sent so many bytes.
    pub cut_after: Option<usize>,
    /// It is lost after the host has received so many bytes.
    pub cut_after_received: Option<usize>,
    /// Nothing comes any more after the host has sent so many bytes.
    pub freeze_after: Option<usize>,
    /// So many sessions are open at most.
    pub sessions: Option<usize>,
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Nobody listens, for as long as it is tried.
    Refused,
    /// We are not let in.
    Authentication,
    /// Its key is another one.
    HostKey,
    /// No answer.
    TimedOut,
}
