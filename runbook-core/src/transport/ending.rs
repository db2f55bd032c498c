//! How an attempt ended. Knows nothing of how that was found out.

use serde::{Deserialize, Serialize};

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ending {
    /// With this exit code.
    Exited(u8),
    /// By this signal. A shell tells it as 128 + signal and cannot tell it from that exit code.
    Signalled(u8),
    /// It was stopped at its deadline. Never "not run".
    TimedOut,
    /// It was stopped, since that was asked.
    Cancelled,
    /// It did not start: its directory or scratch directory is not to be had; why is on stderr.
    NotStarted,
}

impl Ending {
    /// What a shell says of a program: its exit code, or 128 and the signal.
    #[must_use]
    pub fn of_status(status: u8) -> Self {
        match status {
            129..=192 => Self::Signalled(status - 128),
            code => Self::Exited(code),
        }
    }

    /// The exit code, if the program had one.
    #[must_use]
    pub fn code(&self) -> Option<u8> {
        match self {
            Self::Exited(code) => Some(*code),
            _ => None,
        }
    }
}

/// An attempt that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// How.
    pub ending: Ending,
    /// Bytes it wrote to its standard output, from its start to its end.
    pub stdout_bytes: u64,
    /// Bytes it wrote to its standard error, from its start to its end.
    pub stderr_bytes: u64,
    /// How many of all these bytes nobody kept, since an output grew over the cap of a job.
    pub dropped_bytes: u64,
    /// Whether processes of its group were left running.
    pub left_behind: bool,
    /// Processes of it that live on although it was stopped: its user may not end them, or nobody
    /// can. Of many only some are named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_killed: Vec<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_tells_signals_as_high_codes() {
        assert_eq!(Ending::of_status(0).code(), Some(0));
        assert_eq!(Ending::of_status(137), Ending::Signalled(9));
        assert_eq!(Ending::of_status(128), Ending::Exited(128));
        assert_eq!(Ending::of_status(255), Ending::Exited(255));
    }
}
