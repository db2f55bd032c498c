//! The files of the project, as git would list them. Must not know what is looked for in them.

use std::path::{Path, PathBuf};

/// A text of the project.
pub(crate) struct Source {
    /// Its path from the root of the project.
    pub(crate) path: String,
    /// What it says.
    pub(crate) text: String,
}

impl Source {
    /// Whether its name ends so.
    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }
}

/// Directories that are made, not written.
const MADE: [&str; 2] = ["target", ".git"];

/// Every text under a folder of the project, in order.
pub(crate) fn under(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut paths = Vec::new();
    collect(&root.join(folder), &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        let text =
            String::from_utf8(std::fs::read(&path).expect("a file that can be read")).ok()?;
        let path = path.strip_prefix(&root).expect("a path below the root");
        Some(Source { path: path.to_string_lossy().into_owned(), text })
    };
    paths.into_iter().filter_map(read).collect()
}

/// Every Rust file under a folder of the project, in order.
pub(crate) fn rust(folder: &str) -> Vec<Source> {
    let mut sources = under(folder);
    sources.retain(|source| source.has_extension("rs"));
    assert!(!sources.is_empty(), "there is no Rust under {folder}");
    sources
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the project") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        let kind = entry.file_type().expect("the type of an entry");
        if kind.is_dir() && !MADE.iter().any(|made| name == *made) {
            collect(&entry.path(), into);
        } else if kind.is_file() && !MADE.iter().any(|made| name == *made) {
            into.push(entry.path());
        }
    }
}
