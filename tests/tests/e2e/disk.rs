//! A disk that is full, and one that is not.

use std::path::Path;
use std::process::Command;

use runbook_core::run::{Event, Listing, StepStatus};
use runbook_tests::images::TAGS;
use runbook_tests::{
    Engine, Finished, HostOptions, Images, Need, Place, Program, Registry, Runbook, SshConfig,
    Stack, path_without, ready,
};

use crate::journal::Journal;
use crate::person::{DESK, Person as _};
use crate::shop::{Shop, assert_nothing_left};
use crate::single::Single;

/// A filesystem of its own, nine tenths full.
struct FullDisk {
    place: Place,
}

impl FullDisk {
    fn mount() -> Self {
        let place = Place::new();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(place.path());
        Program::run("mount", &mount).assert_code(0);
        std::fs::write(place.path().join("filled"), vec![0; 950 * 1024]).expect("it has room");
        Self { place }
    }

    fn path(&self) -> &Path {
        self.place.path()
    }
}

impl Drop for FullDisk {
    fn drop(&mut self) {
        // hosts that were started later have a copy of the mount, which goes with them
        let _ = Program::run("umount", Command::new("umount").args(["-l"]).arg(self.place.path()));
    }
}

#[test]
fn a_healthy_disk_is_not_the_problem() {
    if !ready(&[]) {
        return;
    }
    let operator = Runbook::new();
    let ended = operator.run(&["run", "disk-full", "--local", "target=99"]);
    ended.assert_code(0);
    assert!(ended.stdout.contains("the disk is not the problem"), "{ended}");
    let journal = Journal::newest(&operator);
    journal.assert_only_reads();
    assert_eq!(journal.status("images"), StepStatus::NotNeeded);
}

#[test]
fn a_host_without_docker_and_systemd_skips_what_is_theirs() {
    if !ready(&[Need::Ssh, Need::Namespaces, Need::Root]) {
        return;
    }
    let disk = FullDisk::mount();
    let (_programs, path) = path_without(&["docker", "dockerd", "journalctl"]);
    let host = HostOptions::new().env("PATH", path).start("db1");
    let config = SshConfig::for_hosts(&[&host]);
    let operator = Runbook::new().ssh_config(&config);
    let mount = format!("mount={}", disk.path().display());
    let arguments = ["run", "disk-full", "--host", "host=db1", &mount];
    let mut terminal = operator.terminal(&arguments, DESK);
    let (code, shown) = terminal.leaves();
    assert_eq!(code, 1, "{shown}");
    let journal = Journal::newest(&operator);
    journal.assert_only_reads();
    for step in ["journal", "cache", "images", "volumes"] {
        assert_eq!(journal.status(step), StepStatus::Skipped, "{step}");
    }
    assert!(shown.contains("NOT RESOLVED"), "{shown}");
    assert_nothing_left(&host);
}

#[test]
fn only_what_was_listed_is_removed_and_only_after_the_words() {
    if !Shop::can_open() {
        return;
    }
    let (engine, registry) = (Engine::start(), Registry::start());
    let images = Images::publish(&engine, &registry);
    let stack = Stack::new(&engine, &images, "shop", "v1");
    stack.up().assert_code(0);
    for volume in ["orphan", "stopped"] {
        let _ = engine.ask(&["volume", "create", volume]);
    }
    let create = ["create", "-v", "stopped:/data", &images.name("v1"), "true"];
    let _ = engine.ask(&create);

    let disk = FullDisk::mount();
    let (_programs, path) = path_without(&["journalctl"]);
    let host = HostOptions::new().engine(&engine).env("PATH", path).start("db1");
    let config = SshConfig::for_hosts(&[&host]);
    let operator = Runbook::new().ssh_config(&config);
    let mount = format!("mount={}", disk.path().display());
    let arguments = ["run", "disk-full", "--host", "host=db1", &mount, "keep_images=1"];
    let mut terminal = operator.terminal(&arguments, DESK);
    terminal.answer("to agree", "yes");
    terminal.answer("to approve", "db1");
    terminal.answer("is it backed up", "yes");
    terminal.answer("to approve", "db1");
    terminal.answer("That is not", "q");
    let (code, shown) = terminal.leaves();
    assert_eq!(code, 4, "{shown}");
    assert!(shown.contains("goal ✗"), "{shown}");

    let journal = Journal::newest(&operator);
    // the releases were built within a second of each other, so which is the newest is not known;
    // the one that runs stays, and what goes is what was listed
    let removed = listed(&journal, "images");
    assert!(!removed.is_empty() && !removed.contains(&images.name("v1")), "{removed:?}");
    let left = engine.ask(&["images", "--format", "{{.Repository}}:{{.Tag}}"]);
    let mut all: Vec<&str> = left.lines().chain(removed.iter().map(String::as_str)).collect();
    all.sort_unstable();
    assert_eq!(all, TAGS.map(|tag| images.name(tag)));
    assert_eq!(listed(&journal, "volumes"), ["orphan"]);
    let volumes = engine.ask(&["volume", "ls", "-q"]);
    assert_eq!(volumes.lines().collect::<Vec<_>>(), ["orphan", "stopped"]);
    assert_eq!(journal.changes(), ["cache db1", "images db1"]);
    assert_nothing_left(&host);
}

/// What was shown to be removed at the step's turn.
fn listed(journal: &Journal, wanted: &str) -> Vec<String> {
    let listed = journal.facts().find_map(|fact| match fact {
        Event::ItemsListed { step, items, listing: Listing::Turn, .. }
            if step.as_str() == wanted =>
        {
            Some(items.clone())
        }
        _ => None,
    });
    listed.unwrap_or_default()
}

/// A change on a host where these directories are full.
fn change_where_full(full: &[&str]) -> (Single, Finished) {
    let there = Single::start(
        r#"
format = 1
title = "Change something"
[role.db]
[[step]]
id = "write"
change = "echo written >/run/written"
verify = { read = "cat /run/written", expect = "written" }
no_undo = "a file harms nothing"
"#,
    );
    there.host.run("mkdir -p ~/.local").assert_code(0);
    for directory in full {
        let mount = format!("mount -t tmpfs -o size=16k,mode=1777 tmpfs {directory}");
        there.host.run(&mount).assert_code(0);
    }
    let ended = there.run(&["--yes"]);
    (there, ended)
}

#[test]
fn a_change_is_made_where_every_disk_is_full() {
    if !ready(&[Need::Ssh, Need::Namespaces, Need::Root]) {
        return;
    }
    let (there, ended) = change_where_full(&["~/.local", "/var/tmp"]);
    ended.assert_code(0);
    assert_eq!(Journal::newest(&there.operator).changes(), ["write db1"]);
    assert_nothing_left(&there.host);
}

#[test]
fn a_host_that_can_keep_no_job_is_reachable_and_nothing_runs_there() {
    if !ready(&[Need::Ssh, Need::Namespaces, Need::Root]) {
        return;
    }
    let (there, ended) = change_where_full(&["~/.local", "/var/tmp", "/dev/shm"]);
    ended.assert_code(1);
    let said = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("the host is reachable, but no directory of it can keep a job"),
        "{ended}"
    );
    assert!(said.contains("is on a full disk"), "{ended}");
    assert!(!said.contains("cannot be reached"), "{ended}");
    there.host.run("test ! -e /run/written").assert_code(0);
    assert_nothing_left(&there.host);
}
