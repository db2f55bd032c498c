//! A run that fails at its third change puts its host back as it was, by itself.

use runbook_core::run::{Event, StepStatus};

use crate::journal::Journal;
use crate::single::Single;

/// Three changes to two files and a directory; the third fails half-way.
const RUNBOOK: &str = r#"
format = 1
title = "Move the site to the new release"

[role.db]

[[step]]
id = "keep"
read = "cat release site.conf"
keep = "before"

[[step]]
id = "first"
change = '''
cp -p release release.before
printf 'v2\n' > release
'''
verify = { read = "cat release", expect = "v2" }
undo = { change = "mv release.before release", verify = { read = "cat release", expect = "v1" } }

[[step]]
id = "second"
change = '''
cp -p site.conf site.conf.before
printf 'mode = new\n' >> site.conf
'''
verify = { read = "grep -q new site.conf" }
undo = "mv site.conf.before site.conf"

[[step]]
id = "third"
change = '''
mkdir -p current
cp release current/release
test -e never
'''
verify = { read = "test -e current/release" }
undo = "rm current/release; rmdir current"
allow = { looks-destructive = "it removes what it made" }
on_failure = { undo_to = "first" }
"#;

/// Every file of the home directory, with its bytes; what ssh and the shell keep there aside.
fn files(there: &Single) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(there.host.home())
        .expect("the home is readable")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).unwrap_or_default())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_third_change_that_fails_puts_the_host_back_byte_for_byte() {
    if !Single::can_start() {
        return;
    }
    let there = Single::start(RUNBOOK);
    there.write("release", "v1\n");
    there.write("site.conf", "mode = old\n\u{e9}\n");
    let before = files(&there);
    let ended = there.run(&["--yes"]);
    ended.assert_code(1);
    assert_eq!(files(&there), before, "{ended}");
    let journal = Journal::newest(&there.operator);
    assert_eq!(
        journal.changes(),
        [
            "first db1",
            "second db1",
            "third db1",
            "undo third db1",
            "undo second db1",
            "undo first db1"
        ]
    );
    for step in ["first", "second", "third"] {
        assert_eq!(journal.status(step), StepStatus::Undone, "{step}");
    }
    assert!(journal.ended().1.ends_with("everything back to `first` was undone"), "{ended}");
    let left = journal.facts().find_map(|fact| match fact {
        Event::UndoEnded { left, .. } => Some(left.len()),
        _ => None,
    });
    assert_eq!(left, Some(0));
    there.assert_nothing_left();
}

#[test]
fn an_undo_that_fails_without_a_person_leaves_the_rest_and_says_so() {
    if !Single::can_start() {
        return;
    }
    let there = Single::start(&RUNBOOK.replace("undo = \"mv site", "undo = \"false; mv site"));
    there.write("release", "v1\n");
    there.write("site.conf", "mode = old\n");
    let ended = there.run(&["--yes"]);
    ended.assert_code(1);
    assert_eq!(there.file("release").as_deref(), Some("v2\n"), "{ended}");
    assert!(ended.stderr.contains("NOT UNDONE"), "{ended}");
    let journal = Journal::newest(&there.operator);
    assert_eq!(journal.status("third"), StepStatus::Undone);
    assert_eq!(journal.status("first"), StepStatus::Done);
    there.assert_nothing_left();
}
