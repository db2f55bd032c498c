//! The outputs of a run's attempts, one file each. Losing one loses evidence and nothing else, so
//! nothing here fails: what cannot be kept is counted and hashed all the same, and whoever compares
//! the file with the count in the journal sees that it is not whole.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "an output is a file")]

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::directory;
use crate::base::Digest;
use crate::run::{AttemptId, OutputDigest};

/// The most of one output that is kept: its beginning.
pub const CAP: u64 = 64 * 1024 * 1024;
/// How much of the end of a longer one is kept behind that.
const TAIL: usize = 64 * 1024;
/// How much of the beginning of one is handed back when it is gone on with.
const HEAD: usize = 64 * 1024 + 1;
/// The longest name of an attempt that is written out in a file's name.
const LONGEST_NAME: usize = 200;

/// The directory of a run's outputs.
#[derive(Clone, Debug)]
pub struct Outputs {
    directory: PathBuf,
}

impl Outputs {
    /// Outputs in this directory, which is made when the first is.
    #[must_use]
    pub fn in_directory(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where this output of an attempt is kept; `stream` is `out` or `err`.
    #[must_use]
    pub fn path(&self, attempt: &AttemptId, stream: &str) -> PathBuf {
        self.directory.join(format!("{}.{stream}", plain(&attempt.to_string())))
    }

    /// What is left of an output that was this much when it came.
    #[must_use]
    pub fn kept(&self, attempt: &AttemptId, stream: &str, came: &OutputDigest) -> Kept {
        match fs::metadata(self.path(attempt, stream)) {
            Ok(file) if file.len() == came.bytes => Kept::Whole,
            Ok(file) => Kept::Part { bytes: file.len() },
            // The first byte makes the file.
            Err(_) if came.bytes == 0 => Kept::Whole,
            Err(_) => Kept::Nothing,
        }
    }

    /// Goes on behind what was kept of an output; none where nothing was, or not its beginning alone.
    #[must_use]
    pub fn go_on(&self, attempt: &AttemptId, stream: &str) -> Option<(OutputFile, KeptBefore)> {
        let path = self.path(attempt, stream);
        let mut file = OpenOptions::new().read(true).append(true).open(path).ok()?;
        let mut output = OutputFile::nowhere();
        let mut kept = KeptBefore { head: Vec::new(), bytes: 0 };
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let length = file.read(&mut buffer).ok()?;
            let bytes = &buffer[..length];
            if length == 0 {
                break;
            }
            let room = HEAD.saturating_sub(kept.head.len());
            kept.head.extend_from_slice(&bytes[..room.min(length)]);
            kept.bytes += length as u64;
            output.hasher.update(bytes);
        }
        // One that reached its limit may hold its end as well.
        (kept.bytes < output.cap)
            .then(|| (OutputFile { place: Place::In(file), bytes: kept.bytes, ..output }, kept))
    }

    /// Begins to keep an output: its first byte makes the file.
    #[must_use]
    pub fn begin(&self, attempt: &AttemptId, stream: &str) -> OutputFile {
        OutputFile { place: Place::At(self.path(attempt, stream)), ..OutputFile::nowhere() }
    }
}

/// What was kept of an output before.
#[derive(Debug)]
pub struct KeptBefore {
    /// Its beginning, as much as is asked of one at most.
    pub head: Vec<u8>,
    /// How much there is in all.
    pub bytes: u64,
}

/// How much of an output is on the disk. That it came, and how much, stands in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// All of it.
    Whole,
    /// Not all: the disk was full, or it was longer than is kept.
    Part {
        /// The length of the file.
        bytes: u64,
    },
    /// None of it.
    Nothing,
}

/// The text with every byte but letters, digits and `._-` written as `%XX`; a long one is cut and
/// hashed.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            plain.push(char::from(byte));
        } else {
            let _ = write!(plain, "%{byte:02X}");
        }
    }
    if plain.len() > LONGEST_NAME {
        plain.truncate(LONGEST_NAME);
        let _ = write!(plain, "~{}", Digest::of(text).short());
    }
    plain
}

/// Where an output is kept.
#[derive(Debug)]
enum Place {
    Nowhere,
    /// In a file that nothing was written to.
    At(PathBuf),
    In(File),
}

impl Place {
    /// The file, if it is kept in one.
    fn file(&mut self) -> io::Result<Option<&mut File>> {
        if let Self::At(path) = self {
            *self = Self::In(create(path)?);
        }
        Ok(match self {
            Self::In(file) => Some(file),
            Self::At(_) | Self::Nowhere => None,
        })
    }
}

/// Makes the file, and where it is the first the directory.
fn create(path: &Path) -> io::Result<File> {
    let open = || OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    match (open(), path.parent()) {
        (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
            directory::make(parent)?;
            open()
        }
        (opened, _) => opened,
    }
}

/// One output while it comes.
#[derive(Debug)]
pub struct OutputFile {
    place: Place,
    lost: Option<String>,
    bytes: u64,
    hasher: Sha256,
    tail: VecDeque<u8>,
    cap: u64,
}

impl OutputFile {
    /// One that is counted and hashed, and kept nowhere.
    #[must_use]
    pub fn nowhere() -> Self {
        Self {
            place: Place::Nowhere,
            lost: None,
            bytes: 0,
            hasher: Sha256::new(),
            tail: VecDeque::new(),
            cap: CAP,
        }
    }

    /// Takes the next bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        let room = usize::try_from(self.cap.saturating_sub(self.bytes)).unwrap_or(usize::MAX);
        let (head, beyond) = bytes.split_at(room.min(bytes.len()));
        self.bytes += bytes.len() as u64;
        self.keep(head);
        let beyond = &beyond[beyond.len().saturating_sub(TAIL)..];
        self.tail.extend(beyond);
        self.tail.drain(..self.tail.len().saturating_sub(TAIL));
    }

    /// So many of the next bytes do not come, since their host did not keep them: they are counted,
    /// and said where they would be.
    pub fn miss(&mut self, bytes: u64) {
        let gap = format!("\n[runbook: {bytes} bytes were not kept on the host]\n");
        if self.bytes < self.cap {
            self.keep(gap.as_bytes());
        } else {
            self.tail.extend(gap.as_bytes());
        }
        self.bytes += bytes;
    }

    /// Writes to the file until that fails once.
    fn keep(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let written = self.place.file().and_then(|file| match file {
            Some(file) => file.write_all(bytes),
            None => Ok(()),
        });
        if let Err(error) = written {
            self.lost = Some(error.to_string());
            self.place = Place::Nowhere;
        }
    }

    /// Why it is not kept whole; none when it is, or when only its middle is left out.
    #[must_use]
    pub fn lost(&self) -> Option<&str> {
        self.lost.as_deref()
    }

    /// Ends it: how much came, and its digest, kept or not.
    pub fn finish(mut self) -> OutputDigest {
        let beyond = self.bytes.saturating_sub(self.cap);
        if beyond > 0 {
            let tail: Vec<u8> = std::mem::take(&mut self.tail).into();
            let left_out = beyond.saturating_sub(tail.len() as u64);
            if left_out > 0 {
                self.keep(format!("\n[runbook: {left_out} bytes are not kept]\n").as_bytes());
            }
            self.keep(&tail);
        }
        let hex = format!("{:x}", self.hasher.finalize());
        let sha256 = hex.parse().expect("a SHA-256 digest is 64 hex digits");
        OutputDigest { bytes: self.bytes, sha256 }
    }
}

#[cfg(test)]
#[path = "outputs_tests.rs"]
mod tests;
