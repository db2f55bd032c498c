//! The command under test, as an operator starts it: with a home of its own and an environment
//! that holds nothing of the machine. Must not know what the command does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::available::command_under_test;
use crate::finished::Finished;
use crate::keys::Size;
use crate::lifeline::lifeline;
use crate::place::Place;
use crate::program::{Input, Program};
use crate::ssh_config::SshConfig;
use crate::terminal::Terminal;

/// An operator's home, and how they start `runbook` from it.
#[derive(Debug)]
pub struct Runbook {
    place: Place,
    directory: PathBuf,
    environment: BTreeMap<String, String>,
    last: Vec<String>,
}

impl Runbook {
    /// An operator with an empty home, who works in an empty directory.
    #[must_use]
    pub fn new() -> Self {
        let place = Place::new();
        let directory = place.directory("work");
        let mut environment = BTreeMap::new();
        for (name, value) in [
            ("HOME", "home"),
            ("XDG_CONFIG_HOME", "home/.config"),
            ("XDG_STATE_HOME", "home/.local/state"),
            ("XDG_DATA_HOME", "home/.local/share"),
            ("XDG_CACHE_HOME", "home/.cache"),
            ("XDG_RUNTIME_DIR", "run"),
            ("TMPDIR", "tmp"),
        ] {
            environment.insert(name.to_owned(), place.directory(value).display().to_string());
        }
        for (name, value) in
            [("LANG", "C.UTF-8"), ("TZ", "UTC"), ("USER", "operator"), ("LOGNAME", "operator")]
        {
            environment.insert(name.to_owned(), value.to_owned());
        }
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        environment.insert("PATH".to_owned(), path.to_owned());
        let root = lifeline().root().display().to_string();
        environment.insert("RUNBOOK_LAB_ROOT".to_owned(), root);
        private(&place.directory("run"));
        Self { place, directory, environment, last: Vec::new() }
    }

    /// Every command line ends with `--ssh-config FILE`.
    #[must_use]
    pub fn ssh_config(mut self, config: &SshConfig) -> Self {
        self.last = vec!["--ssh-config".to_owned(), config.path().display().to_string()];
        self
    }

    /// A variable in its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// The directory it is started in, instead of the operator's own.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = directory.into();
        self
    }

    /// Where it is started.
    #[must_use]
    pub fn working_directory(&self) -> &Path {
        &self.directory
    }

    /// Writes a file in the directory where it is started, and returns its path.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.join(name);
        let above = path.parent().expect("a file has a directory");
        std::fs::create_dir_all(above)
            .and_then(|()| std::fs::write(&path, text))
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        path
    }

    /// The operator's `$HOME`.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    /// The operator's `$XDG_STATE_HOME`.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.home().join(".local/state")
    }

    /// Runs it to its end, with nothing to read and no terminal.
    #[track_caller]
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Finished {
        self.start(arguments).wait()
    }

    /// Runs it to its end with text on its standard input.
    #[track_caller]
    #[must_use]
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Finished {
        let command = self.command(arguments);
        Program::start_with(&named(arguments), &command, Input::Text(input)).wait()
    }

    /// Starts it without a terminal. The process id is that of the command itself.
    #[must_use]
    pub fn start(&self, arguments: &[&str]) -> Program {
        Program::start(&named(arguments), &self.command(arguments))
    }

    /// Starts it in a terminal. The process id is that of the command itself.
    #[must_use]
    pub fn terminal(&self, arguments: &[&str], size: Size) -> Terminal {
        // a terminal sets TERM after this environment is made: it is put in here
        let mut environment = self.environment.clone();
        environment.entry("TERM".to_owned()).or_insert_with(|| "xterm-256color".to_owned());
        Terminal::start(&self.command_in(&environment, arguments), size)
    }

    /// The command line as a `Command`, for what the lab does not offer.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_in(&self.environment, arguments)
    }

    fn command_in(&self, environment: &BTreeMap<String, String>, arguments: &[&str]) -> Command {
        let mut command = self.clean(environment);
        command.arg(command_under_test()).args(arguments).args(&self.last);
        command
    }

    /// `env -i NAME=value…`, which becomes what is added to it.
    fn clean(&self, environment: &BTreeMap<String, String>) -> Command {
        let mut command = Command::new("env");
        command.arg("-i").current_dir(&self.directory);
        command.args(environment.iter().map(|(name, value)| format!("{name}={value}")));
        command
    }
}

impl Default for Runbook {
    fn default() -> Self {
        Self::new()
    }
}

fn named(arguments: &[&str]) -> String {
    format!("runbook {}", arguments.join(" "))
}

fn private(directory: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700))
        .expect("the directory is ours");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_machine_is_in_its_environment() {
        let operator = Runbook::new().env("RUNBOOK_PARAM_RELEASE", "v2");
        let mut command = operator.clean(&operator.environment);
        command.args(["sh", "-c", "pwd; env"]);
        let seen = Program::run("env", &command).assert_code(0).stdout.clone();
        let directory = operator.working_directory().display().to_string();
        assert_eq!(seen.lines().next(), Some(directory.as_str()));
        assert!(seen.contains(&format!("\nHOME={}\n", operator.home().display())), "{seen}");
        assert!(seen.contains("\nRUNBOOK_PARAM_RELEASE=v2\n"), "{seen}");
        assert!(!seen.contains("CARGO"), "{seen}");
    }
}
