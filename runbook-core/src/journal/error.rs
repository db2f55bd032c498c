//! Why a journal could not be kept or read.

use std::io;
use std::path::PathBuf;

use super::read::Unreadable;

/// Why a journal could not be kept or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The system refused.
    #[error("cannot {doing} the journal {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What was done, an infinitive.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The disk is so full that only the last fact of the run still has its room.
    #[error("no room for the journal {path}: {source}; nothing of this append was written")]
    Full {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An earlier write failed; what is on the disk is not known, so nothing is added to it.
    #[error("the journal {path} failed before and takes no more records")]
    Poisoned {
        /// The file.
        path: PathBuf,
    },
    /// Another process drives this run.
    #[error("the run of the journal {path} is being driven by another process")]
    Driven {
        /// The file.
        path: PathBuf,
    },
    /// What is in it is damaged, or newer than this program.
    #[error("the journal {path} cannot be used: {why}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Where and why.
        why: Unreadable,
    },
    /// A fact that cannot be written down.
    #[error("a fact cannot be written as JSON: {0}")]
    Unwritable(#[from] serde_json::Error),
}
