//! What the machine has of what the lab needs, and saying plainly what was left out.
//! Must not know the tests.

use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::isolation::Isolation;
use crate::place::Place;

/// Something that a test cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// `sshd`, `ssh` and `ssh-keygen`.
    Ssh,
    /// An engine, its client, Compose, the registry, and what the images are made of.
    Docker,
    /// Being root.
    Root,
    /// Hosts with processes, a name, a machine-id and users of their own.
    Namespaces,
    /// `sudo`.
    Sudo,
}

/// Whether the machine has it; the error says what is missing and how to get it.
///
/// # Errors
/// When it is missing.
pub fn available(need: Need) -> Result<(), String> {
    match need {
        Need::Ssh => {
            programs(&[("sshd", "openssh-server"), ("ssh", "openssh-client")])?;
            programs(&[("ssh-keygen", "openssh-client")])
        }
        Need::Docker => docker(),
        Need::Root => root(),
        Need::Namespaces if Isolation::here().is_some() => Ok(()),
        Need::Namespaces => {
            root()?;
            Err("unshare cannot make process and mount namespaces here".to_owned())
        }
        Need::Sudo => programs(&[("sudo", "sudo")]),
    }
}

/// Whether a test can run. Where something is missing it says so on standard error (and in the
/// file that `RUNBOOK_LAB_SKIPPED` names), and the test returns at once.
///
/// # Panics
/// When something is missing and `RUNBOOK_LAB=require` says that nothing may be.
#[track_caller]
#[must_use]
pub fn ready(needs: &[Need]) -> bool {
    let Some(missing) = needs.iter().find_map(|&need| available(need).err()) else { return true };
    let required = std::env::var("RUNBOOK_LAB").is_ok_and(|value| value == "require");
    assert!(!required, "the lab is required, and {missing}");
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let line = format!("skipped: {test}: {missing}\n");
    tell(line.trim_end());
    if let Some(file) = std::env::var_os("RUNBOOK_LAB_SKIPPED") {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(file);
        let _ = file.and_then(|mut file| file.write_all(line.as_bytes()));
    }
    false
}

/// Every program of this machine but some, as the `PATH` of a host that lacks those.
#[must_use]
pub fn path_without(missing: &[&str]) -> (Place, String) {
    let place = Place::new();
    for directory in ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin"] {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            if !missing.iter().any(|name| entry.file_name() == *name) {
                // the first of a name wins, as in every path
                let _ = symlink(entry.path(), place.path().join(entry.file_name()));
            }
        }
    }
    let path = place.path().display().to_string();
    (place, path)
}

/// Says something of a test, whether it passes or not: the test runner shows nothing that a passing
/// test prints.
pub fn tell(line: &str) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// The directory of the build, `target/<profile>`, in which this test was built.
pub(crate) fn build() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    // target/<profile>/deps/<test>
    test.ancestors().nth(2).expect("cargo puts tests under deps").to_owned()
}

/// Where what the lab fetched or compiled is kept: `target/lab`.
pub(crate) fn tools() -> PathBuf {
    build().parent().expect("cargo puts profiles under target").join("lab")
}

/// The Compose plugin.
pub(crate) fn compose_plugin() -> PathBuf {
    tools().join("docker-compose")
}

/// The binary of the command.
///
/// # Panics
/// When it has not been built.
#[track_caller]
pub(crate) fn command_under_test() -> PathBuf {
    let binary = build().join("runbook");
    assert!(
        binary.exists(),
        "{} is not there: build it with `cargo build -p runbook-cli`, or run `scripts/test`",
        binary.display()
    );
    binary
}

fn docker() -> Result<(), String> {
    root()?;
    programs(&[
        ("dockerd", "docker.io"),
        ("docker", "docker.io"),
        ("iptables", "iptables"),
        ("docker-registry", "docker-registry"),
        ("busybox", "busybox-static"),
    ])?;
    let plugin = compose_plugin();
    if plugin.exists() {
        return Ok(());
    }
    Err(format!("{} is not there: run scripts/test once", plugin.display()))
}

fn root() -> Result<(), String> {
    if rustix::process::geteuid().is_root() { Ok(()) } else { Err("it needs root".to_owned()) }
}

fn programs(needed: &[(&str, &str)]) -> Result<(), String> {
    needed.iter().try_for_each(|(program, package)| match find(program) {
        Some(_) => Ok(()),
        None => Err(format!("there is no {program} (apt-get install {package})")),
    })
}

/// The file of a program, also where only root's path has it.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories = std::env::split_paths(&path).collect::<Vec<_>>();
    let system = ["/usr/sbin", "/sbin"].map(|directory| Path::new(directory).to_owned());
    let mut files = directories.iter().chain(&system).map(|directory| directory.join(program));
    files.find(|file| file.is_file())
}
