//! A person who looks at the host themselves, from the card of a failure.

use runbook_core::run::Event;

use crate::journal::Journal;
use crate::person::Person as _;
use crate::single::Single;

/// Fails until somebody puts it right.
const STUCK: &str = r#"
format = 1
title = "Put a file there"

[role.db]

[[step]]
id = "put"
change = "test -e room && touch file"
no_undo = "a file harms nothing"
verify = { read = "test -e file" }
"#;

#[test]
fn a_shell_on_the_host_takes_the_same_way_and_is_in_the_journal() {
    if !Single::can_start() {
        return;
    }
    let there = Single::start(STUCK);
    let mut terminal = there.run_by_hand(&["--yes"]);
    terminal.answer("Your options", "o");
    // the shell there has a terminal, and is no prompt of ours
    terminal.wait_for("A shell on db1");
    let room = there.host.home().join("room");
    terminal.type_line(&format!("PS1=; test -t 0 && touch {}; exit", room.display()));
    terminal.wait_for("Back from db1.");
    terminal.answer("opened a shell on db1: what was done there is not known", "r");
    // the line typed into the shell is as long as it is
    let code = terminal.wait_for_exit();
    let shown = terminal.transcript();
    assert_eq!(code, 0, "{shown}");
    assert!(room.exists() && there.file("file").is_some());
    assert!(shown.contains("shells       db1, opened by operator"), "{shown}");
    let journal = Journal::newest(&there.operator);
    let opened = journal.place("a shell", |fact| matches!(fact, Event::ShellOpened { .. }));
    let again = journal.place(
        "the second question",
        |fact| matches!(fact, Event::Asked { question, .. } if question.0 == 1),
    );
    assert!(opened < again, "{opened} {again}");
    assert_eq!(journal.changes(), ["put db1", "put db1"]);
    there.assert_nothing_left();
}
