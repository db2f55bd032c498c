//! Room on the disk for the last fact of a run, set aside before anything starts: "stopped" must
//! fit on a full disk. Knows nothing of what is written.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "room on a disk is kept by a file"
)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate, fstatvfs};
use rustix::io::{Errno, retry_on_intr};

/// What is always kept free behind the last record.
pub(super) const RESERVE: u64 = 64 * 1024;
/// How much is set aside at once, so that it is rarely done.
const AHEAD: u64 = 256 * 1024;

/// Room that nobody else can take.
#[derive(Debug)]
pub(super) enum Room {
    /// The file's blocks are allocated up to here. Its size stays what was written
    /// (`FALLOC_FL_KEEP_SIZE`), or appends would land behind zeros.
    Allocated(u64),
    /// The file system cannot do that: another file holds the room and is removed when it is needed.
    Ballast(PathBuf),
}

impl Room {
    /// Sets room aside behind the first `length` bytes of the file.
    pub(super) fn reserve(file: &File, path: &Path, length: u64) -> io::Result<Self> {
        match allocate(file, length) {
            Ok(until) => Ok(Self::Allocated(until)),
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => Self::ballast(&path.with_extension("ballast")),
            Err(errno) => Err(errno.into()),
        }
    }

    /// The other way: a file of the same size.
    pub(super) fn ballast(path: &Path) -> io::Result<Self> {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        // Not zeros, which a file system may keep as nothing.
        let filled = io::copy(&mut io::repeat(b'#').take(RESERVE), &mut file);
        let filled = filled.and_then(|_| file.sync_all());
        if let Err(error) = filled {
            let _ = fs::remove_file(path);
            return Err(error);
        }
        Ok(Self::Ballast(path.to_owned()))
    }

    /// Makes sure that the reserve is still free once the file is `length` bytes long.
    pub(super) fn keep(&mut self, file: &File, length: u64) -> io::Result<()> {
        match self {
            Self::Allocated(until) if length + RESERVE <= *until => Ok(()),
            Self::Allocated(until) => {
                *until = allocate(file, length)?;
                Ok(())
            }
            Self::Ballast(_) => {
                let disk = fstatvfs(file)?;
                let free = disk.f_bavail.saturating_mul(disk.f_frsize);
                if free >= RESERVE { Ok(()) } else { Err(Errno::NOSPC.into()) }
            }
        }
    }

    /// Gives the reserve to the last fact.
    pub(super) fn release(&self) {
        if let Self::Ballast(path) = self {
            let _ = fs::remove_file(path);
        }
    }
}

/// Allocates a reserve and more behind `length`, or where there is no room for more the reserve.
fn allocate(file: &File, length: u64) -> Result<u64, Errno> {
    let up_to = |until: u64| {
        retry_on_intr(|| fallocate(file, FallocateFlags::KEEP_SIZE, length, until - length))
            .map(|()| until)
    };
    up_to(length + RESERVE + AHEAD).or_else(|errno| match errno {
        Errno::NOSPC | Errno::DQUOT => up_to(length + RESERVE),
        other => Err(other),
    })
}
