//! Directories of a test: made under the directory of the process, removed when dropped.
//! Must not know what is kept in them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::lifeline::lifeline;

/// A directory that is removed when it is dropped. Its path is short, since sockets live in it.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
}

impl Place {
    /// A new, empty directory.
    #[expect(clippy::new_without_default, reason = "it makes a directory")]
    #[must_use]
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = lifeline().root().join(number.to_string());
        std::fs::create_dir(&path).expect("the lab's own directory is writable");
        Self { path }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a directory in it, with those above.
    pub fn directory(&self, name: &str) -> PathBuf {
        let path = self.path.join(name);
        std::fs::create_dir_all(&path)
            .unwrap_or_else(|error| panic!("cannot make {}: {error}", path.display()));
        path
    }

    /// Writes a file in it, making the directories above.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path.join(name);
        if let Some(above) = path.parent() {
            std::fs::create_dir_all(above)
                .unwrap_or_else(|error| panic!("cannot make {}: {error}", above.display()));
        }
        std::fs::write(&path, text)
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // a second try is the lifeline's, when the process ends
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
