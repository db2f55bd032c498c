//! Locks on hosts: operators who share nothing but a host keep each other out there, for as long as
//! one of them has something at work.

use std::sync::mpsc::channel;
use std::thread::{scope, spawn};

use runbook_tests::{HostOptions, Program, Runbook, SshConfig, SshHost, Sudo, path_without};
use rustix::process::Signal;

use crate::gate::{self, Gate};
use crate::journal::Journal;
use crate::shop::assert_nothing_left;
use crate::single::Single;

/// One change under a lock, which can be met while it is under way.
fn runbook(lock: &str) -> String {
    let pass = gate::pass("started");
    format!(
        r#"
format = 1
title = "Copy the data"
lock = "{lock}"

[role.db]
help = "the hosts"

[[step]]
id = "copy"
change = '''
echo begun >> count
{pass}
echo ended >> count
'''
verify = {{ read = "test -e count" }}
no_undo = "a copy harms nothing"
"#
    )
}

/// Somebody with a state directory and a configuration of their own.
struct Operator {
    own: Runbook,
    _config: SshConfig,
}

impl Operator {
    /// `config` are lines for ssh that come first.
    fn new(hosts: &[&SshHost], config: &str, lock: &str) -> Self {
        let config = SshConfig::with(hosts, config);
        let own = Runbook::new().ssh_config(&config);
        own.write("runbooks/own.toml", &runbook(lock));
        Self { own, _config: config }
    }

    fn start(&self, hosts: &str) -> Program {
        self.own.start(&["run", "own", "--host", &format!("db={hosts}"), "--yes"])
    }
}

/// Two operators who share nothing but a host; the first has its change under way there.
struct Two {
    host: SshHost,
    one: Operator,
    other: Operator,
    gate: Gate,
    at_work: Program,
}

impl Two {
    fn start() -> Self {
        let host = HostOptions::new().start("db1");
        let lock = lock_of(&host);
        let (one, other) = (Operator::new(&[&host], "", &lock), Operator::new(&[&host], "", &lock));
        let gate = Gate::make(&host.home(), "started");
        let at_work = one.start("db1");
        gate.wait();
        Self { host, one, other, gate, at_work }
    }
}

/// The name of a lock that no other test takes: the directories of locks are the machine's.
fn lock_of(host: &SshHost) -> String {
    format!("copy-{}", host.address().port())
}

#[test]
fn accounts_and_state_directories_of_their_own_keep_each_other_out() {
    if !Single::can_start() {
        return;
    }
    let host = HostOptions::new().deploy_user(Sudo::Passwordless).start("db1");
    let lock = lock_of(&host);
    let deploy = Operator::new(&[&host], "", &lock);
    let root = Operator::new(&[&host], "Host db1\n  User root", &lock);
    let gate = Gate::make(&host.home(), "started");
    for (first, second) in [(&deploy, &root), (&root, &deploy)] {
        let at_work = first.start("db1");
        gate.wait();
        let holder = Journal::newest(&first.own).run;
        let refused = second.start("db1").wait();
        refused.assert_code(6);
        for told in [holder.as_str(), "operator", "since", "at `copy`", "--follow"] {
            assert!(refused.stdout.contains(told), "{told}: {refused}");
        }
        gate.open();
        at_work.wait().assert_code(0);
    }
    assert_nothing_left(&host);
}

#[test]
fn a_run_that_was_killed_keeps_its_lock_while_its_change_runs_and_no_longer() {
    if !Single::can_start() {
        return;
    }
    let Two { host, one, other, gate, at_work: killed } = Two::start();
    killed.signal(Signal::KILL);
    assert_eq!(killed.wait().code, None);
    let holder = Journal::newest(&one.own).run;
    let refused = other.start("db1").wait();
    refused.assert_code(6);
    assert!(refused.stdout.contains(holder.as_str()), "{refused}");
    gate.open();
    // its own run is let in again, and is the only one that knows what to do
    let resumed = one.own.run(&["resume", "--yes"]);
    resumed.assert_code(0);
    let second = other.start("db1");
    gate.wait();
    gate.open();
    second.wait().assert_code(0);
    assert_eq!(
        std::fs::read_to_string(host.home().join("count")).expect("it was written"),
        "begun\nended\nbegun\nended\n"
    );
    assert_nothing_left(&host);
}

#[test]
fn a_run_that_left_keeps_its_lock_while_its_change_runs() {
    if !Single::can_start() {
        return;
    }
    let Two { host, one, other, gate, at_work: left } = Two::start();
    left.signal(Signal::TERM);
    left.wait().assert_code(9);
    other.start("db1").wait().assert_code(6);
    gate.open();
    one.own.run(&["resume", "--yes"]).assert_code(0);
    assert_nothing_left(&host);
}

#[test]
fn of_two_that_name_their_hosts_in_opposite_orders_one_wins() {
    if !Single::can_start() {
        return;
    }
    let hosts = [HostOptions::new().start("db1"), HostOptions::new().start("db2")];
    let both: Vec<&SshHost> = hosts.iter().collect();
    let lock = lock_of(&hosts[0]);
    let (one, other) = (Operator::new(&both, "", &lock), Operator::new(&both, "", &lock));
    let gates = hosts.each_ref().map(|host| Gate::make(&host.home(), "started"));
    let (ended, ends) = channel();
    for run in [one.start("db1,db2"), other.start("db2,db1")] {
        let ended = ended.clone();
        spawn(move || ended.send(run.wait().code));
    }
    // while the winner stands at its gates the other has nothing to wait for
    assert_eq!(ends.recv(), Ok(Some(6)));
    scope(|hosts| {
        for gate in &gates {
            hosts.spawn(|| {
                gate.wait();
                gate.open();
            });
        }
    });
    assert_eq!(ends.recv(), Ok(Some(0)));
    for host in &hosts {
        assert_nothing_left(host);
    }
}

#[test]
fn a_host_without_flock_is_refused_before_anything_is_asked_of_it() {
    if !Single::can_start() {
        return;
    }
    let (_programs, path) = path_without(&["flock"]);
    let host = HostOptions::new().env("PATH", path).start("db1");
    let operator = Operator::new(&[&host], "", &lock_of(&host));
    let refused = operator.start("db1").wait();
    refused.assert_code(6);
    for told in ["on db1 is not ours", "the host cannot keep a lock", "install util-linux"] {
        assert!(refused.stdout.contains(told), "{told}: {refused}");
    }
    assert!(!host.home().join("count").exists());
    assert_nothing_left(&host);
}
