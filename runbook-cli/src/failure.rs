//! Why the command could not do what was asked: one sentence, what to do about it, and the exit
//! code. Must not know how it is drawn.

use std::fmt;

use crate::exit_code::ExitCode;

/// Why the command ends without having done what was asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What a script is told.
    pub(crate) code: ExitCode,
    /// What happened, a lowercase fragment; empty when everything was said already.
    pub(crate) message: String,
    /// What else is known, and the way out: a line each.
    pub(crate) lines: Vec<String>,
}

impl Failure {
    /// A failure of that sort.
    pub(crate) fn new(code: ExitCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), lines: Vec::new() }
    }

    /// The command line, or something it names, is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(ExitCode::Usage, message)
    }

    /// Everything about it was printed already.
    pub(crate) fn said(code: ExitCode) -> Self {
        Self::new(code, "")
    }

    /// Adds a line below the sentence.
    pub(crate) fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// Adds several lines below the sentence.
    pub(crate) fn lines<T: Into<String>>(mut self, lines: impl IntoIterator<Item = T>) -> Self {
        self.lines.extend(lines.into_iter().map(Into::into));
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Joins what could not be done to why, as one failure of the machine the command runs on.
pub(crate) fn cannot(what: impl fmt::Display, error: &dyn std::error::Error) -> Failure {
    Failure::new(ExitCode::Failed, format!("cannot {what}: {error}"))
}
