//! Whether a file found in a usual place may be believed: who else could have written it. What is
//! named on the command line is the user's own choice and not asked here.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Why a file is not believed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Untrusted {
    /// Somebody else owns it, or the directory it is in.
    #[error("{0} belongs to somebody else")]
    Foreign(String),
    /// Somebody else may write it, or the directory it is in.
    #[error("others can write {0}")]
    Writable(String),
}

/// Whether only this user and root can write the file and the directory it is in.
pub(crate) fn check(file: &Path) -> io::Result<Result<(), Untrusted>> {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    for path in [parent.unwrap_or(Path::new(".")), file] {
        let judged = judge(&std::fs::metadata(path)?, path, Myself::now());
        if judged.is_err() {
            return Ok(judged);
        }
    }
    Ok(Ok(()))
}

/// Who this process is.
#[derive(Clone, Copy)]
struct Myself {
    user: u32,
    group: u32,
}

impl Myself {
    fn now() -> Self {
        let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
        Self { user: user.as_raw(), group: group.as_raw() }
    }

    /// A group that has the user's own number is theirs alone, by the convention of `useradd`.
    fn has_private(self, group: u32) -> bool {
        group == self.group && group == self.user
    }
}

fn judge(metadata: &Metadata, path: &Path, myself: Myself) -> Result<(), Untrusted> {
    judge_mode(metadata.uid(), metadata.gid(), metadata.mode(), myself)
        .map_err(|untrusted| untrusted(path.display().to_string()))
}

fn judge_mode(
    owner: u32,
    group: u32,
    mode: u32,
    myself: Myself,
) -> Result<(), fn(String) -> Untrusted> {
    let others = mode & 0o002 != 0;
    let group_writes = mode & 0o020 != 0 && !myself.has_private(group);
    match owner {
        owner if owner != myself.user && owner != 0 => Err(Untrusted::Foreign),
        _ if others || group_writes => Err(Untrusted::Writable),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(owner: u32, group: u32, mode: u32) -> bool {
        judge_mode(owner, group, mode, Myself { user: 1000, group: 1000 }).is_ok()
    }

    #[test]
    fn only_what_nobody_else_can_write_is_believed() {
        assert!(judged(1000, 1000, 0o755));
        assert!(judged(0, 0, 0o644), "root could do anything anyway");
        assert!(judged(1000, 1000, 0o775), "a private group");
        assert!(!judged(1000, 100, 0o775), "a shared group");
        assert!(!judged(1000, 1000, 0o777));
        assert!(!judged(1000, 1000, 0o1777), "a sticky directory like /tmp");
        assert!(!judged(1001, 1001, 0o755));
    }

    #[test]
    fn the_directory_counts_too() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("hosts.toml");
        std::fs::write(&file, "format = 1\n").unwrap();
        assert_eq!(check(&file).unwrap(), Ok(()));
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(directory.path(), open).unwrap();
        let name = directory.path().display().to_string();
        assert_eq!(check(&file).unwrap(), Err(Untrusted::Writable(name)));
    }
}
