//! The journal as a file: append-only, private, held by one driver at a time. Knows nothing of the
//! directory around it.

#![expect(clippy::disallowed_types, reason = "a journal is a file")]

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::clock::{Clock, SystemClock};
use super::read::{Recorded, read};
use super::room::Room;
use super::{Durability, Journal, JournalError, codec, directory};
use crate::run::{Event, Record};

/// An open journal. Whoever has it drives the run: the file is locked until it is dropped.
pub struct FileJournal {
    path: PathBuf,
    file: File,
    clock: Box<dyn Clock>,
    last: Option<Record>,
    length: u64,
    room: Room,
    health: Health,
}

/// What may still be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    /// Everything.
    Sound,
    /// Only the last fact: an append was refused before a byte of it was written.
    LastOnly,
    /// Nothing: a write or a sync failed, and what the disk holds is not known.
    Poisoned,
}

impl std::fmt::Debug for FileJournal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, length, room, health, .. } = self;
        write!(f, "FileJournal({} {length} bytes, {room:?}, {health:?})", path.display())
    }
}

fn failed<'a>(path: &'a Path, doing: &'static str) -> impl Fn(io::Error) -> JournalError + use<'a> {
    move |source| JournalError::Io { path: path.to_owned(), doing, source }
}

impl FileJournal {
    /// Makes a new journal with room for its end, and holds it. It is on the disk when this returns.
    ///
    /// # Errors
    /// There is one already, or the disk does not take it.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let file = OpenOptions::new()
            .append(true)
            .read(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(failed(path, "create"))?;
        hold(&file, path)?;
        let room = Room::reserve(&file, path, 0).map_err(failed(path, "set room aside for"))?;
        file.sync_all().map_err(failed(path, "sync"))?;
        if let Some(parent) = path.parent() {
            directory::sync(parent).map_err(failed(path, "sync the directory of"))?;
        }
        Ok(Self::new(path, file, room, Recorded::default()))
    }

    /// Takes up the journal of a run that stopped, and gives what it holds. A torn last line is cut
    /// off: it never was a record.
    ///
    /// # Errors
    /// Someone drives the run, the journal is damaged or newer, or the disk refuses.
    pub fn reopen(path: &Path) -> Result<(Self, Recorded), JournalError> {
        let mut file =
            OpenOptions::new().append(true).read(true).open(path).map_err(failed(path, "open"))?;
        hold(&file, path)?;
        let recorded = read_open(&mut file, path)?;
        if recorded.torn.is_some() {
            file.set_len(recorded.length).map_err(failed(path, "cut the torn end off"))?;
        }
        let room = Room::reserve(&file, path, recorded.length)
            .map_err(failed(path, "set room aside for"))?;
        file.sync_all().map_err(failed(path, "sync"))?;
        Ok((Self::new(path, file, room, recorded.clone()), recorded))
    }

    /// Reads the journal of a run, whoever drives it.
    ///
    /// # Errors
    /// It is not there, or it is damaged or newer.
    pub fn records_of(path: &Path) -> Result<Recorded, JournalError> {
        let mut file = File::open(path).map_err(failed(path, "open"))?;
        read_open(&mut file, path)
    }

    /// Whether someone drives the run of this journal now.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn is_driven(path: &Path) -> Result<bool, JournalError> {
        let file = File::open(path).map_err(failed(path, "open"))?;
        Ok(matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    fn new(path: &Path, file: File, room: Room, recorded: Recorded) -> Self {
        Self {
            path: path.to_owned(),
            file,
            clock: Box::new(SystemClock),
            length: recorded.length,
            last: recorded.records.into_iter().last(),
            room,
            health: Health::Sound,
        }
    }

    /// The records of these facts, and their lines.
    fn encode(&self, facts: Vec<Event>) -> Result<(Vec<Record>, String), serde_json::Error> {
        let mut records: Vec<Record> = Vec::with_capacity(facts.len());
        let mut lines = String::new();
        for fact in facts {
            let last = records.last().or(self.last.as_ref());
            let (record, line) = codec::encode(last, self.clock.now(), fact)?;
            records.push(record);
            lines.push_str(&line);
        }
        Ok((records, lines))
    }

    fn write(&mut self, lines: &str, durability: Durability) -> Result<(), JournalError> {
        // Before the write: an append that is dropped half-way poisons, too.
        self.health = Health::Poisoned;
        self.file.write_all(lines.as_bytes()).map_err(failed(&self.path, "write"))?;
        if durability == Durability::Synced {
            self.file.sync_data().map_err(failed(&self.path, "sync"))?;
        }
        self.length += lines.len() as u64;
        Ok(())
    }
}

impl Journal for FileJournal {
    fn append(
        &mut self,
        facts: Vec<Event>,
        durability: Durability,
    ) -> Result<Vec<Record>, JournalError> {
        if self.health != Health::Sound {
            return Err(JournalError::Poisoned { path: self.path.clone() });
        }
        // Whatever fails before the write leaves the file as it was.
        self.health = Health::LastOnly;
        let (records, lines) = self.encode(facts)?;
        self.room
            .keep(&self.file, self.length + lines.len() as u64)
            .map_err(|source| JournalError::Full { path: self.path.clone(), source })?;
        self.write(&lines, durability)?;
        self.health = Health::Sound;
        if let Some(last) = records.last() {
            self.last = Some(last.clone());
        }
        Ok(records)
    }

    fn append_last(&mut self, fact: Event) -> Result<Record, JournalError> {
        if self.health == Health::Poisoned {
            return Err(JournalError::Poisoned { path: self.path.clone() });
        }
        let (mut records, line) = self.encode(vec![fact])?;
        self.room.release();
        self.write(&line, Durability::Synced)?;
        Ok(records.remove(0))
    }

    fn location(&self) -> Option<&Path> {
        Some(&self.path)
    }
}

impl Drop for FileJournal {
    /// Gives back the room that was not needed.
    fn drop(&mut self) {
        self.room.release();
        if self.health == Health::Sound {
            let _ = self.file.set_len(self.length);
        }
    }
}

fn hold(file: &File, path: &Path) -> Result<(), JournalError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(JournalError::Driven { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(path, "lock")(source)),
    }
}

fn read_open(file: &mut File, path: &Path) -> Result<Recorded, JournalError> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed(path, "read"))?;
    read(&bytes).map_err(|why| JournalError::Unreadable { path: path.to_owned(), why })
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
