//! Where the sockets of our connections are: a directory that is ours alone, with a short path.

use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// A socket's path may be 108 bytes, and `ssh` appends 17 while it makes it.
const LONGEST: usize = 85;

/// A directory for sockets.
#[derive(Clone, Debug)]
pub(super) struct Sockets(PathBuf);

impl Sockets {
    /// The session's own directory, else one beside everybody's.
    pub(super) fn open() -> Result<Self, String> {
        let uid = rustix::process::getuid().as_raw();
        let session = env::var_os("XDG_RUNTIME_DIR").map(|dir| PathBuf::from(dir).join("runbook"));
        let shared = PathBuf::from(format!("/tmp/runbook-{uid}"));
        let mut refused = Vec::new();
        for place in session.into_iter().chain([shared]) {
            match claim(&place, uid) {
                Ok(()) => return Ok(Self(place)),
                Err(why) => refused.push(format!("{} {why}", place.display())),
            }
        }
        Err(refused.join(", "))
    }

    /// A path in it; the word is unique.
    pub(super) fn path(&self, word: &str) -> PathBuf {
        self.0.join(word.chars().filter(char::is_ascii_hexdigit).take(8).collect::<String>())
    }
}

/// Makes the directory, or makes sure that it is ours, closed to others, and no link.
fn claim(place: &Path, uid: u32) -> Result<(), String> {
    if place.as_os_str().len() + 9 > LONGEST {
        return Err("has too long a path".to_owned());
    }
    if let Err(error) = fs::DirBuilder::new().mode(0o700).create(place)
        && error.kind() != std::io::ErrorKind::AlreadyExists
    {
        return Err(format!("cannot be made: {error}"));
    }
    let found = fs::symlink_metadata(place).map_err(|error| error.to_string())?;
    match found {
        found if !found.is_dir() => Err("is not a directory".to_owned()),
        found if found.uid() != uid => Err("belongs to somebody else".to_owned()),
        found if found.mode() & 0o077 != 0 => Err("is open to others".to_owned()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_not_ours_alone_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let uid = rustix::process::getuid().as_raw();
        let ours = home.path().join("a");
        assert_eq!(claim(&ours, uid), Ok(()));
        assert_eq!(claim(&ours, uid), Ok(()));
        assert!(claim(&ours, uid + 1).unwrap_err().contains("somebody else"));
        std::os::unix::fs::symlink(&ours, home.path().join("b")).unwrap();
        assert!(claim(&home.path().join("b"), uid).unwrap_err().contains("not a directory"));
        fs::DirBuilder::new().mode(0o755).create(home.path().join("c")).unwrap();
        assert!(claim(&home.path().join("c"), uid).unwrap_err().contains("open to others"));
        assert!(claim(&home.path().join("d".repeat(90)), uid).unwrap_err().contains("too long"));
    }
}
