//! Going back, as a person sees it: the chain, what stands in its way, and how it ends. Everything is
//! done on this machine.

use crate::case::{Case, ends_with};

/// Two changes that leave a file each, one that cannot be undone, and a check that fails.
const CASE: &str = r#"
format = 1
title = "A case"
[param.here]
type = "path"
[defaults]
on = "local"
cwd = "{{ here }}"
[[step]]
id = "first"
change = "touch first"
verify = { read = "test -e first" }
undo = { change = "rm first", verify = { read = "test ! -e first" } }
[[step]]
id = "tell"
change = "touch told"
verify = { read = "test -e told" }
no_undo = "what was said is said"
[[step]]
id = "second"
change = "touch second"
verify = { read = "test -e second" }
undo = "test ! -e stuck && rm second"
[[step]]
id = "look"
check = { read = "test -e never" }
"#;

fn going_back(more: &str) -> Case {
    Case::new(&format!("{CASE}{more}"))
}

#[track_caller]
fn shows(shown: &str, words: &[&str]) {
    for word in words {
        assert!(shown.contains(word), "{word:?} is not shown:\n{shown}");
    }
}

#[test]
fn b_shows_the_chain_and_undoes_it_after_a_yes() {
    let case = going_back("");
    let terminal = case.start(&["--yes"]);
    terminal.wait_for("stop here\n >");
    shows(&terminal.transcript(), &["b  go back: undo everything this run changed, then stop"]);
    terminal.type_line("b");
    terminal.wait_for("anything else undoes nothing.\n >");
    shows(
        &terminal.transcript(),
        &["GOING BACK", "second", "change", "rm second", "NO UNDO", "what was said is said"],
    );
    assert!(case.has("second"), "nothing is undone before the yes");
    terminal.type_line("yes");
    terminal.wait_for("leave tell as it is on 1 host, go on\n   q  stop here\n >");
    terminal.type_line("s");
    let shown = ends_with(terminal, 1);
    assert!(!case.has("second") && !case.has("first") && case.has("told"), "{shown}");
    shows(
        &shown,
        &[
            "undone       second on local",
            "undone       first on local",
            "NOT UNDONE   tell on local",
        ],
    );
}

#[test]
fn what_is_not_agreed_to_leads_back_to_the_options() {
    let case = going_back("");
    let terminal = case.start(&["--yes"]);
    terminal.wait_for("stop here\n >");
    terminal.type_line("b");
    terminal.wait_for("anything else undoes nothing.\n >");
    terminal.type_line("n");
    terminal.wait_until("the options again", |screen| {
        screen.matches("Your options").count() == 2 && screen.trim_end().ends_with("stop here\n >")
    });
    terminal.type_line("q");
    ends_with(terminal, 1);
    assert!(case.has("first") && case.has("second"));
}

#[test]
fn an_undo_that_fails_can_be_tried_again() {
    let case = going_back("");
    case.operator.write("stuck", "");
    let terminal = case.start(&["--yes"]);
    terminal.wait_for("stop here\n >");
    terminal.type_line("b");
    terminal.wait_for("anything else undoes nothing.\n >");
    terminal.type_line("yes");
    terminal.wait_for("u  try again to undo second");
    terminal.wait_for("leave second as it is on 1 host, go on\n   q  stop here\n >");
    std::fs::remove_file(case.operator.working_directory().join("stuck")).expect("it was there");
    terminal.type_line("u");
    terminal.wait_for("leave tell as it is on 1 host, go on\n   q  stop here\n >");
    terminal.type_line("q");
    let shown = ends_with(terminal, 1);
    assert!(!case.has("second") && case.has("first"), "{shown}");
    shows(&shown, &["NOT UNDONE   first on local: its turn did not come"]);
}

#[test]
fn without_a_terminal_it_goes_back_by_itself_line_by_line() {
    let case = going_back("on_failure = { undo_to = \"second\" }\n");
    let ended = case.operator.run(&["run", "case", case.here.as_str(), "--yes"]);
    ended.assert_code(1);
    assert!(!case.has("second") && case.has("first"), "{ended}");
    shows(
        &ended.stderr,
        &[
            "goes back: `look` failed: local: ",
            "second local: undone",
            "second: undone",
            "went back",
            "everything back to `second` was undone",
        ],
    );
    let further = going_back("on_failure = { undo_to = \"first\" }\n");
    let ended = further.operator.run(&["run", "case", further.here.as_str(), "--yes"]);
    ended.assert_code(4);
    shows(&ended.stderr, &["goes back past `tell` when it fails"]);
    assert!(!further.has("first"), "{ended}");
}
