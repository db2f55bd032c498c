//! The journal on a disk: private, locked, whole, and with room for its end.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "they look at the file, cut it and fill its disk"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::*;
use crate::run::samples::every_event;

fn events(count: usize) -> Vec<Event> {
    every_event().into_iter().cycle().take(count).collect()
}

#[test]
fn what_was_appended_is_read_again_and_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.jsonl");
    let mut journal = FileJournal::create(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let mut all = journal.append(events(3), Durability::Synced).unwrap();
    all.extend(journal.append(events(2), Durability::Written).unwrap());
    drop(journal);
    let (mut journal, recorded) = FileJournal::reopen(&path).unwrap();
    assert_eq!(recorded.records, all);
    all.extend(journal.append(events(1), Durability::Synced).unwrap());
    assert_eq!(FileJournal::records_of(&path).unwrap().records, all);
}

#[test]
fn a_torn_end_is_cut_off_before_the_next_record() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.jsonl");
    let all = FileJournal::create(&path).unwrap().append(events(3), Durability::Synced).unwrap();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let (mut journal, recorded) = FileJournal::reopen(&path).unwrap();
    assert_eq!(recorded.records, all[..2]);
    assert_eq!(recorded.torn.unwrap().line, 3);
    let next = journal.append(events(1), Durability::Synced).unwrap();
    assert_eq!((next[0].seq, next[0].prev), (2, all[1].sum));
    assert_eq!(FileJournal::records_of(&path).unwrap().torn, None);
}

#[test]
fn one_driver_holds_it_and_everybody_may_read() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.jsonl");
    let journal = FileJournal::create(&path).unwrap();
    assert!(FileJournal::is_driven(&path).unwrap());
    assert!(matches!(FileJournal::reopen(&path), Err(JournalError::Driven { .. })));
    assert!(FileJournal::records_of(&path).unwrap().records.is_empty());
    drop(journal);
    assert!(!FileJournal::is_driven(&path).unwrap());
    assert!(FileJournal::create(&path).is_err(), "a journal is never written over");
}

#[test]
fn damage_is_told_with_its_line_and_nothing_is_appended() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.jsonl");
    FileJournal::create(&path).unwrap().append(events(3), Durability::Synced).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[40] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let error = FileJournal::reopen(&path).unwrap_err().to_string();
    assert!(error.ends_with("line 1 is damaged: its sum does not fit its bytes"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_failed_write_poisons_it() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal.jsonl");
    let mut journal = FileJournal::create(&path).unwrap();
    journal.append(events(1), Durability::Synced).unwrap();
    // A file that was opened for reading refuses every write.
    journal.file = File::open(&path).unwrap();
    journal.room = Room::Allocated(u64::MAX);
    assert!(matches!(journal.append(events(1), Durability::Synced), Err(JournalError::Io { .. })));
    journal.file = OpenOptions::new().append(true).open(&path).unwrap();
    for _ in 0..2 {
        let refused = journal.append(events(1), Durability::Synced);
        assert!(matches!(refused, Err(JournalError::Poisoned { .. })));
    }
    assert!(matches!(journal.append_last(Event::Agreed), Err(JournalError::Poisoned { .. })));
    assert_eq!(FileJournal::records_of(&path).unwrap().records.len(), 1);
}

/// A disk of one MiB. Mounting needs root.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: a small disk is mounted by root only");
            return None;
        }
        let place = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(place.path())
            .status();
        if !mounted.is_ok_and(|status| status.success()) {
            eprintln!("skipped: no tmpfs can be mounted here");
            return None;
        }
        Some(Self(place))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn fill(&self) {
        let mut file = File::create(self.path().join("fill")).unwrap();
        while file.write_all(&[1; 4096]).is_ok() {}
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// Appends until the disk takes no more: every record before that is kept, and so is the last.
fn fill_up(mut journal: FileJournal, disk: &SmallDisk) {
    disk.fill();
    let mut kept = 0;
    let refused = loop {
        match journal.append(events(1), Durability::Synced) {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 10_000, "the disk is never full");
    };
    assert!(matches!(refused, JournalError::Full { .. }), "{refused}");
    journal.append_last(Event::StopAsked { how: "disk full".into() }).unwrap();
    let recorded = FileJournal::records_of(journal.location().unwrap()).unwrap();
    assert_eq!((recorded.records.len(), recorded.torn), (kept + 1, None));
}

#[test]
fn on_a_full_disk_the_end_still_fits() {
    let Some(disk) = SmallDisk::mount() else { return };
    fill_up(FileJournal::create(&disk.path().join("journal.jsonl")).unwrap(), &disk);
}

#[test]
fn a_ballast_does_the_same_where_room_cannot_be_allocated() {
    let Some(disk) = SmallDisk::mount() else { return };
    let path = disk.path().join("journal.jsonl");
    let mut journal = FileJournal::create(&path).unwrap();
    journal.file.set_len(0).unwrap();
    journal.room = Room::ballast(&path.with_extension("ballast")).unwrap();
    fill_up(journal, &disk);
    assert!(!path.with_extension("ballast").exists());
}

#[test]
fn on_a_disk_that_is_already_full_no_journal_is_begun() {
    let Some(disk) = SmallDisk::mount() else { return };
    disk.fill();
    assert!(FileJournal::create(&disk.path().join("journal.jsonl")).is_err());
}
