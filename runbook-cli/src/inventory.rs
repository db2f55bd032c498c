//! Which inventory counts: the one named, `./hosts.toml`, or the user's own; never one that others
//! can write. Must not know what is in it.

use std::path::{Path, PathBuf};

use crate::catalogue::{Text, not_believed, read};
use crate::failure::Failure;
use crate::settings::Settings;
use crate::trusted;

/// The name of an inventory's file.
pub(crate) const NAME: &str = "hosts.toml";

/// The text of the inventory that counts; none where there is none.
pub(crate) fn find(named: Option<&Path>, settings: &Settings) -> Result<Option<Text>, Failure> {
    if let Some(path) = named {
        return read(path).map(Some);
    }
    let usual = [PathBuf::from(NAME), settings.configuration.join(NAME)];
    for path in usual {
        match trusted::check(&path) {
            Ok(Ok(())) => return read(&path).map(Some),
            Ok(Err(untrusted)) => return Err(not_believed(&path, &untrusted)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(Failure::usage(format!("cannot read {}: {error}", path.display())));
            }
        }
    }
    Ok(None)
}
