//! The directory of one run: its journal, what was read to begin it, and what its attempts printed.
//! Knows nothing of other runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::super::facts::PlanFacts;
use super::super::file::FileJournal;
use super::super::outputs::Outputs;
use super::super::read::Recorded;
use super::super::remade::Snapshot;
use super::super::{JournalError, directory};
use super::{StoreError, failed};
use crate::base::{Digest, RunId};

/// A line of the list of snapshots.
#[derive(Debug, Serialize, Deserialize)]
struct Listed {
    role: String,
    path: String,
    file: String,
    sha256: Digest,
}

/// The directory of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDirectory {
    id: RunId,
    path: PathBuf,
}

impl RunDirectory {
    pub(super) fn at(id: RunId, path: PathBuf) -> Self {
        Self { id, path }
    }

    /// The run's id.
    #[must_use]
    pub const fn id(&self) -> &RunId {
        &self.id
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where its journal is.
    #[must_use]
    pub fn journal_path(&self) -> PathBuf {
        self.path.join("journal.jsonl")
    }

    /// The outputs of its attempts.
    #[must_use]
    pub fn outputs(&self) -> Outputs {
        Outputs::in_directory(self.path.join("output"))
    }

    /// Its records.
    ///
    /// # Errors
    /// The journal is damaged or newer, or cannot be read.
    pub fn recorded(&self) -> Result<Recorded, JournalError> {
        FileJournal::records_of(&self.journal_path())
    }

    /// Takes up its journal to go on with it.
    ///
    /// # Errors
    /// Someone drives it, or the journal cannot be used.
    pub fn resume(&self) -> Result<(FileJournal, Recorded), JournalError> {
        FileJournal::reopen(&self.journal_path())
    }

    /// Whether someone drives it now.
    ///
    /// # Errors
    /// Its journal cannot be opened.
    pub fn is_driven(&self) -> Result<bool, JournalError> {
        FileJournal::is_driven(&self.journal_path())
    }

    /// Writes down what was planned. Part of the beginning: without it nothing is started.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write_facts(&self, facts: &PlanFacts) -> Result<(), StoreError> {
        let path = self.path.join("plan.json");
        let json = serde_json::to_vec_pretty(facts).map_err(JournalError::from)?;
        directory::write_new(&path, &json).map_err(failed(&path, "write"))?;
        directory::sync(&self.path).map_err(failed(&self.path, "sync"))
    }

    /// What was planned.
    ///
    /// # Errors
    /// It was not written, or is damaged.
    pub fn facts(&self) -> Result<PlanFacts, StoreError> {
        let path = self.path.join("plan.json");
        let text = fs::read(&path).map_err(failed(&path, "read"))?;
        parse(&path, &text)
    }

    /// The files as they were when they were read, checked against their digests.
    ///
    /// # Errors
    /// One is missing or changed.
    pub fn snapshots(&self) -> Result<Vec<Snapshot>, StoreError> {
        let directory = self.snapshot_directory();
        let index = directory.join("index.json");
        let list: Vec<Listed> = parse(&index, &fs::read(&index).map_err(failed(&index, "read"))?)?;
        list.into_iter().map(|listed| listed.read(&directory)).collect()
    }

    /// Where a file is kept as it was when it was read, checked against its digest; none where there is
    /// none of that role.
    ///
    /// # Errors
    /// It is missing or changed.
    pub fn kept_file(&self, role: &str) -> Result<Option<PathBuf>, StoreError> {
        let directory = self.snapshot_directory();
        let index = directory.join("index.json");
        let list: Vec<Listed> = parse(&index, &fs::read(&index).map_err(failed(&index, "read"))?)?;
        let Some(listed) = list.into_iter().find(|listed| listed.role == role) else {
            return Ok(None);
        };
        let path = directory.join(&listed.file);
        listed.read(&directory).map(|_| Some(path))
    }

    pub(super) fn keep(&self, snapshots: &[Snapshot]) -> Result<(), StoreError> {
        let directory = self.snapshot_directory();
        directory::make_new(&directory).map_err(failed(&directory, "make"))?;
        let mut list = Vec::new();
        for (number, Snapshot { role, path, text }) in snapshots.iter().enumerate() {
            let file = format!("{}.toml", number + 1);
            let kept = directory.join(&file);
            directory::write_new(&kept, text.as_bytes()).map_err(failed(&kept, "write"))?;
            let (role, path) = (role.clone(), path.clone());
            list.push(Listed { role, path, file, sha256: Digest::of(text) });
        }
        let index = directory.join("index.json");
        let json = serde_json::to_vec_pretty(&list).map_err(JournalError::from)?;
        directory::write_new(&index, &json).map_err(failed(&index, "write"))?;
        for made in [&directory, &self.path] {
            directory::sync(made).map_err(failed(made, "sync"))?;
        }
        Ok(())
    }

    fn snapshot_directory(&self) -> PathBuf {
        self.path.join("snapshot")
    }

    /// When it was begun, as its first file tells; none for a directory that holds no run.
    pub(super) fn begun_at(&self) -> Option<(SystemTime, RunId)> {
        let begun = fs::metadata(self.snapshot_directory().join("index.json")).ok()?.modified();
        Some((begun.ok()?, self.id.clone()))
    }

    /// Removes a run that never began.
    ///
    /// # Errors
    /// The system refuses.
    pub fn discard(self) -> Result<(), StoreError> {
        fs::remove_dir_all(&self.path).map_err(failed(&self.path, "remove"))
    }
}

impl Listed {
    fn read(self, directory: &Path) -> Result<Snapshot, StoreError> {
        let path = directory.join(&self.file);
        let bytes = fs::read(&path).map_err(failed(&path, "read"))?;
        let damaged = |why: &str| StoreError::Damaged { path: path.clone(), why: why.to_owned() };
        if Digest::of(&bytes) != self.sha256 {
            return Err(damaged("it is not what was read when the run began"));
        }
        let text = String::from_utf8(bytes).map_err(|_| damaged("it is no text"))?;
        Ok(Snapshot { role: self.role, path: self.path, text })
    }
}

pub(super) fn parse<T: for<'de> Deserialize<'de>>(
    path: &Path,
    json: &[u8],
) -> Result<T, StoreError> {
    serde_json::from_slice(json)
        .map_err(|error| StoreError::Damaged { path: path.to_owned(), why: error.to_string() })
}
