//! Floor 5: what is told of a run. A live display and a replay of the journal see the same records.
//! Knows nothing of terminals, and can neither fail nor hold anything up.

pub mod audit;
mod audit_approvals;
mod fold;
mod silent;
pub mod summary;

use std::fmt;

use crate::run::{AttemptId, Record};

pub use audit::{Audit, Finding, audit, audit_records};
pub use silent::Silent;
pub use summary::Summary;

/// Which output of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// Its standard output, or the body of an answer.
    Stdout,
    /// Its standard error.
    Stderr,
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stdout => "out",
            Self::Stderr => "err",
        })
    }
}

/// Someone who watches a run. They are told between a fact and what follows from it, so they return
/// at once.
pub trait Reporter: Send {
    /// A fact that was just written down.
    fn observe(&mut self, record: &Record);

    /// The next bytes of an attempt's output, raw: they may end within a character or an escape
    /// sequence, and are shown only through [`crate::base::Sanitiser`].
    fn output(&mut self, attempt: &AttemptId, stream: Stream, chunk: &[u8]) {
        let _ = (attempt, stream, chunk);
    }
}
