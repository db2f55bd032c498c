//! A point at which a program on a host tells the test that it got there, and waits to be let on.
//! Nothing is polled: both are pipes. Must not know the program.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;

use runbook_tests::Program;
use runbook_tests::stream::LIMIT;

/// The shell's side of it: comes to the gate NAME of the home directory, and waits.
pub(crate) fn pass(name: &str) -> String {
    format!("echo here >{name}.here; read -r _ <{name}.go")
}

/// The test's side.
pub(crate) struct Gate {
    here: PathBuf,
    go: PathBuf,
}

impl Gate {
    /// Makes a gate in a directory.
    pub(crate) fn make(directory: &Path, name: &str) -> Self {
        let pipe = |end: &str| {
            let path = directory.join(format!("{name}.{end}"));
            Program::run("mkfifo", Command::new("mkfifo").args(["-m", "666"]).arg(&path))
                .assert_code(0);
            path
        };
        Self { here: pipe("here"), go: pipe("go") }
    }

    /// Waits until somebody stands at it.
    ///
    /// # Panics
    /// When nobody comes.
    #[track_caller]
    pub(crate) fn wait(&self) {
        let path = self.here.clone();
        within_limit("nobody came to the gate", move || std::fs::read_to_string(path).is_ok());
    }

    /// Lets whoever stands at it go on.
    ///
    /// # Panics
    /// When nobody stands there.
    #[track_caller]
    pub(crate) fn open(&self) {
        let path = self.go.clone();
        within_limit("nobody stands at the gate", move || {
            let opened = File::options().write(true).open(path);
            opened.and_then(|mut gate| gate.write_all(b"go\n")).is_ok()
        });
    }
}

/// Opening a pipe waits for the other end, which may never come.
#[track_caller]
fn within_limit(otherwise: &str, act: impl FnOnce() -> bool + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    std::thread::spawn(move || done.send(act()));
    assert_eq!(is_done.recv_timeout(LIMIT), Ok(true), "{otherwise}");
}
