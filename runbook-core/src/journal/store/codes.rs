//! The codes that plans printed: what they stand for is kept for a while, and each is used up once, by
//! a file that only one can make.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::super::{JournalError, directory};
use super::{Store, StoreError, failed, run_directory};
use crate::base::{Digest, StepId};
use crate::run::KeptPlan;

/// How long after its end a code is remembered, so that it can be said what became of it.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

impl Store {
    /// Keeps what a plan's codes stand for, and forgets those of long ago.
    ///
    /// # Errors
    /// The disk refuses: then its codes must not be printed.
    pub fn keep_codes(&self, kept: &KeptPlan, now: Timestamp) -> Result<(), StoreError> {
        let directory = self.codes();
        directory::make(&directory).map_err(failed(&directory, "make"))?;
        self.forget_codes(now);
        let path = directory.join(format!("{}.json", kept.nonce));
        let json = serde_json::to_vec(kept).map_err(JournalError::from)?;
        directory::write_new(&path, &json).map_err(failed(&path, "write"))?;
        directory::sync(&directory).map_err(failed(&directory, "sync"))
    }

    /// What the codes of plans stand for, as far as that is remembered.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn kept_codes(&self) -> Result<Vec<KeptPlan>, StoreError> {
        let mut kept = Vec::new();
        for path in files(&self.codes())? {
            if path.extension().is_some_and(|extension| extension == "json") {
                let json = match fs::read(&path) {
                    // It was forgotten meanwhile.
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    read => read.map_err(failed(&path, "read"))?,
                };
                kept.push(run_directory::parse(&path, &json)?);
            }
        }
        Ok(kept)
    }

    /// Uses the code of a step up; false when somebody has. It is on the disk when this returns.
    ///
    /// # Errors
    /// The disk refuses: then it must not be used.
    pub fn use_code_up(&self, nonce: Digest, step: &StepId) -> Result<bool, StoreError> {
        let directory = self.codes();
        let path = directory.join(format!("{nonce}.{step}.used"));
        match directory::write_new(&path, b"") {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
            written => written.map_err(failed(&path, "write"))?,
        }
        directory::sync(&directory).map_err(failed(&directory, "sync"))?;
        Ok(true)
    }

    fn codes(&self) -> PathBuf {
        self.root().join("codes")
    }

    /// What a code was used for is forgotten only after what it stood for: it is never used again.
    fn forget_codes(&self, now: Timestamp) {
        let Ok(kept) = self.kept_codes() else { return };
        let is_old = |kept: &&KeptPlan| now.duration_since(kept.expires) > REMEMBERED;
        for old in kept.iter().filter(is_old) {
            let path = self.codes().join(format!("{}.json", old.nonce));
            if fs::remove_file(path).is_ok() && directory::sync(&self.codes()).is_ok() {
                for outlook in &old.outlook {
                    let used = format!("{}.{}.used", old.nonce, outlook.step);
                    let _ = fs::remove_file(self.codes().join(used));
                }
            }
        }
    }
}

fn files(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed(directory, "list"))?,
    };
    let path = |entry: std::io::Result<fs::DirEntry>| entry.map(|entry| entry.path());
    entries.map(path).collect::<Result<_, _>>().map_err(failed(directory, "list"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Places;
    use crate::run::samples::advance;

    fn kept(nonce: &str) -> KeptPlan {
        let advance = advance();
        KeptPlan {
            nonce: Digest::of(nonce),
            expires: advance.expires,
            outlook: vec![advance.outlook],
        }
    }

    #[test]
    fn a_code_is_used_up_once_and_forgotten_after_a_day() {
        let home = tempfile::tempdir().unwrap();
        let places = Places { chosen: Some(home.path().join("state")), ..Places::default() };
        let store = Store::at(&places);
        assert_eq!(store.kept_codes().unwrap(), []);
        let (first, now) = (kept("first"), Timestamp::UNIX_EPOCH);
        store.keep_codes(&first, now).unwrap();
        assert_eq!(store.kept_codes().unwrap(), std::slice::from_ref(&first));
        let step = &first.outlook[0].step;
        assert!(store.use_code_up(first.nonce, step).unwrap());
        assert!(!store.use_code_up(first.nonce, step).unwrap(), "a second time");
        let second = kept("second");
        let later = first.expires + REMEMBERED;
        store.keep_codes(&second, later).unwrap();
        assert_eq!(store.kept_codes().unwrap().len(), 2, "a day is not over");
        store.keep_codes(&kept("third"), later + SignedDuration::from_secs(1)).unwrap();
        let nonces: Vec<Digest> = store.kept_codes().unwrap().iter().map(|k| k.nonce).collect();
        assert_eq!(nonces, [Digest::of("third")]);
        assert_eq!(files(&store.codes()).unwrap().len(), 1, "what was used is forgotten, too");
    }

    #[test]
    fn of_many_at_once_one_uses_it() {
        let home = tempfile::tempdir().unwrap();
        let places = Places { chosen: Some(home.path().to_owned()), ..Places::default() };
        let store = Store::at(&places);
        let kept = kept("one");
        store.keep_codes(&kept, Timestamp::UNIX_EPOCH).unwrap();
        let step = kept.outlook[0].step.clone();
        let used = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| store.use_code_up(kept.nonce, &step).unwrap()))
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).filter(|u| *u).count()
        });
        assert_eq!(used, 1);
    }
}
