//! A plan file on a real host: stale where the host has changed, executed once where it has not, and
//! not a second time by any copy.

use crate::journal::Journal;
use crate::killed::{begin_anew, kill_at, records};
use crate::single::Single;
use runbook_core::journal::{Places, PlanFile, Store};
use runbook_core::run::Event;
use runbook_tests::Finished;

const TEXT: &str = r#"
format = 1
title = "Write a version down"
[role.db]
[[step]]
id = "look"
read = "cat version; cat noise"
capture = { version = { type = "string", line = 1 }, noise = { type = "string", line = 2 } }
[[step]]
id = "write"
title = "Noise {{ all.noise | join(' ') }}"
change = 'echo "$version" >> written'
no_undo = "a file harms nothing"
verify = { read = "test -s written" }
"#;

fn planned() -> Single {
    let single = Single::start(TEXT);
    single.write("version", "v1\n");
    single.write("noise", "a\n");
    plan(&single);
    single
}

fn plan(single: &Single) {
    let plan = ["plan", "own", "--host", "db=db1", "--out", "fix.plan"];
    single.operator.run(&plan).assert_code(0);
}

/// Whether it is written down that `fix.plan` was used.
fn is_used(single: &Single) -> bool {
    let file = PlanFile::read(&single.operator.working_directory().join("fix.plan"));
    let chosen = Some(single.operator.state().join("runbook"));
    let plans = Store::at(&Places { chosen, ..Places::default() }).plans();
    plans.used(file.expect("a plan").id()).expect("it can be read").is_some()
}

fn run(single: &Single, file: &str) -> Finished {
    single.operator.run(&["run", file, "--yes"])
}

#[test]
fn a_plan_file_is_stale_while_its_host_differs_then_runs_once_and_no_copy_of_it_again() {
    if !Single::can_start() {
        return;
    }
    let single = planned();
    let directory = single.operator.working_directory();
    std::fs::copy(directory.join("fix.plan"), directory.join("copy.plan")).expect("a copy");
    single.write("version", "v2\n");
    let stale = run(&single, "fix.plan");
    stale.assert_code(7);
    let shown = "step `look` on db1: version\n     was  v1\n     is   v2\n";
    assert!(stale.stdout.contains(shown), "{stale}");
    Journal::newest(&single.operator).assert_only_reads();
    assert_eq!(single.file("written"), None);
    single.write("version", "v1\n");
    single.write("noise", "b\n");
    run(&single, "copy.plan").assert_code(0);
    assert_eq!(single.file("written").as_deref(), Some("v1\n"));
    let journal = Journal::newest(&single.operator);
    let place = |wanted: fn(&Event) -> bool| journal.facts().position(wanted).expect("it is there");
    let taken = place(|fact| matches!(fact, Event::PlanTaken { .. }));
    assert!(taken < place(|fact| matches!(fact, Event::Agreed)));
    let again = run(&single, "fix.plan");
    again.assert_code(7);
    assert!(again.stderr.contains(&format!("by run {}", journal.run)), "{again}");
    assert_eq!(single.file("written").as_deref(), Some("v1\n"));
    single.assert_nothing_left();
}

#[test]
fn a_plan_file_knows_the_key_of_its_host() {
    if !Single::can_start() {
        return;
    }
    let single = planned();
    let shown = single.operator.run(&["show", "fix.plan"]);
    let key = format!("db1: host key = {}", single.host.fingerprint());
    assert!(shown.stdout.contains(&key), "{shown}");
}

#[test]
fn a_plan_file_is_carried_and_needs_none_of_the_files_it_was_made_of() {
    if !Single::can_start() {
        return;
    }
    let single = planned();
    let directory = single.operator.working_directory();
    std::fs::remove_file(directory.join("runbooks/own.toml")).expect("it is there");
    let said = run(&single, "fix.plan");
    said.assert_code(0);
    assert!(said.stderr.contains("runbooks/own.toml is not here"), "{said}");
    assert_eq!(single.file("written").as_deref(), Some("v1\n"));
}

#[test]
fn of_several_commands_with_one_plan_file_one_goes_on() {
    if !Single::can_start() {
        return;
    }
    let single = planned();
    let all: Vec<Finished> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| run(&single, "fix.plan"))).collect();
        runs.into_iter().map(|run| run.join().expect("it ends")).collect()
    });
    let mut codes: Vec<_> = all.iter().map(|finished| finished.code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(7), Some(7), Some(7)], "{all:#?}");
    assert_eq!(single.file("written").as_deref(), Some("v1\n"));
}

#[test]
fn killed_at_any_record_around_the_yes_a_plan_file_is_used_once() {
    if !Single::can_start() {
        return;
    }
    let single = planned();
    run(&single, "fix.plan").assert_code(0);
    let whole = Journal::newest(&single.operator);
    let asked = whole.facts().position(|fact| matches!(fact, Event::PlanAsked { .. }));
    let asked = asked.expect("it was used up");
    let (mut used, mut unused) = (0, 0);
    for wanted in std::iter::once(1).chain(asked.saturating_sub(6)..asked + 8) {
        begin_anew(&single);
        std::fs::remove_file(single.host.home().join("written")).expect("it was written");
        plan(&single);
        kill_at(&single, &["run", "fix.plan", "--yes"], wanted);
        if is_used(&single) {
            used += 1;
            // The file is good for nothing more; the run that used it up is gone on with.
            assert!(records(&single) > 0, "it is in the journal first");
            let is_open = Journal::newest_cut(&single.operator).is_open();
            run(&single, "fix.plan").assert_code(7);
            if is_open {
                single.operator.run(&["resume", "--yes"]).assert_code(0);
            }
        } else {
            unused += 1;
            assert_eq!(single.file("written"), None, "nothing was changed before it was used up");
            run(&single, "fix.plan").assert_code(0);
        }
        assert_eq!(single.file("written").as_deref(), Some("v1\n"), "killed at {wanted}");
    }
    println!("proof: {used} kills after a plan file was used up, {unused} before");
    assert!(used > 0 && unused > 0, "{used} {unused}");
    single.assert_nothing_left();
}
