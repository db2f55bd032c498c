//! A run whose command has died is gone on with by another: the host tells what became of what was under
//! way, nothing happens twice, and what nobody knows is decided by a person.

use runbook_core::run::{Event, Found, StepStatus};
use runbook_tests::{Key, Program};
use rustix::process::Signal;

use crate::interrupted::Changing;
use crate::journal::Journal;
use crate::person::DESK;
use crate::single::Single;

/// A run that was killed with `kill -9` while its first change was under way.
fn killed() -> Changing {
    let run = Changing::start();
    let program = start(&run);
    program.signal(Signal::KILL);
    assert_eq!(program.wait().signal, Some(9));
    run
}

/// A run whose first change is under way.
fn start(run: &Changing) -> Program {
    let program = run.there.operator.start(&["run", "own", "--host", "db=db1", "--yes"]);
    run.started.wait();
    program
}

fn found(journal: &Journal) -> Vec<Found> {
    let found = journal.facts().filter_map(|fact| match fact {
        Event::Found { found, .. } => Some(found.clone()),
        _ => None,
    });
    found.collect()
}

#[test]
fn a_killed_command_is_gone_on_with_and_the_change_happened_once() {
    if !Single::can_start() {
        return;
    }
    let run = killed();
    let resumed = run.there.operator.start(&["resume"]);
    resumed.wait_for("still runs; it is followed again");
    run.started.open();
    let ended = resumed.wait();
    run.ended.wait();
    ended.assert_code(0);
    assert!(ended.stderr.contains("the command was killed, or this machine went down"), "{ended}");
    assert_eq!(run.counted(), "copy\ncopied\nswitch\n");
    let journal = Journal::newest(&run.there.operator);
    assert_eq!(journal.changes(), ["copy db1", "switch db1"]);
    assert_eq!(found(&journal), [Found::Running]);
    let nothing = run.there.operator.run(&["resume"]);
    nothing.assert_code(2);
    assert!(nothing.stderr.contains("there is no run to go on with"), "{nothing}");
    run.there.assert_nothing_left();
}

#[test]
fn what_ended_while_nobody_listened_is_taken_in_with_its_output() {
    if !Single::can_start() {
        return;
    }
    let run = killed();
    run.started.open();
    run.ended.wait();
    let id = Journal::newest(&run.there.operator).run;
    let ended = run.there.operator.run(&["resume", &id]);
    ended.assert_code(0);
    assert_eq!(run.counted(), "copy\ncopied\nswitch\n");
    assert_eq!(found(&Journal::newest(&run.there.operator)), [Found::Ended]);
    run.there.assert_nothing_left();
}

#[test]
fn what_nobody_knows_stays_so_without_a_person_and_a_person_decides_with_the_evidence() {
    if !Single::can_start() {
        return;
    }
    let mut run = killed();
    run.there.host.power_off();
    run.there.host.boot();
    let alone = run.there.operator.run(&["resume"]);
    alone.assert_code(5);
    assert!(alone.stdout.contains("UNKNOWN") && alone.stdout.contains("rebooted"), "{alone}");
    assert_eq!(run.counted(), "copy\n", "it was not run again");

    let mut terminal = run.there.operator.terminal(&["resume"], DESK);
    terminal.wait_until("the prompt", |screen| screen.trim_end().ends_with('>'));
    let screen = terminal.screen();
    for told in ["OUTCOME UNKNOWN", "the host rebooted while it ran", "verify says"] {
        assert!(screen.contains(told), "{told}: {screen}");
    }
    // Enter alone decides nothing: the options are shown again.
    terminal.type_line("");
    let prompt = |screen: &str| screen.trim_end().ends_with('>');
    terminal.wait_until("the options again", |screen| {
        screen.matches("Your options").count() > 1 && prompt(screen)
    });
    terminal.type_line("a");
    assert_eq!(terminal.wait_for_exit(), 10, "{}", terminal.transcript());
    assert_eq!(run.counted(), "copy\nswitch\n", "what needs it went on");
    let journal = Journal::newest(&run.there.operator);
    assert_eq!(journal.status("copy"), StepStatus::Accepted);
    run.there.assert_nothing_left();
}

#[test]
fn a_run_has_one_driver_and_can_be_watched_and_stopped_from_elsewhere() {
    if !Single::can_start() {
        return;
    }
    let run = Changing::start();
    let program = start(&run);
    let id = Journal::newest(&run.there.operator).run;
    let second = run.there.operator.run(&["resume", &id]);
    second.assert_code(6);
    assert!(second.stderr.contains("is being driven by another command"), "{second}");
    let watching = run.there.operator.start(&["status", &id, "--follow"]);
    watching.wait_for_stdout("copy db1: starts");
    let stands = run.there.operator.run(&["status"]);
    stands.assert_code(0);
    assert!(stands.stdout.contains("copy"), "{stands}");

    let stopped = run.there.operator.run(&["stop", &id]);
    stopped.assert_code(0);
    program.wait().assert_code(9);
    watching.wait().assert_code(9);
    assert_eq!(run.counted(), "copy\n", "what runs goes on");
    run.started.open();
    run.ended.wait();
    run.there.operator.run(&["resume", &id]).assert_code(0);
    assert_eq!(run.counted(), "copy\ncopied\nswitch\n");
    run.there.assert_nothing_left();
}

#[test]
fn stop_with_kill_ends_what_runs_on_the_host_whether_or_not_the_run_is_driven() {
    if !Single::can_start() {
        return;
    }
    for driven in [true, false] {
        let run = if driven { Changing::start() } else { killed() };
        let program = driven.then(|| start(&run));
        let id = Journal::newest(&run.there.operator).run;
        let stopped = run.there.operator.run(&["stop", &id, "--kill"]);
        stopped.assert_code(if driven { 0 } else { 9 });
        if let Some(program) = program {
            program.wait().assert_code(9);
        }
        assert_eq!(run.counted(), "copy\n", "it did not come to its end");
        let journal = Journal::newest(&run.there.operator);
        assert!(journal.facts().any(|fact| matches!(fact, Event::CancelAsked { .. })));
        run.there.assert_nothing_left();
    }
}

#[test]
fn ctrl_c_can_wait_for_what_runs() {
    if !Single::can_start() {
        return;
    }
    let run = Changing::start();
    let mut terminal = run.there.run_by_hand(&["--yes"]);
    run.started.wait();
    terminal.press(Key::Ctrl('c'));
    // What is typed before the prompt is no answer.
    terminal.wait_until("the prompt", |screen| screen.trim_end().ends_with('>'));
    terminal.type_line("w");
    run.started.open();
    run.ended.wait();
    assert_eq!(terminal.wait_for_exit(), 9, "{}", terminal.transcript());
    assert_eq!(run.counted(), "copy\ncopied\n", "nothing new was started");
    run.there.operator.run(&["resume"]).assert_code(0);
    assert_eq!(run.counted(), "copy\ncopied\nswitch\n");
    run.there.assert_nothing_left();
}
