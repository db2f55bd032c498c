//! A simulated machine: a first process and everything that descends from it, ended together.
//! Must not know what it serves.

use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::isolation::Isolation;
use crate::lifeline::lifeline;
use crate::processes;
use crate::program::Program;
use crate::stream::LIMIT;

/// The mark by which processes of the lab are found where there are no namespaces.
pub(crate) const MARK: &str = "RUNBOOK_LAB_HOST";

/// A machine that runs. Dropping it is the power failing: every process of it is killed, and it
/// has ended when drop returns.
#[derive(Debug)]
pub struct Machine {
    program: Program,
    isolation: Isolation,
    mark: std::path::PathBuf,
}

impl Machine {
    /// Starts `script` as the first process; `directory` marks what runs on it, and is `$1`;
    /// `$2` is the word `private` where it has namespaces of its own.
    pub(crate) fn start(
        name: &str,
        script: &str,
        directory: &std::path::Path,
        more: &[&str],
        dress: impl FnOnce(&mut Command),
    ) -> Self {
        let isolation = Isolation::here();
        let mut command = isolation.shell(script);
        let private = if isolation.is_some() { "private" } else { "shared" };
        command.arg(name).arg(directory).arg(private).args(more);
        command.env(MARK, directory).env("RUNBOOK_LAB_ROOT", lifeline().root());
        dress(&mut command);
        let program = Program::start(name, &command);
        Self { program, isolation, mark: directory.to_owned() }
    }

    /// What it has said so far, and waiting for more.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The process id of its first process, as seen from outside.
    #[must_use]
    pub fn first_process(&self) -> Option<u32> {
        if self.isolation.is_some() {
            let outer = self.program.pid();
            let inner = processes::descendants(outer);
            inner.into_iter().find(|&pid| processes::parent(pid) == Some(outer))
        } else {
            Some(self.program.pid())
        }
    }

    /// Every process on it but the first, as seen from outside.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        let Some(first) = self.first_process() else { return Vec::new() };
        let mut found = processes::descendants(first);
        if !self.isolation.is_some() {
            found.extend(processes::marked(MARK, &self.mark));
            found.sort_unstable();
            found.dedup();
            found.retain(|&pid| pid != first);
        }
        found.retain(|&pid| processes::is_alive(pid));
        found
    }

    /// Asks the first process to end, and gives it the time to.
    pub fn shut_down(&mut self, limit: Duration) {
        if let Some(first) = self.first_process() {
            processes::signal_each(&[first], Signal::TERM);
        }
        self.program.end(Signal::CONT, limit);
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let rest = if self.isolation.is_some() { Vec::new() } else { self.processes() };
        if let Some(first) = self.first_process() {
            // the kernel ends a process namespace with its first process, and only then lets
            // the one outside hear of it
            processes::signal_each(&[first], Signal::KILL);
        }
        processes::signal_each(&rest, Signal::KILL);
        self.program.end(Signal::CONT, LIMIT);
    }
}
