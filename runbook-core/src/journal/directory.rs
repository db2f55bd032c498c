//! Directories that only their owner may enter. Knows nothing of what is kept in them.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the directories of a run are made here"
)]

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Makes a directory, and those above it, as private as they can be.
pub(super) fn make(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes a directory that must not be there yet.
pub(super) fn make_new(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// Makes a directory with a predictable name in a place that others may write to. If it is there,
/// it is used only when it is a directory, ours and closed to everybody else.
pub(super) fn make_among_others(path: &Path) -> io::Result<()> {
    match make_new(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    if is_ours(path)? {
        return Ok(());
    }
    let why = format!("{} is not a directory that only we may enter", path.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
}

/// Whether it is a directory and no link, ours, and closed to everybody else.
pub(super) fn is_ours(path: &Path) -> io::Result<bool> {
    let found = fs::symlink_metadata(path)?;
    let ours = found.uid() == rustix::process::geteuid().as_raw();
    Ok(found.is_dir() && ours && found.mode() & 0o777 == 0o700)
}

/// Waits until the disk knows what is in a directory.
pub(super) fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Writes a new private file and waits until the disk has it.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
