//! What loses something is done once, by a person who typed the words, or not at all.

use runbook_core::run::{Effect, Event, StepStatus};

use crate::gate::{self, Gate};
use crate::journal::Journal;
use crate::person::{Person as _, assert_fits};
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
