//! Runs are begun somewhere or not at all, and found again.

use std::os::unix::fs::PermissionsExt;

use super::super::{Durability, Journal};
use super::*;
use crate::run::Event;

fn snapshots() -> Vec<Snapshot> {
    let snapshot = |role: &str, text: &str| Snapshot {
        role: role.into(),
        path: format!("runbooks/{role}.toml"),
        text: text.into(),
    };
    vec![snapshot("runbook", "title = \"x\"\n"), snapshot("inventory", "")]
}

fn places(home: &Path) -> Places {
    Places { chosen: None, xdg_state_home: None, home: Some(home.into()), memory: home.join("shm") }
}

#[test]
fn a_run_is_private_and_found_again() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::at(&places(home.path()));
    assert!(matches!(store.find(None), Err(StoreError::NoRun)));
    let mut new = store.begin(&snapshots()).unwrap();
    assert_eq!(new.notice, None);
    let path = home.path().join(".local/state/runbook/runs").join(new.directory.id().as_str());
    assert_eq!(new.directory.path(), path);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    new.journal.append(vec![Event::Agreed], Durability::Synced).unwrap();
    let found = store.find(Some(&new.directory.id().as_str()[..3])).unwrap();
    assert_eq!(found, new.directory);
    assert!(found.is_driven().unwrap());
    assert_eq!(found.recorded().unwrap().records[0].fact, Event::Agreed);
    assert_eq!(found.snapshots().unwrap(), snapshots());
    drop(new.journal);
    assert_eq!(found.resume().unwrap().1.records.len(), 1);
}

#[test]
fn a_snapshot_that_was_edited_is_not_used() {
    let home = tempfile::tempdir().unwrap();
    let run = Store::at(&places(home.path())).begin(&snapshots()).unwrap().directory;
    fs::write(run.path().join("snapshot/1.toml"), "title = \"y\"\n").unwrap();
    let error = run.snapshots().unwrap_err().to_string();
    assert!(error.ends_with("it is not what was read when the run began"), "{error}");
}

#[test]
fn an_id_is_typed_and_not_mistaken() {
    for byte in 0..=255 {
        let id = id_of([byte; 6]);
        assert!(id.as_str().starts_with(|c: char| c.is_ascii_lowercase()), "{id}");
        assert!(!id.as_str().contains(['i', 'l', 'o', 'u']), "{id}");
    }
    assert_eq!(id_of([255; 6]).as_str(), "q99999");
}

#[test]
fn several_runs_are_told_apart() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::at(&places(home.path()));
    let runs = home.path().join(".local/state/runbook/runs");
    for id in ["abc", "abd", "x"] {
        let snapshot = runs.join(id).join("snapshot");
        fs::create_dir_all(&snapshot).unwrap();
        fs::write(snapshot.join("index.json"), "[]").unwrap();
    }
    fs::create_dir(runs.join("no-run")).unwrap();
    assert_eq!(store.runs().unwrap().len(), 3);
    assert_eq!(store.find(Some("abc")).unwrap().id(), "abc");
    assert_eq!(store.find(Some("x")).unwrap().id(), "x");
    let error = store.find(Some("ab")).unwrap_err();
    assert!(matches!(error, StoreError::Ambiguous { ref ids, .. } if ids.len() == 2), "{error}");
    assert!(matches!(store.find(Some("zz")), Err(StoreError::NoSuchRun(_))));
}

/// A state directory in which nothing can be made, for root too: a file stands in its way.
fn blocked(home: &Path) -> Places {
    let state = home.join("state");
    fs::write(&state, "").unwrap();
    fs::create_dir(home.join("shm")).unwrap();
    Places { chosen: Some(state), memory: home.join("shm"), ..Places::default() }
}

#[test]
fn without_a_state_directory_a_run_is_kept_in_memory_and_that_is_said() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::at(&blocked(home.path()));
    let new = store.begin(&snapshots()).unwrap();
    let notice = new.notice.unwrap();
    assert!(notice.contains("is lost when this machine restarts"), "{notice}");
    assert!(new.directory.path().starts_with(home.path().join("shm")));
    assert_eq!(store.runs().unwrap(), [new.directory]);
}

#[test]
fn a_place_in_memory_that_is_not_provably_ours_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let places = blocked(home.path());
    let user = rustix::process::geteuid().as_raw();
    let ours = places.memory.join(format!("runbook-{user}"));
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), &ours).unwrap();
    let refused = || Store::at(&places).begin(&snapshots()).unwrap_err();
    assert!(matches!(refused(), StoreError::Nowhere { .. }));
    fs::remove_file(&ours).unwrap();
    fs::create_dir(&ours).unwrap();
    fs::set_permissions(&ours, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(refused().to_string().contains("is not a directory that only we may enter"));
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn a_run_that_never_began_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::at(&places(home.path()));
    let new = store.begin(&snapshots()).unwrap();
    drop(new.journal);
    new.directory.discard().unwrap();
    assert_eq!(store.runs().unwrap(), []);
}
