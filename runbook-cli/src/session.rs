//! What every verb is given: what was decided about the whole command, and where it writes.

use std::sync::Arc;

use jiff::Zoned;
use jiff::civil::Date;

use crate::catalogue::Catalogue;
use crate::settings::Settings;
use crate::terminal::prompt::Tty;
use crate::terminal::shell::Shell;

/// One execution of the command.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// What was decided.
    pub(crate) settings: Settings,
    /// Where it writes.
    pub(crate) shell: Arc<Shell>,
    /// When it began.
    pub(crate) now: Zoned,
}

impl Session {
    /// Where runbooks are found.
    pub(crate) fn catalogue(&self) -> Catalogue {
        Catalogue::new(&self.settings.data)
    }

    /// The day it is where the operator is.
    pub(crate) fn today(&self) -> Date {
        self.now.date()
    }

    /// The terminal of a person who can be asked.
    pub(crate) fn person(&self) -> Option<Tty> {
        if self.settings.no_input { None } else { Tty::of_a_person() }
    }

    /// Writes a value to stdout as one JSON document.
    pub(crate) fn json(&self, value: &impl serde::Serialize) {
        let json = serde_json::to_string_pretty(value).expect("results are written as JSON");
        self.shell.out(&(json + "\n"));
    }

    /// Writes a value to stdout as a line of JSON.
    pub(crate) fn json_line(&self, value: &impl serde::Serialize) {
        let json = serde_json::to_string(value).expect("results are written as JSON");
        self.shell.out(&(json + "\n"));
    }
}
