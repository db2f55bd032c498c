//! A runbook that does everything in its operator's own directory, run by a person at a terminal.
//! Must not know the runbook.

use runbook_tests::{Runbook, Size, Terminal};

/// The operator of `case`, and its parameter `here`.
pub(crate) struct Case {
    pub(crate) operator: Runbook,
    pub(crate) here: String,
}

impl Case {
    pub(crate) fn new(text: &str) -> Self {
        let operator = Runbook::new();
        operator.write("runbooks/case.toml", text);
        let here = format!("here={}", operator.working_directory().display());
        Self { operator, here }
    }

    pub(crate) fn start(&self, more: &[&str]) -> Terminal {
        let mut arguments = vec!["run", "case", self.here.as_str()];
        arguments.extend(more);
        self.operator.terminal(&arguments, Size::WINDOW)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.operator.working_directory().join(name).exists()
    }
}

/// Waits for the end, which must have this code; everything that was shown.
#[track_caller]
pub(crate) fn ends_with(mut terminal: Terminal, code: i32) -> String {
    let ended = terminal.wait_for_exit();
    let transcript = terminal.transcript();
    assert_eq!(ended, code, "{transcript}");
    transcript
}
