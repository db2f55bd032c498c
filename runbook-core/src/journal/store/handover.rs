//! What is handed from person to person through the directory of a run: the request that it waits
//! with, for whoever may look there, and an answer that was left. Neither is believed by being there.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::super::directory;
use super::{RunDirectory, StoreError, failed};

impl RunDirectory {
    /// Lays down the request that the run waits with, in place of the one before; where it is.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn leave_request(&self, text: &str) -> Result<PathBuf, StoreError> {
        let path = self.path().join("request.txt");
        replace(&path, text)?;
        // An answer to the one before is none to this.
        let _ = fs::remove_file(self.answer_path());
        Ok(path)
    }

    /// Takes the request away that nobody needs to answer any more.
    pub fn withdraw_request(&self) {
        let _ = fs::remove_file(self.path().join("request.txt"));
    }

    /// The request that the run waits with, where it does.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn request(&self) -> Result<Option<String>, StoreError> {
        read(&self.path().join("request.txt"))
    }

    /// Leaves an answer for whoever drives the run.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn leave_answer(&self, text: &str) -> Result<(), StoreError> {
        replace(&self.answer_path(), text)
    }

    /// Takes an answer that was left.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn take_answer(&self) -> Result<Option<String>, StoreError> {
        let path = self.answer_path();
        let text = read(&path)?;
        if text.is_some() {
            fs::remove_file(&path).map_err(failed(&path, "remove"))?;
        }
        Ok(text)
    }

    fn answer_path(&self) -> PathBuf {
        self.path().join("answer.txt")
    }
}

/// Its name appears when it is whole.
fn replace(path: &Path, text: &str) -> Result<(), StoreError> {
    let new = path.with_extension("new");
    let _ = fs::remove_file(&new);
    directory::write_new(&new, text.as_bytes()).map_err(failed(&new, "write"))?;
    fs::rename(&new, path).map_err(failed(path, "write"))
}

fn read(path: &Path) -> Result<Option<String>, StoreError> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(Some).map_err(failed(path, "read")),
    }
}
