//! A real Docker Engine with Compose, in a directory of its own.
//! Must not know which images or stacks it will have.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use crate::available::compose_plugin;
use crate::finished::Finished;
use crate::lifeline::lifeline;
use crate::machine::Machine;
use crate::place::Place;
use crate::program::Program;

/// The first process of an engine.
const SCRIPT: &str = include_str!("engine.sh");

/// A running `dockerd`. Dropping it stops its containers and removes everything it had.
#[derive(Debug)]
pub struct Engine {
    machine: Machine,
    place: Place,
}

impl Engine {
    /// Starts an engine; takes about a third of a second.
    ///
    /// # Panics
    /// When it does not come up, with what it said.
    #[must_use]
    pub fn start() -> Self {
        let place = Place::new();
        let plugins = place.directory("config/cli-plugins");
        symlink(compose_plugin(), plugins.join("docker-compose"))
            .expect("the engine's own directory is writable");
        let number = place.path().file_name().expect("a place has a name").to_string_lossy();
        let root = lifeline().root().file_name().expect("a place has a name").to_string_lossy();
        let group = format!("{root}.{number}");
        let machine = Machine::start("dockerd", SCRIPT, place.path(), &[&group], |_| ());
        machine.program().wait_for("API listen on");
        let engine = Self { machine, place };
        // any user of a host may talk to the engine, as members of its group may elsewhere
        std::fs::set_permissions(engine.socket(), Permissions::from_mode(0o666))
            .expect("the socket is ours");
        engine
    }

    /// The engine that the tests of one process share. It is ended with the process.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Engine> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// The value of `DOCKER_HOST` that leads here.
    #[must_use]
    pub fn docker_host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// The value of `DOCKER_CONFIG` that has Compose, and no credentials.
    #[must_use]
    pub fn docker_config(&self) -> String {
        self.place.path().join("config").display().to_string()
    }

    /// The process id of its first process, as seen from outside.
    #[must_use]
    pub fn first_process(&self) -> Option<u32> {
        self.machine.first_process()
    }

    /// Its directory.
    #[must_use]
    pub fn directory(&self) -> &std::path::Path {
        self.place.path()
    }

    /// A `docker` command line for this engine.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut docker = Command::new("docker");
        docker.args(arguments);
        docker.env("DOCKER_HOST", self.docker_host()).env("DOCKER_CONFIG", self.docker_config());
        docker.env("DOCKER_BUILDKIT", "0").env_remove("DOCKER_CONTEXT");
        docker
    }

    /// Runs `docker` to its end.
    #[must_use]
    pub fn docker(&self, arguments: &[&str]) -> Finished {
        Program::run(&format!("docker {}", arguments.join(" ")), &self.command(arguments))
    }

    /// Runs `docker`, which must succeed, and returns what it printed, trimmed.
    ///
    /// # Panics
    /// When it fails, with what it said.
    #[track_caller]
    #[must_use]
    pub fn ask(&self, arguments: &[&str]) -> String {
        let finished = self.docker(arguments);
        finished.assert_code(0);
        finished.stdout.trim().to_owned()
    }

    fn socket(&self) -> PathBuf {
        self.place.path().join("docker.sock")
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.machine.shut_down(Duration::from_secs(15));
    }
}
