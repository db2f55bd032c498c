//! Where runs are kept: a private directory each, under the state directory. Reading goes through
//! here too. Knows nothing of what the runs did.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "runs are directories")]

mod codes;
mod handover;
mod replan;
mod run_directory;
mod stop_request;
mod used_plans;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::file::FileJournal;
use super::remade::Snapshot;
use super::{JournalError, directory};
use crate::base::RunId;

pub use run_directory::RunDirectory;
pub use stop_request::StopRequest;
pub use used_plans::{PlanUse, UsedPlans};

/// Letters and digits that are not mistaken for each other when read aloud; lowercase, since an id
/// becomes part of the names of databases and files.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstvwxyz0123456789";
/// Of these the first is one.
const LETTERS: usize = 22;
/// How many times another id is tried where one is taken.
const TRIES: usize = 64;

/// Where runs may be kept. What the environment says is told by whoever may read it.
#[derive(Clone, Debug)]
pub struct Places {
    /// Said by the user: `--state-dir`.
    pub chosen: Option<PathBuf>,
    /// `XDG_STATE_HOME`; counts when it is absolute.
    pub xdg_state_home: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// A directory in memory that everybody may write to, for when the disk is full.
    pub memory: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        let memory = PathBuf::from("/dev/shm");
        Self { chosen: None, xdg_state_home: None, home: None, memory }
    }
}

/// Why the store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A run can be kept nowhere, so none is begun.
    #[error(
        "a run can be kept neither in {first} ({why}) nor in {second} ({also}); use `--state-dir`"
    )]
    Nowhere {
        /// The state directory.
        first: PathBuf,
        /// Why not there.
        why: String,
        /// The place in memory.
        second: PathBuf,
        /// Why not there either.
        also: String,
    },
    /// The system refused.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was done, an infinitive.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A file of a run is not what it should be.
    #[error("{path} is damaged: {why}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// What was read when the run began makes another plan with this program.
    #[error("{path} does not make the plan of this run any more: {why}")]
    OtherPlan {
        /// The directory of the run.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The journal of a new run cannot be made.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// There is no such run.
    #[error("no run {0}; `runbook history` lists them")]
    NoSuchRun(String),
    /// There is no run at all.
    #[error("no run is recorded here yet")]
    NoRun,
    /// Several runs begin so.
    #[error("several runs begin with `{prefix}`: {}", ids.iter().map(RunId::as_str).collect::<Vec<_>>().join(", "))]
    Ambiguous {
        /// What was given.
        prefix: String,
        /// They.
        ids: Vec<RunId>,
    },
}

fn failed<'a>(path: &'a Path, doing: &'static str) -> impl Fn(io::Error) -> StoreError + use<'a> {
    move |source| StoreError::Io { path: path.to_owned(), doing, source }
}

/// The runs of a user on this machine.
#[derive(Clone, Debug)]
pub struct Store {
    /// Where new runs go.
    root: PathBuf,
    /// Where they go when that cannot be written.
    fallback: PathBuf,
}

/// A run that was just begun: nothing is in its journal yet.
#[derive(Debug)]
pub struct NewRun {
    /// Where it is kept.
    pub directory: RunDirectory,
    /// Its journal, held.
    pub journal: FileJournal,
    /// Why it is kept in memory, where it is: to be said loudly, since a reboot loses it.
    pub notice: Option<String>,
}

impl Store {
    /// The store at these places. Makes nothing.
    #[must_use]
    pub fn at(places: &Places) -> Self {
        let absolute = |path: &Option<PathBuf>| path.clone().filter(|path| path.is_absolute());
        let state = absolute(&places.xdg_state_home)
            .or_else(|| absolute(&places.home).map(|home| home.join(".local/state")));
        let user = rustix::process::geteuid().as_raw();
        let fallback = places.memory.join(format!("runbook-{user}"));
        let root = places.chosen.clone().or_else(|| state.map(|state| state.join("runbook")));
        Self { root: root.unwrap_or_else(|| fallback.clone()), fallback }
    }

    /// The state directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where runs go when the state directory cannot be written.
    #[must_use]
    pub fn fallback(&self) -> &Path {
        &self.fallback
    }

    /// Begins a run: its directory, its journal with room for its end, and a snapshot of every file
    /// that was read. All of it is on the disk when this returns.
    ///
    /// # Errors
    /// It can be kept neither in the state directory nor in memory.
    pub fn begin(&self, snapshots: &[Snapshot]) -> Result<NewRun, StoreError> {
        let why = match self.begin_in(&self.root, snapshots) {
            Ok((directory, journal)) => return Ok(NewRun { directory, journal, notice: None }),
            Err(error) => error.to_string(),
        };
        let in_memory = directory::make_among_others(&self.fallback)
            .map_err(failed(&self.fallback, "make"))
            .and_then(|()| self.begin_in(&self.fallback, snapshots));
        match in_memory {
            Ok((directory, journal)) => {
                let notice = format!(
                    "this run is kept in {} and is lost when this machine restarts: {why}",
                    directory.path().display()
                );
                Ok(NewRun { directory, journal, notice: Some(notice) })
            }
            Err(also) => Err(StoreError::Nowhere {
                first: self.root.clone(),
                why,
                second: self.fallback.clone(),
                also: also.to_string(),
            }),
        }
    }

    fn begin_in(
        &self,
        root: &Path,
        snapshots: &[Snapshot],
    ) -> Result<(RunDirectory, FileJournal), StoreError> {
        let runs = root.join("runs");
        directory::make(&runs).map_err(failed(&runs, "make"))?;
        let run = self.reserve(&runs)?;
        let begun = FileJournal::create(&run.journal_path())
            .map_err(StoreError::from)
            .and_then(|journal| run.keep(snapshots).map(|()| journal));
        match begun {
            Ok(journal) => {
                directory::sync(&runs).map_err(failed(&runs, "sync"))?;
                Ok((run, journal))
            }
            Err(error) => {
                let _ = run.discard();
                Err(error)
            }
        }
    }

    /// A directory with an id that no other run of this store has.
    fn reserve(&self, runs: &Path) -> Result<RunDirectory, StoreError> {
        let mut random = File::open("/dev/urandom").map_err(failed(runs, "find a name in"))?;
        for _ in 0..TRIES {
            let mut bytes = [0; 6];
            random.read_exact(&mut bytes).map_err(failed(runs, "find a name in"))?;
            let id = id_of(bytes);
            if self.roots().any(|root| root.join("runs").join(id.as_str()).exists()) {
                continue;
            }
            let path = runs.join(id.as_str());
            match directory::make_new(&path) {
                Ok(()) => return Ok(RunDirectory::at(id, path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(&path, "make")(error)),
            }
        }
        let taken =
            io::Error::new(io::ErrorKind::AlreadyExists, "every name that was tried is taken");
        Err(failed(runs, "find a name in")(taken))
    }

    /// The places where there may be runs. One in memory counts only when it is provably ours.
    fn roots(&self) -> impl Iterator<Item = &Path> {
        let fallback = Some(self.fallback.as_path())
            .filter(|path| **path != self.root && directory::is_ours(path).unwrap_or(false));
        std::iter::once(self.root.as_path()).chain(fallback)
    }

    /// Every run, the newest first.
    ///
    /// # Errors
    /// A directory of runs is there and cannot be read.
    pub fn runs(&self) -> Result<Vec<RunDirectory>, StoreError> {
        let mut found = Vec::new();
        for root in self.roots() {
            let runs = root.join("runs");
            let entries = match fs::read_dir(&runs) {
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                    ) =>
                {
                    continue;
                }
                entries => entries.map_err(failed(&runs, "list"))?,
            };
            for entry in entries {
                let path = entry.map_err(failed(&runs, "list"))?.path();
                let name = path.file_name().and_then(|name| name.to_str());
                let Some(Ok(id)) = name.map(str::parse::<RunId>) else { continue };
                let run = RunDirectory::at(id, path);
                found.extend(run.begun_at().map(|begun| (begun, run)));
            }
        }
        found.sort_by(|(one, _), (other, _)| other.cmp(one));
        Ok(found.into_iter().map(|(_, run)| run).collect())
    }

    /// The run of this id, or the only one whose id begins so; none is the newest.
    ///
    /// # Errors
    /// There is none, or several begin so.
    pub fn find(&self, id: Option<&str>) -> Result<RunDirectory, StoreError> {
        let mut runs = self.runs()?;
        let Some(prefix) = id else {
            return runs.into_iter().next().ok_or(StoreError::NoRun);
        };
        runs.retain(|run| run.id().as_str().starts_with(prefix));
        if let Some(exact) = runs.iter().position(|run| run.id() == prefix) {
            return Ok(runs.swap_remove(exact));
        }
        match runs.len() {
            0 => Err(StoreError::NoSuchRun(prefix.to_owned())),
            1 => Ok(runs.swap_remove(0)),
            _ => {
                let ids = runs.iter().map(|run| run.id().clone()).collect();
                Err(StoreError::Ambiguous { prefix: prefix.to_owned(), ids })
            }
        }
    }

    /// Where the locks of this user's runs are.
    #[must_use]
    pub fn locks(&self) -> Vec<PathBuf> {
        let mut places = vec![self.root.join("locks")];
        if self.fallback != self.root {
            places.push(self.fallback.join("locks"));
        }
        places
    }
}

/// Six characters, the first a letter: 738 million ids, since hosts keep jobs of many controllers
/// under them.
fn id_of(bytes: [u8; 6]) -> RunId {
    let sign = |(place, byte): (usize, u8)| {
        let among = if place == 0 { LETTERS } else { ALPHABET.len() };
        char::from(ALPHABET[usize::from(byte) % among])
    };
    let id: String = bytes.into_iter().enumerate().map(sign).collect();
    id.parse().expect("it is made of letters and digits")
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
