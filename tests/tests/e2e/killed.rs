//! The command is killed with `kill -9` at records of its journal, against a real sshd, and gone on
//! with: each change happens exactly once, and the run ends as it would have.

use std::path::PathBuf;

use runbook_tests::Program;
use rustix::process::Signal;

use crate::journal::Journal;
use crate::single::Single;

/// How many records are sampled, unless every one is asked for.
const SAMPLES: usize = 40;

const COUNTING: &str = r#"
format = 1
title = "Count to three"
lock = "count"

[role.db]

[[precondition]]
read = "test -w ."

[[step]]
id = "look"
read = "ls -a"
keep = "before"

[[step]]
id = "one"
change = "echo one >> count"
verify = { read = "grep -q one count" }
no_undo = "a count goes up"

[[step]]
id = "two"
change = "echo two >> count"
no_undo = "a count goes up"

[[step]]
id = "between"
check = { read = "grep -q two count" }

[[step]]
id = "three"
change = "echo three >> count"
verify = { read = "grep -q three count" }
no_undo = "a count goes up"
"#;

const RUN: [&str; 5] = ["run", "own", "--host", "db=db1", "--yes"];

/// The journal of the only run.
fn journal(there: &Single) -> Option<PathBuf> {
    let mut runs = std::fs::read_dir(there.operator.state().join("runbook/runs")).ok()?;
    let run = runs.find_map(Result::ok)?;
    Some(run.path().join("journal.jsonl"))
}

/// How many records it has.
pub(crate) fn records(there: &Single) -> usize {
    let text = journal(there).and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
    text.split(|byte| *byte == b'\n').count() - 1
}

/// Forgets the runs of before, and what they counted.
pub(crate) fn begin_anew(there: &Single) {
    let _ = std::fs::remove_dir_all(there.operator.state().join("runbook/runs"));
    let _ = std::fs::remove_file(there.host.home().join("count"));
}

/// Kills it when its journal has so many records; whether it was still there to be killed.
pub(crate) fn kill_at(there: &Single, arguments: &[&str], wanted: usize) -> bool {
    let mut program: Program = there.operator.start(arguments);
    while records(there) < wanted && program.is_running() {
        std::thread::yield_now();
    }
    program.signal(Signal::KILL);
    program.wait().signal == Some(9)
}

#[test]
fn killed_at_any_record_each_change_happens_once_and_the_run_ends_well() {
    if !Single::can_start() {
        return;
    }
    let there = Single::start(COUNTING);
    there.operator.run(&RUN).assert_code(0);
    let all = records(&there);
    let every = std::env::var_os("RUNBOOK_LONG").is_some();
    let samples = if every { all } else { SAMPLES.min(all) };
    let (mut killed, mut resumed) = (0, 0);
    for sample in 0..samples {
        begin_anew(&there);
        let wanted = 1 + sample * all / samples;
        killed += usize::from(kill_at(&there, &RUN, wanted));
        let planned = records(&there) > 0;
        let code = match planned && Journal::newest_cut(&there.operator).is_open() {
            true => {
                resumed += 1;
                there.operator.run(&["resume", "--yes"])
            }
            // It had not begun, or it was over.
            false if !planned => there.operator.run(&RUN),
            false => there.operator.run(&["status"]),
        };
        code.assert_code(0);
        let counted = there.file("count").unwrap_or_default();
        assert_eq!(counted, "one\ntwo\nthree\n", "killed at record {wanted}: {code}");
        there.operator.run(&["audit"]).assert_code(0);
    }
    println!("proof: {samples} kills -9 over {all} records: {killed} hit, {resumed} resumed");
    assert!(resumed * 2 > samples, "most are killed under way: {resumed} of {samples}");
    there.assert_nothing_left();
}
