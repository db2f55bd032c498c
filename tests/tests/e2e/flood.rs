//! A step that prints without end: what is kept of it is little, and how much it was is known.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use runbook_core::journal::Outputs;
use runbook_core::run::{Event, Part};
use runbook_tests::{HostOptions, Need, Program, Runbook, SshConfig, SshHost, ready, tell};

use crate::gate;
use crate::journal::Journal;
use crate::shop::assert_nothing_left;

/// The most memory that the process may ever have had.
const MEMORY: u64 = 100 << 20;
/// What is kept here of one output: its beginning, its end, and a sentence.
const KEPT: u64 = (64 << 20) + (64 << 10) + 100;

/// How much each host prints, and how many do.
fn size() -> (u64, usize) {
    if std::env::var_os("RUNBOOK_LONG").is_some() { (1 << 30, 3) } else { (100 << 20, 1) }
}

/// Half of it NUL, half of it no UTF-8, and no newline. The next step waits to be looked at.
fn runbook(bytes: u64, roles: &str) -> String {
    format!(
        r#"
format = 1
title = "Print without end"
[role.db]
[[step]]
id = "flood"
on = "db"
at_once = "all"
change = '''
head -c {half} /dev/zero
head -c {half} /dev/zero | tr '\0' '\377'
'''
verify = {{ read = "true" }}
no_undo = "nothing was changed"
[[step]]
id = "look"
on = "db"
needs = ["flood"]
where = "host == '{roles}'"
read = "{gate}"
"#,
        half = bytes / 2,
        gate = gate::pass("look"),
    )
}

#[test]
fn a_flood_is_counted_and_neither_fills_memory_nor_the_disk() {
    if !ready(&[Need::Ssh, Need::Namespaces]) {
        return;
    }
    let (bytes, count) = size();
    let hosts: Vec<SshHost> =
        (1..=count).map(|number| HostOptions::new().start(&format!("db{number}"))).collect();
    let config = SshConfig::for_hosts(&hosts.iter().collect::<Vec<_>>());
    let operator = Runbook::new().ssh_config(&config);
    operator.write("runbooks/own.toml", &runbook(bytes, "db1"));
    let look = gate::Gate::make(&hosts[0].home(), "look");
    let names: Vec<&str> = hosts.iter().map(SshHost::name).collect();
    let role = format!("db={}", names.join(","));
    let mut program = operator.start(&["run", "own", "--host", &role, "--yes"]);
    wait_at(&hosts[0].home().join("look.here"), &mut program);
    let most = most_memory(program.pid());
    look.open();
    program.wait().assert_code(0);
    let journal = Journal::newest(&operator);
    let outputs = operator.state().join(format!("runbook/runs/{}/output", journal.run));
    let outputs = Outputs::in_directory(outputs);
    let mut floods = 0;
    for fact in journal.facts() {
        let Event::Exited { attempt, outcome } = fact else { continue };
        if attempt.step.as_str() != "flood" || attempt.part != Part::Main {
            continue;
        }
        floods += 1;
        assert_eq!(outcome.stdout.bytes, bytes, "{attempt}");
        let kept = std::fs::read(outputs.path(attempt, "out")).unwrap();
        assert!(kept.len() as u64 <= KEPT, "{attempt}: {}", kept.len());
        assert!(kept[..1 << 20].iter().all(|byte| *byte == 0), "{attempt}");
        assert!(kept[kept.len() - (64 << 10)..].iter().all(|byte| *byte == 0xff), "{attempt}");
    }
    assert_eq!(floods, count);
    hosts.iter().for_each(assert_nothing_left);
    tell(&format!("{count} × {} MiB printed, at most {} MiB of memory", bytes >> 20, most >> 20));
    assert!(most < MEMORY, "{most} bytes");
}

/// Waits until somebody writes into this pipe, for as long as the program runs.
fn wait_at(pipe: &Path, program: &mut Program) {
    let (here, is_here) = mpsc::channel();
    let pipe = pipe.to_owned();
    std::thread::spawn(move || here.send(std::fs::read_to_string(pipe)));
    loop {
        match is_here.recv_timeout(Duration::from_secs(1)) {
            Ok(said) => break assert_eq!(said.unwrap(), "here\n"),
            Err(RecvTimeoutError::Timeout) => assert!(program.is_running(), "{}", program.said()),
            Err(RecvTimeoutError::Disconnected) => unreachable!("it sends what it read"),
        }
    }
}

/// The most memory that a process has had, in bytes.
fn most_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    most.trim().split(' ').next().unwrap().parse::<u64>().unwrap() * 1024
}
