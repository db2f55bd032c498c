//! The images of the application: three releases, built without a base image and pushed to a
//! registry. Must not know how they are run.
//!
//! | tag  | `docker compose up -d --wait` | `/api/health` | `/api/alive`, `/api/version` |
//! | ---- | ----------------------------- | ------------- | ---------------------------- |
//! | `v1` | succeeds                      | 200           | 200                          |
//! | `v2` | succeeds                      | 503           | 200                          |
//! | `v3` | fails: it ends at once        | –             | –                            |

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::available::tools;
use crate::engine::Engine;
use crate::place::Place;
use crate::program::Program;
use crate::registry::Registry;

/// The application.
const APPLICATION: &str = include_str!("app/main.rs");

/// How each release is built.
const DOCKERFILE: &str = r#"FROM scratch
COPY busybox app /bin/
ENV PATH=/bin
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ARG VERSION
ENV VERSION=$VERSION
# the first process of a container does not hear SIGTERM unless it asks to
STOPSIGNAL SIGKILL
CMD ["/bin/app"]
"#;

/// The releases, oldest first.
pub const TAGS: [&str; 3] = ["v1", "v2", "v3"];

/// A repository with the three releases, which an engine also has.
#[derive(Debug, Clone)]
pub struct Images {
    repository: String,
}

impl Images {
    /// Builds the releases on an engine and pushes them to a registry.
    ///
    /// # Panics
    /// When the engine or the registry refuses, with what `docker` said.
    #[must_use]
    pub fn publish(engine: &Engine, registry: &Registry) -> Self {
        let images = Self { repository: format!("{}/app", registry.address()) };
        let place = Place::new();
        place.write("Dockerfile", DOCKERFILE);
        for (from, to) in [(Path::new("/bin/busybox"), "busybox"), (&application(), "app")] {
            std::fs::copy(from, place.path().join(to))
                .unwrap_or_else(|error| panic!("cannot copy {}: {error}", from.display()));
        }
        let context = place.path().display().to_string();
        for tag in TAGS {
            let (name, version) = (images.name(tag), format!("VERSION={tag}"));
            let options = ["build", "-q", "--network", "host", "--build-arg", &version];
            let _ = engine.ask(&[&options[..], &["-t", &name, &context]].concat());
            let _ = engine.ask(&["push", "-q", &name]);
        }
        images
    }

    /// The releases on the shared engine and registry.
    ///
    /// # Panics
    /// As [`Self::publish`].
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Images> = OnceLock::new();
        SHARED.get_or_init(|| Self::publish(Engine::shared(), Registry::shared()))
    }

    /// The name without a tag: `127.x.y.z:5000/app`.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The name of a release.
    #[must_use]
    pub fn name(&self, tag: &str) -> String {
        format!("{}:{tag}", self.repository)
    }

    /// The id of a release, `sha256:…`.
    ///
    /// # Panics
    /// When the engine does not have it.
    #[must_use]
    pub fn id(&self, engine: &Engine, tag: &str) -> String {
        engine.ask(&["image", "inspect", "-f", "{{.Id}}", &self.name(tag)])
    }

    /// The name of a release by digest, `127.x.y.z:5000/app@sha256:…`.
    ///
    /// # Panics
    /// When the engine does not have it.
    #[must_use]
    pub fn digest(&self, engine: &Engine, tag: &str) -> String {
        engine.ask(&["image", "inspect", "-f", "{{index .RepoDigests 0}}", &self.name(tag)])
    }

    /// Removes a release from the engine, so that only the registry has it.
    ///
    /// # Panics
    /// When it is in use.
    pub fn forget(&self, engine: &Engine, tag: &str) {
        let _ = engine.ask(&["image", "rm", "-f", &self.name(tag)]);
    }
}

/// The application's binary, compiled once and kept beside the build.
fn application() -> PathBuf {
    let mut hasher = DefaultHasher::new();
    APPLICATION.hash(&mut hasher);
    let binary = tools().join(format!("app-{:016x}", hasher.finish()));
    if !binary.exists() {
        let place = Place::new();
        let source = place.write("main.rs", APPLICATION);
        let made = place.path().join("app");
        let mut rustc = Command::new("rustc");
        rustc.args(["--edition", "2024", "-O", "-C", "target-feature=+crt-static"]);
        rustc.args(["-C", "strip=symbols", "-o"]);
        rustc.arg(&made).arg(source).current_dir(env!("CARGO_MANIFEST_DIR"));
        Program::run("rustc", &rustc).assert_code(0);
        keep(&made, &binary);
    }
    binary
}

/// Puts a file in its place at once, since other processes look for it there.
fn keep(made: &Path, binary: &Path) {
    let beside = binary.with_extension(std::process::id().to_string());
    std::fs::create_dir_all(tools())
        .and_then(|()| std::fs::copy(made, &beside))
        .and_then(|_| std::fs::rename(&beside, binary))
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", binary.display()));
}
