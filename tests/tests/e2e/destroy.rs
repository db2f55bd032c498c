//! What loses something is done once, by a person who typed the words, or not at all.

use runbook_core::run::{Effect, Event, StepStatus};

use crate::gate::{self, Gate};
use crate::journal::Journal;
use crate::person::{DESK, Person as _, assert_fits};
use crate::single::Single;

/// Removes a file, and counts how often it does.
fn wipe(before: &str) -> String {
    format!(
        r#"
format = 1
title = "Remove the old dump"

[role.db]

[[step]]
id = "look"
title = "What is there?"
read = '''
{before}
ls -l dump
'''

[[step]]
id = "wipe"
title = "Remove the dump"
destroy = '''
echo once >> count
rm dump
'''
affects = "whoever wants to restore from it"
loses = "the dump of last night"
no_undo = "a removed dump is gone"
precondition = {{ read = "test -e dump" }}
verify = {{ read = "test ! -e dump" }}
"#
    )
}

fn start(before: &str) -> Single {
    let there = Single::start(&wipe(before));
    there.write("dump", "all orders\n");
    there
}

#[track_caller]
fn assert_untouched(there: &Single) -> Journal {
    let journal = Journal::newest(&there.operator);
    journal.assert_only_reads();
    assert_eq!(there.file("dump").as_deref(), Some("all orders\n"));
    assert_eq!(there.file("count"), None);
    there.assert_nothing_left();
    journal
}

#[test]
fn nobody_is_there_to_approve_it() {
    if !Single::can_start() {
        return;
    }
    let there = start("");
    for more in [&[][..], &["--yes"], &["--yes", "--no-input"]] {
        let ended = there.run(more);
        ended.assert_code(4);
        assert!(ended.stderr.contains("needs a person"), "{ended}");
        assert!(ended.stderr.contains("`wipe` is destructive"), "{ended}");
        assert!(ended.stderr.contains("nothing was changed"), "{ended}");
        let error = ended.stderr.find("error:").expect("it is told as an error");
        assert_fits(&ended.stderr[error..]);
        assert_eq!(assert_untouched(&there).ended().0, 4);
    }
}

#[test]
fn other_words_and_enter_alone_do_not_approve_it() {
    if !Single::can_start() {
        return;
    }
    let there = start("");
    let mut terminal = there.run_by_hand(&[]);
    terminal.answer("to approve", "");
    terminal.answer("not approved", "yes");
    terminal.answer("That is not", "db2");
    terminal.answer("That is not", "DB1");
    terminal.answer("That is not", "q");
    let (code, shown) = terminal.leaves();
    assert_eq!(code, 4, "{shown}");
    for told in
        ["STOP · DESTRUCTIVE", "the dump of last night", "rm dump", "a removed dump is gone"]
    {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    let journal = assert_untouched(&there);
    assert_eq!(journal.status("wipe"), StepStatus::Declined);
}

#[test]
fn what_was_typed_before_the_card_does_not_approve_it() {
    if !Single::can_start() {
        return;
    }
    let there = start(&gate::pass("look"));
    let gate = Gate::make(&there.host.home(), "look");
    let mut terminal = there.run_by_hand(&[]);
    gate.wait();
    // the terminal itself holds it, as it holds what an impatient person types
    terminal.type_text("db1\rdb1\r");
    gate.open();
    terminal.is_asked("to approve");
    assert_eq!(there.file("count"), None);
    terminal.type_line("q");
    // what the terminal echoed meanwhile stands among what was drawn: no screen to look at
    assert_eq!(terminal.wait_for_exit(), 4, "{}", terminal.transcript());
    assert_untouched(&there);
}

#[test]
fn the_right_words_do_it_once() {
    if !Single::can_start() {
        return;
    }
    let there = start("");
    let mut terminal = there.run_by_hand(&[]);
    terminal.answer("to approve", "db1");
    let (code, shown) = terminal.leaves();
    assert_eq!(code, 0, "{shown}");
    assert_eq!((there.file("dump"), there.file("count").as_deref()), (None, Some("once\n")));
    let journal = Journal::newest(&there.operator);
    assert_eq!(journal.changes(), ["wipe db1"]);
    let approved = journal.place("an approval", |fact| matches!(fact, Event::Approved { .. }));
    let sent = journal.place("what was approved", |fact| {
        matches!(fact, Event::Intended { effect: Effect::Destroy, .. })
    });
    assert!(approved < sent, "{approved} {sent}");
    there.assert_nothing_left();
}

#[test]
fn a_code_of_a_plan_destroys_on_a_host_once_what_was_shown() {
    if !Single::can_start() {
        return;
    }
    let there = start("");
    let plan = there.operator.run(&["plan", "own", "--host", "db=db1"]);
    plan.assert_code(0);
    let (_, code) = plan.stdout.split_once("--approve ").expect("a code is printed");
    let approve = code.split_whitespace().next().expect("STEP=CODE");
    assert_eq!(there.file("count"), None);
    there.run(&["--approve", approve]).assert_code(0);
    assert_eq!((there.file("dump"), there.file("count").as_deref()), (None, Some("once\n")));
    let journal = Journal::newest(&there.operator);
    assert_eq!(journal.changes(), ["wipe db1"]);
    there.write("dump", "all orders\n");
    there.run(&["--approve", approve]).assert_code(7);
    assert_eq!(there.file("count").as_deref(), Some("once\n"));
    there.operator.run(&["audit"]).assert_code(0);
    there.assert_nothing_left();
}

/// Makes a key where an operator has theirs; its public half.
fn key(there: &Single, name: &str) -> (String, String) {
    let path = there.operator.home().join(".ssh").join(name);
    std::fs::create_dir_all(path.parent().expect("a directory")).expect("it is ours");
    let mut made = std::process::Command::new("ssh-keygen");
    made.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path);
    assert!(made.status().expect("ssh-keygen runs").success());
    let public = std::fs::read_to_string(path.with_extension("pub")).expect("its public half");
    (path.display().to_string(), public)
}

#[test]
fn two_people_sign_what_is_destroyed_on_a_host() {
    if !Single::can_start() {
        return;
    }
    let there = start("");
    let ((_, ana), (key, ben)) = (key(&there, "id_ed25519"), key(&there, "ben"));
    there.operator.write("signers", &format!("ana@example.org {ana}ben@example.org {ben}"));
    let inventory = "format = 1\n[env.prod]\napprovals = 2\nallowed_signers = \"signers\"\n\
                     roles = { db = [\"db1\"] }\n";
    there.operator.write("hosts.toml", inventory);
    let mut asks = there.operator.terminal(&["run", "own", "-e", "prod"], DESK);
    asks.answer("to approve", "db1");
    asks.is_asked("2 people sign this");
    assert_eq!(there.file("count"), None);
    let run = Journal::newest(&there.operator).run;
    let mut signs = there.operator.terminal(&["approve", &run, "--key", &key], DESK);
    signs.answer("to approve", "db1");
    let (code, shown) = signs.leaves();
    assert_eq!(code, 0, "{shown}");
    for told in ["db1", "rm dump", "the dump of last night", "machine-id", "2 sign this"] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    let (code, shown) = asks.leaves();
    assert_eq!(code, 0, "{shown}");
    assert_eq!((there.file("dump"), there.file("count").as_deref()), (None, Some("once\n")));
    there.operator.run(&["audit"]).assert_code(0);
    there.assert_nothing_left();
}
