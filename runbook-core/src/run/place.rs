//! Where the jobs of a user are kept on a host, and what a job's intent says of it: enough to ask
//! that host later, from another process, what became of the job.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::HostName;

/// Whose jobs on which host: each user has a directory of their own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Keeper {
    /// The host.
    pub host: HostName,
    /// The user; none is the one we are connected as.
    pub user: Option<String>,
}

impl fmt::Display for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.user {
            Some(user) => write!(f, "{user}@{}", self.host),
            None => write!(f, "{}", self.host),
        }
    }
}

/// A directory for jobs that was written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobBase {
    /// Its path on the host.
    pub path: String,
    /// Whether it is kept in memory, so that a reboot empties it.
    pub in_memory: bool,
}

/// Where a job is, and on which machine in which boot. Part of its intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Whose it is.
    pub keeper: Keeper,
    /// The directory of all jobs.
    pub base: JobBase,
    /// The machine, where it says so.
    pub machine_id: String,
    /// The boot it was in, where it says so.
    pub boot_id: String,
}

/// What a host says of an attempt that nobody in this process started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// It runs.
    Running,
    /// It has ended.
    Ended,
    /// It did not start, and never can any more.
    NotStarted,
    /// It may or may not have run: why.
    Unknown(String),
}
