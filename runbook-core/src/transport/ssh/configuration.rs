//! Whether the user's configuration can name a socket for shared connections at all, read without
//! starting `ssh`. Nothing else is decided by it, and what cannot be told apart from a yes is one:
//! then `ssh` itself is asked.

use std::fs;
use std::path::{Path, PathBuf};

/// The option that names the socket; `ssh` compares without regard to case.
const OPTION: &str = "controlpath";
/// What names further files.
const INCLUDE: &str = "include";
/// How deep `ssh` follows them.
const DEEPEST: usize = 16;
/// What is read beside the user's own file, where none is given. An `ssh` that was built for another
/// place has none here.
const SYSTEM: &str = "/etc/ssh/ssh_config";

/// Whether the file given with `-F`, else the user's and the system's, may set the option.
pub(super) fn may_share(given: Option<&Path>) -> bool {
    home(rustix::process::getuid().as_raw())
        .is_none_or(|home| Reader { home }.may_share(given, Path::new(SYSTEM)))
}

/// Where `ssh` looks: the home of the user database, whatever `HOME` says.
fn home(uid: u32) -> Option<PathBuf> {
    let database = fs::read_to_string("/etc/passwd").ok()?;
    let uid = uid.to_string();
    let users = database.lines().find(|line| line.split(':').nth(2) == Some(&uid))?;
    users.split(':').nth(5).filter(|home| home.starts_with('/')).map(PathBuf::from)
}

/// Reads as `ssh` does for a user with this home.
struct Reader {
    home: PathBuf,
}

impl Reader {
    fn may_share(&self, given: Option<&Path>, system: &Path) -> bool {
        let own = self.home.join(".ssh");
        match (given, system.parent()) {
            (Some(file), _) => self.may_set(file, &own, 0),
            (None, Some(beside)) if system.exists() => {
                self.may_set(&own.join("config"), &own, 0) || self.may_set(system, beside, 0)
            }
            (None, _) => true,
        }
    }

    /// Whether a file may set it, or one that it includes: those are beside the user's own file, or
    /// beside the system's. A file that is not there sets nothing.
    fn may_set(&self, file: &Path, beside: &Path, depth: usize) -> bool {
        let text = match fs::read(file) {
            Ok(text) => String::from_utf8_lossy(&text).into_owned(),
            Err(error) => return error.kind() != std::io::ErrorKind::NotFound,
        };
        if depth > DEEPEST || text.to_ascii_lowercase().contains(OPTION) {
            return true;
        }
        text.lines().filter_map(included).any(|patterns| {
            patterns.split_whitespace().any(|pattern| match self.expand(pattern, beside) {
                Some(files) => files.iter().any(|file| self.may_set(file, beside, depth + 1)),
                None => true,
            })
        })
    }

    /// The files that a pattern may stand for, and perhaps more; nothing when that is not clear.
    fn expand(&self, pattern: &str, beside: &Path) -> Option<Vec<PathBuf>> {
        if pattern.contains(['"', '\'', '\\', '%', '$', '{']) {
            return None;
        }
        let path = match pattern.strip_prefix("~/") {
            Some(below) => self.home.join(below),
            None if pattern.starts_with('~') => return None,
            None => beside.join(pattern),
        };
        let is_wild = |path: &Path| path.to_string_lossy().contains(['*', '?', '[']);
        let (directory, name) = (path.parent()?, Path::new(path.file_name()?));
        match (is_wild(directory), is_wild(name)) {
            (true, _) => None,
            (false, false) => Some(vec![path]),
            (false, true) => match fs::read_dir(directory) {
                Ok(entries) => entries.map(|entry| Some(entry.ok()?.path())).collect(),
                Err(error) => (error.kind() == std::io::ErrorKind::NotFound).then(Vec::new),
            },
        }
    }
}

/// What a line includes, if it is such a line.
fn included(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let (word, rest) = line.split_at_checked(INCLUDE.len())?;
    let is_one = word.eq_ignore_ascii_case(INCLUDE) && rest.starts_with([' ', '\t', '=', '"']);
    is_one.then(|| rest.trim_start_matches([' ', '\t', '=']))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a user with these files, below a directory that holds their home, may share.
    fn may_share(files: &[(&str, &str)]) -> bool {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        for (name, text) in files {
            fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            fs::write(at(name), text.replace("ROOT", root.path().to_str().unwrap())).unwrap();
        }
        Reader { home: at("home") }.may_share(None, &at("etc/ssh_config"))
    }

    #[test]
    fn without_the_option_in_any_file_nothing_is_shared() {
        let debian = "Include ROOT/etc/ssh_config.d/*.conf\nHost *\n  SendEnv LANG LC_*\n";
        assert!(!may_share(&[("etc/ssh_config", debian)]));
        let own = "Include nothing-there ~/.ssh/hosts.d/*\nHost db1\n  User ana\n";
        let hosts = "Host db2\n  Port 2222\n";
        assert!(!may_share(&[
            ("etc/ssh_config", debian),
            ("etc/ssh_config.d/10.conf", hosts),
            ("home/.ssh/config", own),
            ("home/.ssh/hosts.d/two", hosts),
        ]));
    }

    #[test]
    fn the_option_is_found_in_every_file_that_is_read() {
        let option = "\tcontrolPATH = ~/.ssh/%C\n";
        let including = "host *\n  include=a ROOT/etc/b.d/x*\n";
        assert!(may_share(&[("etc/ssh_config", option)]));
        assert!(may_share(&[("etc/ssh_config", ""), ("home/.ssh/config", option)]));
        for (config, file) in [("etc/ssh_config", "etc/a"), ("home/.ssh/config", "home/.ssh/a")] {
            let files = [("etc/ssh_config", ""), (config, including)];
            assert!(!may_share(&files));
            assert!(may_share(&[&files[..], &[(file, option)]].concat()), "{file}");
            assert!(may_share(&[&files[..], &[("etc/b.d/x1", option)]].concat()), "{file}");
        }
    }

    #[test]
    fn what_is_not_clear_may_be() {
        assert!(may_share(&[]), "the system's file is elsewhere");
        let unclear = ["~ana/x", "\"a b\"", "${HOME}/x", "%d/x", "*/config", ".", "a\\*", "config"];
        for pattern in unclear {
            let own = format!("Include {pattern}\n");
            let files = [("etc/ssh_config", ""), ("home/.ssh/config", own.as_str())];
            assert!(may_share(&files), "{pattern}");
        }
    }
}
