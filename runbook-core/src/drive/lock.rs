//! The locks of this machine: at most one run at a time holds a name. Knows nothing of hosts.
//!
//! The file is held by `flock` and never removed, so that two runs cannot hold two files of one
//! name; who holds it stands in a file beside it, which counts only while the lock is held.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a lock on this machine is a file that its holder signs"
)]

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::base::{Digest, RunId, SafeText};
use crate::plan::RunFacts;

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    _file: File,
}

/// Who holds a lock.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    lock: String,
    run: RunId,
    operator: String,
    since: Timestamp,
    pid: u32,
}

/// Takes the lock of this name for a run, without waiting, in the first directory that can be used.
/// The error is a sentence: who holds it, or why it cannot be had.
pub(super) fn take(places: &[PathBuf], name: &str, run: &RunFacts) -> Result<Held, String> {
    let mut refused = Vec::new();
    for place in places {
        match open(place, name) {
            Ok(file) => return hold(file, place, name, run),
            Err(error) => refused.push(format!("{}: {error}", place.display())),
        }
    }
    let refused =
        if refused.is_empty() { "no directory was given".into() } else { refused.join(", ") };
    Err(format!("the lock `{name}` can be kept nowhere ({refused})"))
}

fn open(place: &Path, name: &str) -> io::Result<File> {
    DirBuilder::new().recursive(true).mode(0o700).create(place)?;
    let path = place.join(format!("{}.lock", file_name(name)));
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn hold(file: File, place: &Path, name: &str, run: &RunFacts) -> Result<Held, String> {
    let facts = place.join(format!("{}.json", file_name(name)));
    match file.try_lock() {
        Ok(()) => {
            let holder = Holder {
                lock: name.to_owned(),
                run: run.id.clone(),
                operator: run.operator.clone(),
                since: run.started,
                pid: std::process::id(),
            };
            // Only the message of the one who comes second depends on it.
            let _ = serde_json::to_vec(&holder).map(|json| fs::write(&facts, json));
            Ok(Held { _file: file })
        }
        Err(TryLockError::WouldBlock) => Err(held_by(name, &facts)),
        Err(TryLockError::Error(error)) => {
            Err(format!("the lock `{name}` cannot be taken: {error}"))
        }
    }
}

fn held_by(name: &str, facts: &Path) -> String {
    let holder = fs::read(facts).ok().and_then(|json| serde_json::from_slice::<Holder>(&json).ok());
    match holder {
        Some(Holder { run, operator, since, pid, .. }) => {
            let operator = SafeText::line(operator);
            let since = since.strftime("%Y-%m-%d %H:%M:%S UTC");
            format!(
                "`{name}` is held by run {run} of {operator} since {since} (process {pid}); watch \
                 it with `runbook status {run} --follow`, wait for it, or ask them"
            )
        }
        None => format!("`{name}` is held by a run that does not say who it is"),
    }
}

/// A name of a file for any name of a lock.
fn file_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .take(60)
        .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' })
        .collect();
    format!("{plain}~{}", Digest::of(name).short())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: &str, operator: &str) -> RunFacts {
        RunFacts {
            id: id.parse().unwrap(),
            started: Timestamp::UNIX_EPOCH,
            operator: operator.into(),
        }
    }

    #[test]
    fn one_wins_and_the_other_is_told_who() {
        let home = tempfile::tempdir().unwrap();
        let places = [home.path().join("locks")];
        let held = take(&places, "deploy/prod", &run("r8f3kq", "ana")).unwrap();
        let refused = take(&places, "deploy/prod", &run("zz1111", "ben")).unwrap_err();
        let pid = std::process::id();
        assert_eq!(
            refused,
            format!(
                "`deploy/prod` is held by run r8f3kq of ana since 1970-01-01 00:00:00 UTC (process {pid}); \
                 watch it with `runbook status r8f3kq --follow`, wait for it, or ask them"
            )
        );
        assert!(take(&places, "deploy_prod", &run("zz1111", "ben")).is_ok(), "another name");
        drop(held);
        assert!(take(&places, "deploy/prod", &run("zz1111", "ben")).is_ok());
    }

    #[test]
    fn the_next_place_is_used_where_the_first_cannot_be() {
        let home = tempfile::tempdir().unwrap();
        let blocked = home.path().join("file");
        fs::write(&blocked, "").unwrap();
        let places = [blocked.join("locks"), home.path().join("locks")];
        assert!(take(&places, "x", &run("r1", "ana")).is_ok());
        let error = take(&places[..1], "x", &run("r1", "ana")).unwrap_err();
        assert!(error.starts_with("the lock `x` can be kept nowhere"), "{error}");
    }
}
