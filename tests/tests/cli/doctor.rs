//! `runbook doctor` on a machine that has what a test gives it: whole screens, codes and lines.

use std::os::unix::fs::PermissionsExt as _;

use runbook_tests::{Finished, Runbook};
use serde_json::Value;

/// An operator whose `ssh` and `ssh-add` are these.
fn with(ssh: &str, ssh_add: &str) -> Runbook {
    let operator = Runbook::new();
    for (name, script) in [("ssh", ssh), ("ssh-add", ssh_add)] {
        let path = operator.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).expect("it is ours");
    }
    let bin = operator.working_directory().join("bin");
    operator.env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
}

/// A client that says which one it is, and what it begins a connection with.
const OLD: &str = r"case $* in
-V) echo 'OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.19' >&2 ;;
*-G*) echo 'kexalgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256' ;;
esac";
const NEW: &str = r"case $* in
-V) echo 'OpenSSH_10.0p2, OpenSSL 3.5.0' >&2 ;;
*-G*) echo 'kexalgorithms mlkem768x25519-sha256,curve25519-sha256' ;;
esac";

#[track_caller]
fn screen(said: &Finished, code: i32) -> String {
    said.assert_code(code);
    assert_eq!(said.stderr, "", "{said}");
    let long: Vec<&str> = said.stdout.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(long.is_empty(), "{long:#?}");
    // the number of whoever runs the test
    let uid = rustix::process::getuid().as_raw();
    said.stdout.replace(&format!("/dev/shm/runbook-{uid} "), "/dev/shm/runbook-UID ")
}

#[test]
fn what_must_be_put_right_is_told_with_what_to_do() {
    let operator = with(OLD, "exit 2");
    let said = operator.run(&["doctor", "--state-dir", "/dev/null/runbook"]);
    insta::assert_snapshot!(screen(&said, 1));
}

#[test]
fn a_machine_with_everything_has_short_lines() {
    let operator = with(NEW, "printf 'one\\ntwo\\n'");
    let said = operator.run(&["doctor"]);
    let screen = screen(&said, 0);
    let state = operator.state().join("runbook").display().to_string();
    let words: Vec<&str> = screen.split_whitespace().collect();
    let words = words.join(" ");
    for told in ["✓ ssh OpenSSH_10.0p2", "✓ agent 2 keys", "✓ memory", &format!("✓ state {state}")]
    {
        assert!(words.contains(told), "{told}: {screen}");
    }
    assert!(!operator.state().join("runbook").exists(), "it makes nothing");
}

#[test]
fn this_machine_is_looked_at_as_a_host_too() {
    let operator = with(NEW, "echo one");
    let said = operator.run(&["doctor", "--hosts", "--local", "-o", "json"]);
    let found: Value = serde_json::from_str(&said.stdout).expect("it is JSON");
    let (here, host) = (&found["here"], &found["hosts"][0]);
    assert!(here.as_array().is_some_and(|here| here.len() >= 4), "{said}");
    assert_eq!((host["host"].as_str(), host["reached"].as_bool()), (Some("local"), Some(true)));
    let about = |about: &str| {
        let findings = host["findings"].as_array().into_iter().flatten();
        findings.filter(|finding| finding["about"] == about).count()
    };
    for one in ["reached", "identity", "shell", "changes", "jobs", "sessions", "flock", "clock"] {
        assert_eq!(about(one), 1, "{one}: {said}");
    }
    assert_eq!(about("sudo"), 0, "it was not asked for");
    let lines = operator.run(&["doctor", "--hosts", "--local", "-o", "jsonl", "-q"]);
    assert_eq!(lines.stderr, "");
    for line in lines.stdout.lines() {
        let line: Value = serde_json::from_str(line).expect("a line is JSON");
        assert!(line["finding"]["level"].is_string(), "{line}");
    }
}

#[test]
fn what_is_meant_must_be_there() {
    let operator = Runbook::new();
    let said = operator.run(&["doctor", "--hosts"]);
    said.assert_code(2);
    assert!(said.stderr.contains("there is no inventory to find hosts in"), "{said}");
    operator.run(&["doctor", "--env", "lab"]).assert_code(2);
    operator.run(&["doctor", "--hosts", "--host", "app1"]).assert_code(2);
    operator.run(&["doctor", "--hosts", "--host", "web=-oProxyCommand=x"]).assert_code(2);
    operator.write("hosts.toml", "format = 1\n[env.prod]\nroles = { web = [\"a\"] }\n[env.dev]\n");
    let said = operator.run(&["doctor", "--hosts", "-e", "prd"]);
    said.assert_code(2);
    assert!(said.stderr.contains("did you mean `prod`?"), "{said}");
    let said = operator.run(&["doctor", "--hosts", "-e", "dev"]);
    said.assert_code(2);
    assert!(said.stderr.contains("names no host there"), "{said}");
}
