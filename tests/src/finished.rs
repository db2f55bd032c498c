//! How a program ended and what it said. Must not know how programs are started.

/// What a program that has ended left to see.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Finished {
    /// Asserts the exit code, showing everything that was said when it is another.
    ///
    /// # Panics
    /// When the code is another.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "an assertion; the value is for chaining")]
    pub fn assert_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }
}

impl std::fmt::Display for Finished {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(out, "exit code {:?}, signal {:?}", self.code, self.signal)?;
        write!(out, "--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr)
    }
}
