//! What makes sure that nothing outlives a test process, not even one ended by SIGKILL.
//!
//! Each test process has one directory and one small shell script that holds the reading end of a
//! pipe. The script sleeps until the pipe closes, which the kernel does when the process is gone,
//! and then ends every program of the process and removes the directory. It must not know what
//! the programs are.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The script that outlives this process by a moment.
const SCRIPT: &str = include_str!("lifeline.sh");

/// Registers the shell under its process id and start time, then becomes the program. A program
/// that cannot be registered, since the owner is already gone, never starts.
const HOLD: &str = r#"start() { echo "${20}" >"$0/$$"; }
set -f; read -r stat <"/proc/$$/stat" && start ${stat##*) } || exit 125
exec "$@""#;

/// The directory of this process, and the pipe that its end closes.
#[derive(Debug)]
pub struct Lifeline {
    root: PathBuf,
    _script: Child,
}

/// The lifeline of this process, thrown when it is first asked for.
pub fn lifeline() -> &'static Lifeline {
    static LIFELINE: OnceLock<Lifeline> = OnceLock::new();
    LIFELINE.get_or_init(Lifeline::throw)
}

impl Lifeline {
    fn throw() -> Self {
        let root = tempfile::Builder::new()
            .prefix("runbook-lab.")
            .tempdir()
            .expect("a temporary directory can be made")
            .keep();
        // others may pass through, to the home that a host gives them; not look around
        std::fs::set_permissions(&root, Permissions::from_mode(0o711))
            .expect("the lab's own directory is ours");
        std::fs::create_dir(root.join("held")).expect("the lab's own directory is writable");
        let script = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "lifeline"])
            .arg(&root)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C and a test runner end the whole group of the test: not this one
            .process_group(0)
            .spawn()
            .expect("/bin/sh can be started");
        // never waited for: it outlives this process, and holds the other end of its stdin
        Self { root, _script: script }
    }

    /// The directory under which this process keeps everything.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The same command, made to register itself before it starts.
    pub(crate) fn hold(&self, command: &Command) -> Command {
        let mut held = Command::new("/bin/sh");
        held.args(["-c", HOLD]).arg(self.root.join("held"));
        held.arg(command.get_program()).args(command.get_args());
        held
    }

    /// Forgets a program that has been waited for.
    pub(crate) fn release(&self, pid: u32) {
        // it is not there if the program ended before it could register
        let _ = std::fs::remove_file(self.root.join("held").join(pid.to_string()));
    }
}
