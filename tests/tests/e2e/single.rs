//! One host without anything on it, and an operator with a runbook of their own for it.
//! Must not know the runbook.

use runbook_tests::{Finished, HostOptions, Need, Runbook, SshConfig, SshHost, Terminal, ready};

use crate::person::DESK;
use crate::shop::assert_nothing_left;

/// The host and the operator.
pub(crate) struct Single {
    /// Who runs `own`.
    pub(crate) operator: Runbook,
    /// The host, `db1`.
    pub(crate) host: SshHost,
    _config: SshConfig,
}

impl Single {
    /// Whether the machine has what it needs.
    #[track_caller]
    pub(crate) fn can_start() -> bool {
        ready(&[Need::Ssh, Need::Namespaces])
    }

    /// A plain host, and this runbook.
    pub(crate) fn start(runbook: &str) -> Self {
        Self::with(&HostOptions::new(), runbook)
    }

    /// A host as said, and this runbook.
    pub(crate) fn with(options: &HostOptions, runbook: &str) -> Self {
        let host = options.start("db1");
        let config = SshConfig::for_hosts(&[&host]);
        let operator = Runbook::new().ssh_config(&config);
        operator.write("runbooks/own.toml", runbook);
        Self { operator, host, _config: config }
    }

    /// `runbook run own` without a terminal, to its end.
    #[track_caller]
    pub(crate) fn run(&self, more: &[&str]) -> Finished {
        self.operator.run(&[&["run", "own", "--host", "db=db1"][..], more].concat())
    }

    /// The same in a terminal.
    pub(crate) fn run_by_hand(&self, more: &[&str]) -> Terminal {
        let arguments = [&["run", "own", "--host", "db=db1"][..], more].concat();
        self.operator.terminal(&arguments, DESK)
    }

    /// A file in the home directory there; none when there is none.
    pub(crate) fn file(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.host.home().join(name)).ok()
    }

    /// Writes one.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.host.home().join(name), text).expect("the home is writable");
    }

    /// Asserts that nothing of a run is left there.
    #[track_caller]
    pub(crate) fn assert_nothing_left(&self) {
        assert_nothing_left(&self.host);
    }
}
