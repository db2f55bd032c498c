//! Plan files on a disk: made new or replaced as a whole, for nobody else to read.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "plan files are written and read here, and are told apart by time and chance"
)]

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::directory;
use super::plan_file::{PlanFile, PlanFileError};
use super::remade::Snapshot;
use crate::plan::Wanted;
use crate::run::Run;

/// The longest file that is read as a plan: 64 MiB.
const LIMIT: u64 = 64 << 20;

/// Why a plan file could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanPathError {
    /// The system refused.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What was done, an infinitive.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// What is there is something else, and is left alone.
    #[error("{0} is there and is no plan file: it is not replaced")]
    Occupied(PathBuf),
    /// It is no plan that may be executed.
    #[error("{path} is not executed: {why}")]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        why: PlanFileError,
    },
    /// It cannot be said in JSON.
    #[error("the plan cannot be written as JSON: {0}")]
    Unwritable(#[from] serde_json::Error),
}

fn failed<'a>(
    path: &'a Path,
    doing: &'static str,
) -> impl Fn(io::Error) -> PlanPathError + use<'a> {
    move |source| PlanPathError::Io { path: path.to_owned(), doing, source }
}

impl PlanFile {
    /// The plan that `run` has read up to its first change, made now of `files` by what was `wanted`.
    ///
    /// # Errors
    /// There is no chance to be had, or something of it cannot be said in JSON.
    pub fn now(run: &Run, wanted: &Wanted, files: Vec<Snapshot>) -> Result<Self, PlanPathError> {
        Ok(Self::of(run, wanted, files, Timestamp::now(), random()?)?)
    }

    /// Whether a plan file may be put there: nothing is, or another plan file, in a directory that is.
    ///
    /// # Errors
    /// Why not.
    pub fn may_be_at(path: &Path) -> Result<(), PlanPathError> {
        let parent = parent(path);
        if !fs::metadata(parent).map_err(failed(parent, "write to"))?.is_dir() {
            let error = io::Error::from(io::ErrorKind::NotADirectory);
            return Err(failed(parent, "write to")(error));
        }
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed(path, "write")(error)),
            Ok(found) if found.is_file() && begins_as_plan(path) => Ok(()),
            Ok(_) => Err(PlanPathError::Occupied(path.to_owned())),
        }
    }

    /// Writes it, 0600: a new file, or all of one that was a plan file. On the disk when this returns.
    ///
    /// # Errors
    /// Something else is there, or the disk refuses.
    pub fn write(&self, path: &Path) -> Result<(), PlanPathError> {
        Self::may_be_at(path)?;
        let bytes = self.encode()?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let nonce: String = random()?.iter().map(|byte| format!("{byte:02x}")).collect();
        let draft = path.with_file_name(format!(".{name}.{nonce}"));
        let written = directory::write_new(&draft, &bytes)
            .and_then(|()| fs::rename(&draft, path))
            .and_then(|()| directory::sync(parent(path)));
        written.map_err(|error| {
            let _ = fs::remove_file(&draft);
            failed(path, "write")(error)
        })
    }

    /// Whether a file begins as a plan file does; one that cannot be read does not.
    #[must_use]
    pub fn is_at(path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|found| found.is_file()) && begins_as_plan(path)
    }

    /// Reads one.
    ///
    /// # Errors
    /// It cannot be read, is none, was edited, is damaged, or is newer than this program.
    pub fn read(path: &Path) -> Result<Self, PlanPathError> {
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(failed(path, "read"))?;
        file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(failed(path, "read"))?;
        let refused = |why| PlanPathError::Refused { path: path.to_owned(), why };
        if bytes.len() as u64 > LIMIT {
            return Err(refused(PlanFileError::NotAPlan));
        }
        Self::decode(&bytes).map_err(refused)
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn begins_as_plan(path: &Path) -> bool {
    let mut begin = [0; 16];
    let read = File::open(path).and_then(|mut file| file.read(&mut begin));
    read.is_ok_and(|length| PlanFile::is_one(&begin[..length]))
}

fn random() -> Result<[u8; 16], PlanPathError> {
    let source = Path::new("/dev/urandom");
    let mut bytes = [0; 16];
    let mut file = File::open(source).map_err(failed(source, "read"))?;
    file.read_exact(&mut bytes).map_err(failed(source, "read"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::plan_file::tests::file;
    use super::*;

    #[test]
    fn it_is_private_and_replaces_only_its_like() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("fix.plan");
        file(1).write(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(PlanFile::is_at(&path));
        file(2).write(&path).unwrap();
        assert_eq!(PlanFile::read(&path).unwrap(), file(2));
        let other = place.path().join("hosts.toml");
        fs::write(&other, "format = 1\n").unwrap();
        assert!(matches!(file(1).write(&other), Err(PlanPathError::Occupied(_))));
        assert_eq!(fs::read_to_string(&other).unwrap(), "format = 1\n");
        assert!(matches!(PlanFile::read(&other), Err(PlanPathError::Refused { .. })));
        let link = place.path().join("link.plan");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(file(1).write(&link), Err(PlanPathError::Occupied(_))));
        assert!(file(1).write(&place.path().join("no/where.plan")).is_err());
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 3, "no draft is left");
    }

    #[test]
    fn no_two_are_made_by_the_same_chance() {
        assert_ne!(random().unwrap(), random().unwrap());
    }
}
