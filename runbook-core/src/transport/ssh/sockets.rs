//! Where the sockets of our connections are: a directory that is ours alone, with a short path.

use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

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

    /// A watch on what is made in it from now on.
    #[expect(deprecated, reason = "what replaces it is unsafe; an owned descriptor stays ours")]
    pub(super) fn watch(&self) -> io::Result<Arrivals> {
        let events = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        add_watch(&events, &self.0, WatchFlags::CREATE | WatchFlags::MOVED_TO)?;
        Ok(Arrivals(AsyncFd::with_interest(events, Interest::READABLE)?))
    }
}

/// What is made in a directory.
#[derive(Debug)]
pub(super) struct Arrivals(AsyncFd<OwnedFd>);

impl Arrivals {
    /// Waits until this path is there.
    ///
    /// # Errors
    /// The system tells us no more.
    pub(super) async fn wait_for(&self, path: &Path) -> io::Result<()> {
        let mut told = [0; 4096];
        while !path.exists() {
            let mut ready = self.0.readable().await?;
            // Who it was does not matter: the path is looked at.
            let _ = ready.try_io(|events| Ok(rustix::io::read(events, &mut told)?));
        }
        Ok(())
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

    #[tokio::test]
    async fn a_socket_is_waited_for_until_it_is_there() {
        let home = tempfile::tempdir().unwrap();
        let sockets = Sockets(home.path().to_owned());
        let (other, ours) = (sockets.path("0123456789"), sockets.path("abcdefabcd"));
        let arrivals = sockets.watch().unwrap();
        let waiting = arrivals.wait_for(&ours);
        tokio::pin!(waiting);
        for made in [None, Some(&other)] {
            made.into_iter().for_each(|path| fs::write(path, "").unwrap());
            tokio::select! {
                biased;
                there = &mut waiting => panic!("{there:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
        // as `ssh` does it: made under another name, then linked
        fs::hard_link(&other, &ours).unwrap();
        waiting.await.unwrap();
        sockets.watch().unwrap().wait_for(&ours).await.unwrap();
    }

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
