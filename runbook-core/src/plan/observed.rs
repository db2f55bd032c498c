//! What came back from a program or a request, and whether that is an answer.

use serde::{Deserialize, Serialize};

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// With this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It was ended because its time was over.
    TimedOut,
    /// It was ended because someone asked for that.
    Cancelled,
}

/// The beginning of an output: as much as a check or capture may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// At most [`Output::LIMIT`] bytes of it, invalid UTF-8 replaced.
    pub text: String,
    /// Whether there was more.
    pub truncated: bool,
}

impl Output {
    /// 64 KiB: what is longer is no answer and no value.
    pub const LIMIT: usize = 64 * 1024;
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    /// From a program.
    Program {
        /// How it ended.
        exit: Exit,
        /// Its standard output.
        stdout: Output,
        /// Its standard error.
        stderr: Output,
    },
    /// From a request.
    Http {
        /// The status.
        status: u16,
        /// Lowercase names, and values.
        headers: Vec<(String, String)>,
        /// The body.
        body: Output,
    },
    /// A connection that was made.
    Connected,
    /// A connection or request that was refused, reset, timed out or failed in TLS: why.
    Unanswered(String),
}

/// What a probe says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It shows what it must.
    Held {
        /// What was seen, one short line.
        saw: String,
    },
    /// It is an answer, and not the one that is needed.
    NotMet {
        /// What was seen and what was wanted, one short line.
        saw: String,
    },
    /// It is no answer.
    Error {
        /// Why, one short line.
        why: String,
    },
}

impl Verdict {
    /// Whether it held.
    #[must_use]
    pub const fn held(&self) -> bool {
        matches!(self, Self::Held { .. })
    }

    /// Whether it was no answer.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        matches!(self, Self::Error { .. })
    }

    /// The line for a person.
    #[must_use]
    pub fn line(&self) -> &str {
        match self {
            Self::Held { saw } | Self::NotMet { saw } => saw,
            Self::Error { why } => why,
        }
    }
}
