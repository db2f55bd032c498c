//! A run that is interrupted while a change is under way: the change goes on where it is, happens
//! once, and what is not known is said.

use runbook_core::run::{Event, StepStatus};
use runbook_tests::{Key, processes};
use rustix::process::Signal;

use crate::gate::{self, Gate};
use crate::journal::Journal;
use crate::single::Single;

/// Two changes; the first can be met while it is under way, and both count how often they ran.
pub(crate) struct Changing {
    pub(crate) there: Single,
    pub(crate) started: Gate,
    pub(crate) ended: Gate,
}

impl Changing {
    pub(crate) fn start() -> Self {
        let there = Single::start(&format!(
            r#"
format = 1
title = "Copy the data, then switch over"
lock = "data"

[role.db]

[[step]]
id = "copy"
title = "Copy the data"
change = '''
echo copy >> count
{}
echo copied >> count
(echo ended >ended.here) &
'''
verify = {{ read = "grep -q copied count" }}
no_undo = "a copy harms nothing"

[[step]]
id = "switch"
title = "Switch over to the copy"
change = "echo switch >> count"
verify = {{ read = "grep -q switch count" }}
no_undo = "the old data is still there"
"#,
            gate::pass("started")
        ));
        let started = Gate::make(&there.host.home(), "started");
        let ended = Gate::make(&there.host.home(), "ended");
        Self { there, started, ended }
    }

    pub(crate) fn counted(&self) -> String {
        self.there.file("count").unwrap_or_default()
    }
}

#[test]
fn ctrl_c_starts_nothing_new_and_leaves_what_runs_alone() {
    if !Single::can_start() {
        return;
    }
    let run = Changing::start();
    let mut terminal = run.there.run_by_hand(&["--yes"]);
    run.started.wait();
    terminal.press(Key::Ctrl('c'));
    terminal.wait_for("Stopping: nothing new starts.");
    assert!(terminal.screen().contains("copy on db1"), "{}", terminal.screen());
    terminal.press(Key::Ctrl('c'));
    // the terminal echoes ^C into what is drawn in place: no screen to measure
    let (code, shown) = (terminal.wait_for_exit(), terminal.transcript());
    assert_eq!(code, 9, "{shown}");
    assert!(shown.contains("STOPPED"), "{shown}");
    assert!(shown.contains("copy on db1"), "{shown}");
    assert!(shown.contains("goes on"), "{shown}");
    assert_eq!(run.counted(), "copy\n", "it is under way");
    run.started.open();
    run.ended.wait();
    assert_eq!(run.counted(), "copy\ncopied\n", "it went on to its end, and nothing came after");
    let journal = Journal::newest(&run.there.operator);
    assert_eq!(journal.changes(), ["copy db1"]);
    assert_eq!(journal.ended().0, 9);
}

#[test]
fn a_lost_connection_is_taken_up_again_and_the_change_happens_once() {
    if !Single::can_start() {
        return;
    }
    let run = Changing::start();
    let program = run.there.operator.start(&["run", "own", "--host", "db=db1", "--yes"]);
    run.started.wait();
    run.there.host.drop_connections();
    run.started.open();
    let ended = program.wait();
    run.ended.wait();
    ended.assert_code(0);
    assert_eq!(run.counted(), "copy\ncopied\nswitch\n");
    assert_eq!(Journal::newest(&run.there.operator).changes(), ["copy db1", "switch db1"]);
    run.there.assert_nothing_left();
}

#[test]
fn a_host_that_rebooted_cannot_say_and_nothing_follows() {
    if !Single::can_start() {
        return;
    }
    let mut run = Changing::start();
    let program = run.there.operator.start(&["run", "own", "--host", "db=db1", "--yes"]);
    run.started.wait();
    run.there.host.power_off();
    run.there.host.boot();
    let ended = program.wait();
    ended.assert_code(5);
    assert!(ended.stdout.contains("UNKNOWN"), "{ended}");
    assert!(ended.stdout.contains("rebooted"), "{ended}");
    assert_eq!(run.counted(), "copy\n", "it ran once and was not run again");
    let journal = Journal::newest(&run.there.operator);
    assert_eq!(journal.changes(), ["copy db1"]);
    assert_eq!(journal.status("copy"), StepStatus::Unknown);
    run.there.assert_nothing_left();
}

#[test]
fn a_job_that_was_killed_cannot_say_and_nothing_follows() {
    if !Single::can_start() {
        return;
    }
    let run = Changing::start();
    let program = run.there.operator.start(&["run", "own", "--host", "db=db1", "--yes"]);
    run.started.wait();
    let everything: Vec<u32> = run.there.host.processes().iter().map(|(pid, _)| *pid).collect();
    for pid in everything {
        if !processes::command_line(pid).contains("host.sh") && is_of_a_job(pid) {
            let pid = rustix::process::Pid::from_raw(i32::try_from(pid).expect("a process id"));
            let _ = rustix::process::kill_process(pid.expect("not zero"), Signal::KILL);
        }
    }
    let ended = program.wait();
    ended.assert_code(5);
    assert!(ended.stdout.contains("UNKNOWN"), "{ended}");
    assert_eq!(run.counted(), "copy\n", "it ran once and was not run again");
    run.there.assert_nothing_left();
}

/// Whether a process works in the directory of a job, or descends from one that does.
fn is_of_a_job(pid: u32) -> bool {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    String::from_utf8_lossy(&environment).contains("runbook_")
        || processes::command_line(pid).contains("/jobs/")
}

#[test]
fn a_killed_controller_leaves_the_change_alone_and_a_journal_that_can_be_read() {
    if !Single::can_start() {
        return;
    }
    let run = Changing::start();
    let program = run.there.operator.start(&["run", "own", "--host", "db=db1", "--yes"]);
    run.started.wait();
    program.signal(Signal::KILL);
    assert_eq!(program.wait().signal, Some(9));
    run.started.open();
    run.ended.wait();
    assert_eq!(run.counted(), "copy\ncopied\n");
    let journal = Journal::newest(&run.there.operator);
    assert_eq!(journal.changes(), ["copy db1"]);
    assert!(!journal.facts().any(|fact| matches!(fact, Event::Ended { .. })));
    run.there.assert_nothing_left();
}

#[test]
fn a_second_run_is_told_who_holds_the_lock() {
    if !Single::can_start() {
        return;
    }
    let run = Changing::start();
    let first = run.there.operator.start(&["run", "own", "--host", "db=db1", "--yes"]);
    run.started.wait();
    let holder = Journal::newest(&run.there.operator).run;
    let second = run.there.run(&["--yes"]);
    second.assert_code(6);
    for told in [holder.as_str(), "operator", "since"] {
        assert!(second.stdout.contains(told), "{told}: {second}");
    }
    assert_eq!(run.counted(), "copy\n");
    run.started.open();
    run.ended.wait();
    first.wait().assert_code(0);
    assert_eq!(run.counted(), "copy\ncopied\nswitch\n");
    run.there.assert_nothing_left();
}
