//! Namespaces: how a simulated machine gets processes, a name and mounts of its own.
//! Must not know what runs in them.

use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Makes `/` a mount point, which an engine and its containers need, then goes on inside. The
/// directory is only where the mount hangs.
const MOUNT_ROOT: &str = r#"mount --rbind / /mnt && exec chroot /mnt "$0" "$@""#;

/// Whether a machine of the lab can be set apart from the real one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Own processes, mounts and host name; its end is the end of all its processes.
    Namespaces,
    /// As above, where `/` is no mount point (a chroot) and nothing propagates anyway.
    NamespacesInChroot,
    /// Not as root, or namespaces are forbidden here: processes are found by a mark instead.
    None,
}

impl Isolation {
    /// What is possible here, found out once by trying.
    #[must_use]
    pub fn here() -> Self {
        static HERE: OnceLock<Isolation> = OnceLock::new();
        *HERE.get_or_init(|| {
            let possible = [Self::Namespaces, Self::NamespacesInChroot]
                .into_iter()
                .filter(|kind| *kind == Self::Namespaces || !mounts_propagate());
            possible.into_iter().find(|kind| kind.works()).unwrap_or(Self::None)
        })
    }

    /// Whether processes and mounts are set apart.
    #[must_use]
    pub fn is_some(self) -> bool {
        self != Self::None
    }

    /// The command that runs `sh -c script arguments…` as the first process of a new machine.
    /// Killing it kills every process of that machine.
    #[must_use]
    pub fn shell(self, script: &str) -> Command {
        let mut command = match self {
            Self::None => Command::new("/bin/sh"),
            Self::Namespaces | Self::NamespacesInChroot => {
                let mut command = Command::new("unshare");
                command.args(["--pid", "--fork", "--kill-child", "--uts", "--mount"]);
                if self == Self::NamespacesInChroot {
                    command.args(["--propagation", "unchanged", "/bin/sh", "-c", MOUNT_ROOT]);
                }
                command.arg("/bin/sh");
                command
            }
        };
        command.args(["-c", script]);
        command
    }

    fn works(self) -> bool {
        let probe = "mount -t proc proc /proc && mount -t tmpfs tmpfs /run";
        rustix::process::geteuid().is_root()
            && self
                .shell(probe)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
    }
}

fn mounts_propagate() -> bool {
    std::fs::read_to_string("/proc/self/mountinfo").is_ok_and(|table| table.contains(" shared:"))
}
