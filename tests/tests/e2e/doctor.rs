//! Hosts are looked at before a run: what they have, what they lack, and who they are.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use runbook_tests::{Finished, HostOptions, Need, Runbook, SshConfig, SshHost, Sudo, ready};

use crate::person::assert_fits;
use crate::shop::assert_nothing_left;

/// Looks at the hosts of this inventory.
fn doctor(hosts: &[&SshHost], inventory: &str, more: &[&str]) -> Finished {
    let config = SshConfig::for_hosts(hosts);
    let operator = Runbook::new().ssh_config(&config);
    operator.write("hosts.toml", &format!("format = 1\n{inventory}"));
    operator.run(&[&["doctor", "--hosts"][..], more].concat())
}

const DB: &str = "[env.lab]\nroles = { db = [\"db1\"] }\n";

/// What was said of a host, in one line.
#[track_caller]
fn said_of(host: &str, said: &Finished) -> String {
    assert_fits(&said.stdout);
    let from = said.stdout.find(&format!("\n {host}\n")).expect("the host is there");
    said.stdout[from..].split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_host_that_has_everything_is_fine_and_nothing_is_made_there() {
    if !ready(&[Need::Ssh, Need::Namespaces]) {
        return;
    }
    let host = HostOptions::new().start("db1");
    let expect = format!(
        "{DB}[host.db1]\nexpect = {{ hostname = \"db1\", fingerprint = \"{}\" }}\n",
        host.fingerprint()
    );
    let said = doctor(&[&host], &expect, &["-e", "lab"]);
    said.assert_code(0);
    let told = said_of("db1", &said);
    for line in [
        "✓ reached",
        "@db1",
        &host.fingerprint(),
        "as expected",
        "✓ login shell quiet",
        "✓ changes with setsid",
        ".local/state/runbook (made",
        "✓ sessions a job outlives",
        "✓ flock is there",
        "✓ clock within",
    ] {
        assert!(told.contains(line), "{line}: {said}");
    }
    assert!(!host.home().join(".local").exists(), "it reads and makes nothing");
    assert_nothing_left(&host);
}

/// A directory with these programs and no others.
fn programs(at: &Path, names: &[&str]) {
    std::fs::create_dir_all(at).expect("the host's own directory is writable");
    for name in names {
        let found = ["/usr/bin", "/bin"].map(|place| Path::new(place).join(name));
        let found = found.into_iter().find(|path| path.exists()).expect("the machine has it");
        symlink(found, at.join(name)).expect("the directory is new");
    }
}

#[test]
fn what_a_host_lacks_is_told_with_what_to_do() {
    if !ready(&[Need::Ssh]) {
        return;
    }
    let place = tempfile::tempdir().expect("there is room");
    programs(place.path(), &["cat", "id", "df", "stat", "ls", "readlink", "grep"]);
    // a clock that is decades ahead
    let date = place.path().join("date");
    std::fs::write(&date, "#!/bin/sh\necho 4000000000\n").expect("the directory is new");
    std::fs::set_permissions(&date, PermissionsExt::from_mode(0o755)).expect("it is ours");
    let bare = HostOptions::new().env("PATH", place.path().display().to_string()).start("db1");
    // its state cannot be made in a file
    std::fs::write(bare.home().join(".local"), "").expect("the home is writable");
    std::fs::write(bare.home().join(".bashrc"), "echo 'welcome \u{1b}[2J to db1'\n")
        .expect("the home is writable");
    let said = doctor(&[&bare], DB, &[]);
    said.assert_code(1);
    let told = said_of("db1", &said);
    for line in [
        "✗ changes none of `setsid`, `perl` and `python3` is there: nothing can be changed",
        "→ install util-linux, or one of the others",
        "! flock there is no `flock`",
        "! jobs kept in /var/tmp/runbook-",
        ".local/state/runbook cannot be made",
        "! clock at least",
        "s ahead of ours",
    ] {
        assert!(told.contains(line), "{line}: {said}");
    }
    // whether a shell that is given a command reads `.bashrc` is the choice of who built it
    let is_noisy = !bare.run("true").stdout.is_empty();
    assert_eq!(told.contains("! login shell prints"), is_noisy, "{said}");
    assert!(!said.stdout.contains('\u{1b}'));
    assert_nothing_left(&bare);
}

#[test]
fn what_logind_does_with_processes_is_read_from_its_files() {
    if !ready(&[Need::Ssh, Need::Namespaces]) {
        return;
    }
    let host = HostOptions::new().start("db1");
    let drop_in = "[Login]\nKillUserProcesses = yes\nKillExcludeUsers=\n";
    let there = "/run/systemd/logind.conf.d";
    let write = format!("mkdir -p {there} && printf '{drop_in}' >{there}/99-kill.conf");
    host.run(&write).assert_code(0);
    let said = doctor(&[&host], DB, &[]);
    let told = said_of("db1", &said);
    assert!(told.contains("sessions logind kills what a session leaves behind"), "{said}");
    // whether this login is one of its sessions depends on where the test runs
    let is_session = told.contains("✗ sessions");
    said.assert_code(i32::from(is_session));
    assert_nothing_left(&host);
}

#[test]
fn another_host_and_one_that_is_not_there_are_no_hosts_to_act_on() {
    if !ready(&[Need::Ssh]) {
        return;
    }
    let hosts = ["db1", "db2"].map(|name| HostOptions::new().start(name));
    hosts[1].cut();
    let inventory =
        format!("{DB}[host.db1]\nexpect = {{ machine_id = \"{}\" }}\n[host.db2]\n", "0".repeat(32));
    let said = doctor(&[&hosts[0], &hosts[1]], &inventory, &[]);
    said.assert_code(8);
    let (first, second) = (said_of("db1", &said), said_of("db2", &said));
    assert!(first.starts_with("db1 ✗ identity another host answers: its machine-id is"), "{said}");
    assert!(first.contains("say so in `expect` db2"), "nothing more was asked: {said}");
    assert!(second.contains("✗ reached") && second.contains("`ssh db2` must work first"), "{said}");
    assert_nothing_left(&hosts[0]);
}

#[test]
fn whether_a_user_can_be_had_is_asked_only_when_it_is_said() {
    if !ready(&[Need::Ssh, Need::Namespaces, Need::Sudo]) {
        return;
    }
    for (sudo, code, line) in [
        (Sudo::Passwordless, 0, "✓ sudo becomes root without a password"),
        (Sudo::Forbidden, 1, "deploy ALL=(root) NOPASSWD"),
    ] {
        let host = HostOptions::new().deploy_user(sudo).start("db1");
        let said = doctor(&[&host], DB, &["--sudo", "root"]);
        said.assert_code(code);
        assert!(said_of("db1", &said).contains(line), "{said}");
        let silent = doctor(&[&host], DB, &[]);
        silent.assert_code(0);
        assert!(!silent.stdout.contains("sudo"), "{silent}");
        assert_nothing_left(&host);
    }
}
