//! Where runbooks are found: the path given, `./runbooks/`, the user's data directory, and those
//! that come with the command; the first that has the name is it. Must not know what they say.

use std::path::{Path, PathBuf};
use std::{fs, io};

use runbook_core::base::{Diagnostics, Source};
use runbook_core::document::decode;

use crate::bundled::BUNDLED;
use crate::failure::Failure;
use crate::planned;
use crate::suggestion::did_you_mean;
use crate::trusted;

/// The folder of a project's runbooks.
pub(crate) const PROJECT: &str = "runbooks";

/// Where runbooks are found.
#[derive(Clone, Debug)]
pub(crate) struct Catalogue {
    folders: Vec<PathBuf>,
}

/// A runbook that can be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its name: the stem of its file.
    pub(crate) name: String,
    /// Where its text is.
    pub(crate) origin: Origin,
}

/// Where a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In this file.
    File(PathBuf),
    /// In the command itself.
    Bundled(&'static str),
}

/// A text that was read, and what was wrong with its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    /// The stem of the file.
    pub(crate) name: String,
    /// The text, under the name it is shown by.
    pub(crate) source: Source,
    /// What was wrong with its bytes.
    pub(crate) diagnostics: Diagnostics,
}

impl Catalogue {
    /// The project in the current directory, then the user's own, then the bundled ones.
    pub(crate) fn new(data: &Path) -> Self {
        Self { folders: vec![PathBuf::from(PROJECT), data.join(PROJECT)] }
    }

    /// Every runbook that can be named, by name.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let files = self.folders.iter().flat_map(|folder| toml_files(folder).unwrap_or_default());
        let files = files.filter(|path| matches!(trusted::check(path), Ok(Ok(()))));
        let files = files.map(|path| Entry { name: stem(&path), origin: Origin::File(path) });
        let bundled = BUNDLED
            .iter()
            .map(|(name, text)| Entry { name: (*name).to_owned(), origin: Origin::Bundled(text) });
        let mut entries: Vec<Entry> = vec![];
        for entry in files.chain(bundled) {
            if !entries.iter().any(|known| known.name == entry.name) {
                entries.push(entry);
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries
    }

    /// The runbook of that name, or in that file.
    pub(crate) fn find(&self, name: &str) -> Result<Entry, Failure> {
        if is_path(name) {
            return Ok(Entry { name: stem(Path::new(name)), origin: Origin::File(name.into()) });
        }
        for folder in &self.folders {
            let path = folder.join(format!("{name}.toml"));
            match trusted::check(&path) {
                Ok(Ok(())) => {
                    return Ok(Entry { name: name.to_owned(), origin: Origin::File(path) });
                }
                Ok(Err(untrusted)) => return Err(not_believed(&path, &untrusted)),
                Err(_) => {}
            }
        }
        let bundled = BUNDLED.iter().find(|(known, _)| *known == name);
        bundled
            .map(|(name, text)| Entry { name: (*name).to_owned(), origin: Origin::Bundled(text) })
            .ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> Failure {
        let hint = planned::hint(name);
        let entries = self.entries();
        let names = entries.iter().map(|entry| entry.name.as_str());
        let failure = Failure::usage(format!("there is no runbook `{name}`"))
            .lines(hint)
            .lines(did_you_mean(name, names));
        failure.line("`runbook list` shows those there are; a file is named by its path")
    }
}

impl Entry {
    /// Reads its text.
    pub(crate) fn read(&self) -> Result<Text, Failure> {
        match &self.origin {
            Origin::File(path) => read(path),
            Origin::Bundled(text) => Ok(Text {
                name: self.name.clone(),
                source: Source::new(self.shown(), *text),
                diagnostics: Diagnostics::new(),
            }),
        }
    }

    /// The name it is shown by.
    pub(crate) fn shown(&self) -> String {
        match &self.origin {
            Origin::File(path) => path.display().to_string(),
            Origin::Bundled(_) => format!("bundled:{}", self.name),
        }
    }
}

/// Reads a file that someone wrote.
pub(crate) fn read(path: &Path) -> Result<Text, Failure> {
    let shown = path.display().to_string();
    let bytes =
        fs::read(path).map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))?;
    let (source, diagnostics) = decode(shown, bytes);
    Ok(Text { name: stem(path), source, diagnostics })
}

/// Every TOML file right in the folder, by name.
pub(crate) fn toml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    Ok(paths)
}

/// Why a file in a usual place is not taken, and how to take it all the same.
pub(crate) fn not_believed(path: &Path, untrusted: &trusted::Untrusted) -> Failure {
    Failure::usage(format!("{} is not taken: {untrusted}", path.display()))
        .line("make it writable for you alone (`chmod go-w`), or name the file on the command line")
}

fn is_path(name: &str) -> bool {
    name.contains('/') || Path::new(name).extension().is_some_and(|extension| extension == "toml")
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(files: &[(&str, &str)]) -> (tempfile::TempDir, Catalogue) {
        let place = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = place.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let folders = ["project", "user"].map(|folder| place.path().join(folder)).to_vec();
        (place, Catalogue { folders })
    }

    #[test]
    fn the_first_folder_that_has_the_name_wins() {
        let files = [("project/a.toml", "1"), ("user/a.toml", "2"), ("user/b.toml", "3")];
        let (_place, catalogue) = catalogue(&files);
        let text = |name: &str| catalogue.find(name).unwrap().read().unwrap().source.text;
        assert_eq!((text("a").as_str(), text("b").as_str()), ("1", "3"));
        let entries = catalogue.entries();
        assert_eq!(entries.iter().filter(|entry| entry.name == "a").count(), 1);
        let files = entries.iter().filter(|entry| matches!(entry.origin, Origin::File(_)));
        assert_eq!(files.count(), 2);
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let (_place, catalogue) = catalogue(&[("user/rollback-app.toml", "")]);
        let failure = catalogue.find("rolback-app").unwrap_err();
        assert_eq!(failure.code, crate::exit_code::ExitCode::Usage);
        assert_eq!(failure.lines[0], "did you mean `rollback-app`?");
    }

    #[test]
    fn a_folder_that_others_can_write_is_not_taken_unless_it_is_named() {
        use std::os::unix::fs::PermissionsExt as _;
        let (place, catalogue) = catalogue(&[("project/a.toml", "1")]);
        let folder = place.path().join("project");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(
            catalogue.find("a").unwrap_err().message.contains("is not taken: others can write")
        );
        let path = folder.join("a.toml").display().to_string();
        assert_eq!(catalogue.find(&path).unwrap().read().unwrap().source.text, "1");
    }
}
