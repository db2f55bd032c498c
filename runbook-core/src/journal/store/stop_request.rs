//! A word from another terminal to whoever drives a run: a file in the run's directory, which only
//! its owner may write to. Whoever drives looks for it and takes it away.

use std::fs;
use std::io::ErrorKind;

use serde::{Deserialize, Serialize};

use super::super::directory;
use super::{RunDirectory, StoreError, failed, run_directory};
use crate::journal::JournalError;

/// What is asked of whoever drives a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopRequest {
    /// Who asks.
    pub by: String,
    /// Whether what runs on the hosts is to be stopped, too.
    pub kill: bool,
}

impl RunDirectory {
    /// Asks whoever drives this run to stop. One that was asked before and not heard is replaced.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn ask_to_stop(&self, request: &StopRequest) -> Result<(), StoreError> {
        let (path, new) = (self.stop_path(), self.path().join("stop.json.new"));
        let json = serde_json::to_vec(request).map_err(JournalError::from)?;
        let _ = fs::remove_file(&new);
        directory::write_new(&new, &json).map_err(failed(&new, "write"))?;
        // Its name appears when it is whole.
        fs::rename(&new, &path).map_err(failed(&path, "write"))
    }

    /// Takes the request away, where there is one.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn take_stop_request(&self) -> Result<Option<StopRequest>, StoreError> {
        let path = self.stop_path();
        let json = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map_err(failed(&path, "read"))?,
        };
        fs::remove_file(&path).map_err(failed(&path, "remove"))?;
        run_directory::parse(&path, &json).map(Some)
    }

    fn stop_path(&self) -> std::path::PathBuf {
        self.path().join("stop.json")
    }
}
