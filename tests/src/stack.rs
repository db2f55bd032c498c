//! A Compose project on disk, as a team deploys it: `docker-compose.yml`, and an `.env` that
//! names the release. Must not know hosts: any host of the same engine can work on it.

use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::address::Address;
use crate::engine::Engine;
use crate::finished::Finished;
use crate::http;
use crate::images::Images;
use crate::place::Place;
use crate::program::Program;

/// A stack with one service, `app`. Dropping it takes it down and removes its directory.
#[derive(Debug)]
pub struct Stack<'engine> {
    engine: &'engine Engine,
    place: Place,
    address: Address,
    project: String,
}

/// Everything about a stack that a plan or a check must not change, for comparing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Each container of the stack by name: its id, image id and state.
    pub containers: BTreeMap<String, String>,
    /// Each image of the engine by name: its id.
    pub images: BTreeMap<String, String>,
    /// Each file of the stack's directory by path: its content.
    pub files: BTreeMap<PathBuf, String>,
}

impl<'engine> Stack<'engine> {
    /// Writes a stack that runs a release of `images`; nothing is started.
    #[must_use]
    pub fn new(engine: &'engine Engine, images: &Images, name: &str, tag: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let (place, address) = (Place::new(), Address::claim());
        let project = format!("{name}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let stack = Self { engine, place, address, project };
        stack.place.directory("state");
        stack.place.write("docker-compose.yml", &stack.compose(images.repository()));
        stack.write_tag(tag);
        stack
    }

    fn compose(&self, repository: &str) -> String {
        let (project, address) = (&self.project, self.address());
        // the check of the container is that it answers at all, as most are written; whether the
        // release is good is what `/api/health` says
        format!(
            "name: {project}\nservices:\n  app:\n    image: {repository}:${{IMAGE_TAG:?}}\n    \
             network_mode: host\n    environment:\n      LISTEN: {address}\n    volumes:\n      \
             - ./state:/state\n    healthcheck:\n      test: [CMD, busybox, wget, -q, -O, \
             /dev/null, 'http://{address}/api/alive']\n      interval: 200ms\n      \
             timeout: 5s\n      retries: 10\n"
        )
    }

    /// The directory of the project.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.place.path()
    }

    /// The Compose project's name.
    #[must_use]
    pub fn project(&self) -> &str {
        &self.project
    }

    /// Where the application listens when it runs.
    #[must_use]
    pub fn address(&self) -> SocketAddrV4 {
        self.address.port(8080)
    }

    /// The url of its health.
    #[must_use]
    pub fn health_url(&self) -> String {
        format!("http://{}/api/health", self.address())
    }

    /// The status of its health; none when nobody answers.
    #[must_use]
    pub fn health(&self) -> Option<u16> {
        http::request(self.address(), "/api/health").map(|(status, _)| status)
    }

    /// Makes its health answer this status whatever the release, or what the release says.
    pub fn set_health(&self, status: Option<u16>) {
        let file = self.directory().join("state/health");
        match status {
            Some(status) => drop(self.place.write("state/health", &format!("{status}\n"))),
            None => drop(std::fs::remove_file(file)),
        }
    }

    /// The release that `.env` names.
    ///
    /// # Panics
    /// When `.env` names none.
    #[must_use]
    pub fn tag(&self) -> String {
        let text = std::fs::read_to_string(self.directory().join(".env")).expect(".env is there");
        let tag = text.lines().find_map(|line| line.strip_prefix("IMAGE_TAG="));
        tag.unwrap_or_else(|| panic!("no IMAGE_TAG in {text:?}")).to_owned()
    }

    /// Writes the release into `.env`, as an operator's editor does.
    pub fn write_tag(&self, tag: &str) {
        self.place.write(".env", &format!("# the release that runs\nIMAGE_TAG={tag}\n"));
    }

    /// Runs `docker compose` in the directory, to its end.
    #[must_use]
    pub fn docker_compose(&self, arguments: &[&str]) -> Finished {
        let mut command: Command = self.engine.command(&["compose"]);
        command.args(arguments).current_dir(self.directory());
        Program::run(&format!("docker compose {}", arguments.join(" ")), &command)
    }

    /// `docker compose up -d --wait`.
    #[must_use]
    pub fn up(&self) -> Finished {
        self.docker_compose(&["up", "-d", "--wait"])
    }

    /// `docker compose down`.
    #[must_use]
    pub fn down(&self) -> Finished {
        self.docker_compose(&["down", "-t", "0"])
    }

    /// The image id of the running container of each service.
    ///
    /// # Panics
    /// When the engine does not answer.
    #[must_use]
    pub fn image_ids(&self) -> BTreeMap<String, String> {
        let format = "{{index .Config.Labels \"com.docker.compose.service\"}} {{.Image}}";
        self.inspect(&["ps", "-q", "--no-trunc", "--filter"], format)
    }

    /// Everything that a plan or a check must not change.
    ///
    /// # Panics
    /// When the engine does not answer.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let format = "{{.Name}} {{.Id}} {{.Image}} {{.State.Status}} {{.State.StartedAt}}";
        let names = "{{.Repository}}:{{.Tag}} {{.ID}}";
        Snapshot {
            containers: self.inspect(&["ps", "-aq", "--no-trunc", "--filter"], format),
            images: pairs(&self.engine.ask(&["images", "--no-trunc", "--format", names])),
            files: files(self.directory()),
        }
    }

    fn inspect(&self, list: &[&str], format: &str) -> BTreeMap<String, String> {
        let filter = format!("label=com.docker.compose.project={}", self.project);
        let ids = self.engine.ask(&[list, &[&filter]].concat());
        if ids.is_empty() {
            return BTreeMap::new();
        }
        let mut arguments = vec!["inspect", "-f", format];
        arguments.extend(ids.lines());
        pairs(&self.engine.ask(&arguments))
    }
}

impl Drop for Stack<'_> {
    fn drop(&mut self) {
        if self.directory().join("docker-compose.yml").exists() {
            // in a test that has already failed, the engine ends it otherwise
            let _ = self.down();
        }
    }
}

/// Lines of `name value…`.
fn pairs(lines: &str) -> BTreeMap<String, String> {
    let pairs = lines.lines().filter_map(|line| line.split_once(' '));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Every file under a directory, with its content.
fn files(directory: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut left = vec![directory.to_owned()];
    while let Some(next) = left.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                left.push(path);
            } else {
                let content = std::fs::read(&path).unwrap_or_default();
                found.insert(path, String::from_utf8_lossy(&content).into_owned());
            }
        }
    }
    found
}
