//! A person at a real terminal: what they are asked, and that nothing but a deliberate answer is
//! one. Everything is done on this machine.

use runbook_tests::{Key, Terminal};

use crate::case::{Case, ends_with};

const HEAD: &str = "format = 1\ntitle = \"A case\"\n";

/// A change that leaves a file.
const WRITE: &str = r#"
[[step]]
id = "write"
on = "local"
change = "touch written"
cwd = "{{ here }}"
verify = { read = "test -e written" }
undo = "rm -f written"
[param.here]
type = "path"
"#;

fn on_this_machine(text: &str) -> Case {
    Case::new(&format!("{HEAD}{text}"))
}

#[test]
fn a_yes_agrees_to_the_changes() {
    let case = on_this_machine(WRITE);
    let terminal = case.start(&[]);
    terminal.wait_for("anything else changes nothing.\n >");
    assert!(terminal.transcript().contains("Plan: 1 change, 0 destroys"));
    assert!(!case.has("written"), "nothing is changed before the yes");
    terminal.type_line("yes");
    let transcript = ends_with(terminal, 0);
    assert!(transcript.contains("RESOLVED"), "{transcript}");
    assert!(case.has("written"));
}

#[test]
fn enter_alone_is_no() {
    let case = on_this_machine(WRITE);
    let terminal = case.start(&[]);
    terminal.wait_for("anything else changes nothing.\n >");
    terminal.press(Key::Enter);
    ends_with(terminal, 4);
    assert!(!case.has("written"));
}

#[test]
fn what_was_typed_before_the_question_is_no_answer() {
    // the read before the question waits until it was typed
    let wait = "[[step]]\nid = \"wait\"\non = \"local\"\ncwd = \"{{ here }}\"\n\
                read = \"until test -e go; do sleep 0.01; done\"\n";
    let case = on_this_machine(&format!("{wait}{WRITE}"));
    let terminal = case.start(&[]);
    terminal.wait_for("wait");
    terminal.type_line("yes");
    case.operator.write("go", "");
    terminal.wait_for("anything else changes nothing.\n >");
    terminal.press(Key::Enter);
    ends_with(terminal, 4);
    assert!(!case.has("written"));
}

#[test]
fn ctrl_c_at_a_question_stops_with_9() {
    let case = on_this_machine(WRITE);
    let terminal = case.start(&[]);
    terminal.wait_for("anything else changes nothing.\n >");
    terminal.press(Key::Ctrl('c'));
    let transcript = ends_with(terminal, 9);
    assert!(transcript.contains("SIGINT"), "{transcript}");
    assert!(!case.has("written"));
}

#[test]
fn a_hangup_answers_nothing() {
    let case = on_this_machine(WRITE);
    let terminal = case.start(&[]);
    terminal.wait_for("anything else changes nothing.\n >");
    terminal.signal(rustix::process::Signal::HUP);
    ends_with(terminal, 9);
    assert!(!case.has("written"));
}

#[test]
fn no_input_asks_nobody_even_in_a_terminal() {
    let case = on_this_machine(WRITE);
    let transcript = ends_with(case.start(&["--no-input"]), 4);
    assert!(transcript.contains("there is no terminal"), "{transcript}");
}

#[test]
fn a_missing_parameter_is_asked_until_it_fits() {
    let tag = "[param.count]\ntype = \"int\"\nhelp = \"how many\"\nmax = 3\n";
    let case = on_this_machine(&format!(
        "{tag}{}",
        WRITE.replace("touch written", "echo $count > written")
    ));
    let terminal = case.start(&["--yes"]);
    terminal.wait_for("int\n >");
    terminal.type_line("7");
    terminal.wait_for("and this is 7\n >");
    terminal.type_line("2");
    ends_with(terminal, 0);
    let written = case.operator.working_directory().join("written");
    assert_eq!(std::fs::read_to_string(written).expect("it was written"), "2\n");
}

/// A change with a value for which something is offered.
fn offering(suggest: &str) -> Case {
    let change = WRITE.replace("touch written", "echo $tag > written");
    on_this_machine(&format!("{change}[param.tag]\ntype = \"version\"\n{suggest}\n"))
}

#[track_caller]
fn wrote(case: &Case, expected: &str) {
    let written = case.operator.working_directory().join("written");
    assert_eq!(std::fs::read_to_string(written).expect("it was written"), expected);
}

#[test]
fn what_is_offered_for_a_value_is_picked_by_number_or_typed() {
    let suggest = r#"suggest = { read = "printf '%s newest\nv2 older\n' v1", on = "local" }"#;
    for (typed, expected) in [("2", "v2\n"), ("v7", "v7\n")] {
        let case = offering(suggest);
        let terminal = case.start(&["--yes"]);
        terminal.wait_for("a number, or a value\n >");
        let screen = terminal.transcript();
        assert!(screen.contains(" 1  v1 newest\n    2  v2 older\n"), "{screen}");
        terminal.type_line(typed);
        ends_with(terminal, 0);
        wrote(&case, expected);
    }
}

/// Answers every request with this body, for as long as the test lives.
fn server(body: &'static str) -> std::net::SocketAddr {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("the loopback is there");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // a request without a body comes in one piece
            let _ = stream.read(&mut [0; 4096]);
            let length = body.len();
            let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
        }
    });
    address
}

#[test]
fn the_lines_of_an_answer_are_offered_as_those_of_a_program_are() {
    let address = server("v1 newest\n\nv2 older\n");
    let request = format!(
        r#"{{ http = {{ url = "http://{address}/", query = {{ in = "{{{{ here }}}}" }} }} }}"#
    );
    let case = offering(&format!("suggest = {{ read = {request}, on = \"local\" }}"));
    let terminal = case.start(&["--yes"]);
    terminal.wait_for("a number, or a value\n >");
    let screen = terminal.transcript();
    assert!(screen.contains(" 1  v1 newest\n    2  v2 older\n"), "{screen}");
    terminal.type_line("2");
    ends_with(terminal, 0);
    wrote(&case, "v2\n");
}

/// Work by hand, for which something is offered.
const BY_HAND: &str = r#"
[[step]]
id = "work"
on = "local"
manual = "Look at the dashboard."
[step.ask]
owner = { type = "name", ask = "Who owns it?", suggest = "printf 'ana on call\\nben\\n'" }
ticket = { type = "name", suggest = ["sh", "-c", "echo no tracker >&2; exit 4"] }
[[step]]
id = "note"
on = "local"
cwd = "{{ here }}"
change = "echo $owner $ticket > written"
verify = { read = "test -s written" }
undo = "rm written"
[param.here]
type = "path"
"#;

#[test]
fn what_is_asked_with_work_by_hand_is_offered_when_it_is_asked() {
    let case = on_this_machine(BY_HAND);
    let terminal = case.start(&["--yes"]);
    terminal.wait_for("a number, or a value\n >");
    let screen = terminal.transcript();
    assert!(screen.contains(" 1  ana on call\n    2  ben\n"), "{screen}");
    terminal.type_line("1");
    terminal.wait_for("ticket?\n   name\n >");
    let screen = terminal.transcript();
    assert!(screen.contains("owner = ana"), "{screen}");
    assert!(screen.contains("nothing to offer for ticket: exit 4: no tracker"), "{screen}");
    terminal.type_line("T1");
    terminal.wait_for("to stop here.\n >");
    terminal.type_line("done");
    ends_with(terminal, 0);
    wrote(&case, "ana T1\n");
    let logged = case.operator.run(&["logs"]);
    assert!(logged.stdout.contains("ana on call"), "it is kept as any read is: {logged}");
}

#[test]
fn where_nothing_can_be_offered_the_value_is_asked_plainly() {
    for (read, why) in
        [("echo no registry >&2; exit 3", "exit 3: no registry"), ("true", "it says nothing")]
    {
        let case = offering(&format!("suggest = {{ read = \"{read}\", on = \"local\" }}"));
        let terminal = case.start(&["--yes"]);
        terminal.wait_for("version\n >");
        let screen = terminal.transcript();
        assert!(screen.contains(&format!("nothing to offer for tag: {why}")), "{screen}");
        terminal.type_line("v2");
        ends_with(terminal, 0);
        wrote(&case, "v2\n");
    }
}

#[test]
fn nothing_is_offered_where_nobody_is_asked() {
    let read = r#"suggest = { read = "touch $here/asked; echo v1", on = "local" }"#;
    let case = offering(read);
    let transcript = ends_with(case.start(&["--no-input"]), 2);
    assert!(transcript.contains("no value for `tag`"), "{transcript}");
    assert!(!case.has("asked"));
    let terminal = case.start(&["--yes"]);
    terminal.wait_for("a number, or a value\n >");
    assert!(case.has("asked"), "a parameter above it is known to it");
    terminal.type_line("1");
    ends_with(terminal, 0);
}

#[test]
fn ctrl_c_stops_what_is_asked_before_a_run() {
    let endless = "suggest = { read = \"while :; do sleep 1; done\", on = \"local\" }";
    for (suggest, asks) in [("", "version\n >"), (endless, "looking for what tag may be")] {
        let case = offering(suggest);
        let terminal = case.start(&["--yes"]);
        terminal.wait_for(asks);
        terminal.press(Key::Ctrl('c'));
        ends_with(terminal, 9);
        assert!(!case.has("written"));
    }
}

const DESTROY: &str = r#"
[[step]]
id = "drop"
title = "Drop the old copy"
on = "local"
cwd = "{{ here }}"
destroy = "rm copy"
affects = "nobody"
loses = "the old copy"
confirm = "drop copy"
no_undo = "it is gone"
verify = { read = "test ! -e copy" }
[param.here]
type = "path"
"#;

#[test]
fn a_destroy_is_approved_by_the_exact_words() {
    let case = on_this_machine(DESTROY);
    case.operator.write("copy", "");
    let terminal = case.start(&["--yes"]);
    terminal.wait_for("to stop here.\n >");
    let card = terminal.transcript();
    for words in [
        "Type  drop copy  to approve",
        "STOP · DESTRUCTIVE",
        "Drop the old copy",
        "rm copy",
        "the old copy",
        "it is gone",
    ] {
        assert!(card.contains(words), "{words:?} is not on the card:\n{card}");
    }
    terminal.press(Key::Enter);
    terminal.wait_for("not approved.\n >");
    terminal.type_line("yes");
    terminal.wait_for("That is not  drop copy\n >");
    terminal.type_line("v");
    let directory = case.operator.working_directory().display();
    terminal.wait_for(&format!("in    {directory}\n >"));
    assert!(case.has("copy"), "nothing is destroyed before the words");
    terminal.type_line("drop copy");
    ends_with(terminal, 0);
    assert!(!case.has("copy"));
}

/// Something that was kept, and a proof, before something is destroyed.
const PROVEN: &str = r#"
[[step]]
id = "look"
on = "local"
read = 'printf "copy of monday\033[2J\n"'
keep = "before"
"#;

#[test]
fn before_a_destroy_its_evidence_and_what_a_yes_means_can_be_seen() {
    let destroy = DESTROY.replace("confirm", "proof = [\"look\"]\nconfirm");
    let case = on_this_machine(&format!("{PROVEN}{destroy}"));
    case.operator.write("copy", "");
    let terminal = case.start(&["--yes"]);
    terminal.wait_for("to stop here.\n >");
    let card = terminal.transcript();
    assert!(card.contains("[v] view   [e] evidence   [?] why"), "{card}");
    terminal.type_line("e");
    terminal.wait_for("kept as before, and proof");
    terminal.wait_until("the evidence and a prompt", |screen| {
        screen.contains("✓ ") && screen.trim_end().ends_with("\n >")
    });
    let screen = terminal.transcript();
    for words in ["look  kept as before, and proof", "copy of monday", "✓ "] {
        assert!(screen.contains(words), "{words:?}:\n{screen}");
    }
    terminal.type_line("?");
    terminal.wait_for("Your words are bound to");
    terminal.wait_for("before stays as it is\n >");
    assert!(case.has("copy"), "looking approves nothing");
    terminal.type_line("drop copy");
    ends_with(terminal, 0);
    assert!(!case.has("copy"));
}

#[test]
fn a_destroy_can_be_passed_over_or_declined() {
    for (key, code) in [("s", 10), ("q", 4)] {
        // after a change: one that was passed over before anything was done is no exception
        let change = WRITE.split("[param").next().unwrap_or_default();
        let case = on_this_machine(&format!("{change}{DESTROY}"));
        case.operator.write("copy", "");
        let terminal = case.start(&["--yes"]);
        terminal.wait_for("to stop here.\n >");
        terminal.type_line(key);
        ends_with(terminal, code);
        assert!(case.has("copy"));
    }
}

/// A change that fails until `go` is there, and a read that says why.
const FAIL: &str = r#"
[[step]]
id = "up"
on = "local"
cwd = "{{ here }}"
change = "test -e go && touch written"
verify = { read = "test -e written" }
undo = "touch undone"
diagnose = ["echo FATAL: no space left on device"]
[param.here]
type = "path"
"#;

#[test]
fn a_failure_shows_what_the_host_says_and_can_be_tried_again() {
    let case = on_this_machine(FAIL);
    let terminal = case.start(&["--yes"]);
    terminal.wait_for("stop here\n >");
    let card = terminal.transcript();
    for words in ["FAILED", "Where things stand", "FATAL: no space left", "r  retry up on local"] {
        assert!(card.contains(words), "{words:?} is not on the card:\n{card}");
    }
    terminal.type_line("f");
    terminal.wait_for("no space left on device\n >");
    case.operator.write("go", "");
    terminal.type_line("r");
    ends_with(terminal, 0);
    assert!(case.has("written"));
}

/// Waits for the prompt of a card below all that was answered.
#[track_caller]
fn is_asked_again(terminal: &Terminal) {
    terminal.wait_until("the card and its prompt", |screen| {
        screen.trim_end().ends_with("stop here\n >")
    });
}

#[test]
fn a_shell_from_the_card_is_recorded_and_the_card_comes_back() {
    let mut case = on_this_machine(FAIL);
    case.operator = case.operator.env("SHELL", "/bin/sh").env("PS1", "mine> ");
    let terminal = case.start(&["--yes"]);
    terminal.wait_for("stop here\n >");
    assert!(terminal.transcript().contains("o  shell on local; this is asked again after it"));
    terminal.type_line("o");
    terminal.wait_for("mine>");
    terminal.type_line("tty >where && stty -echo && touch go && exit 7");
    terminal.wait_for("Back from local.");
    terminal.wait_for("opened a shell on local: what was done there is not known");
    is_asked_again(&terminal);
    assert!(case.has("go") && !case.has("written"), "what is done in a shell is done by hand");
    terminal.type_line("x");
    terminal.wait_for("> x\n");
    is_asked_again(&terminal);
    terminal.type_line("r");
    let screen = ends_with(terminal, 0);
    assert!(screen.contains("shells       local, opened by operator"), "{screen}");
    assert!(case.has("written"));
}

#[test]
fn a_failure_can_be_undone_passed_over_or_left() {
    for (key, code, undone) in [("u", 1, true), ("s", 10, false), ("q", 1, false)] {
        let case = on_this_machine(FAIL);
        let terminal = case.start(&["--yes"]);
        terminal.wait_for("stop here\n >");
        terminal.type_line(key);
        ends_with(terminal, code);
        assert_eq!(case.has("undone"), undone, "{key}");
    }
}

const CHOICE: &str = r#"
[[step]]
id = "path"
choose = "Which way?"
options.image = "the image only"
options.lead = { label = "call the lead", stop = true }
[[step]]
id = "work"
manual = "Look at the dashboard."
ask = { owner = { type = "name", ask = "Who owns the follow-up?" } }
[[step]]
id = "note"
on = "local"
cwd = "{{ here }}"
change = "echo $path $owner > written"
verify = { read = "test -s written" }
undo = "rm written"
[param.here]
type = "path"
"#;

#[test]
fn choices_and_work_by_hand_are_asked_in_their_turn() {
    let case = on_this_machine(CHOICE);
    let terminal = case.start(&["--yes"]);
    terminal.wait_for("stop here\n >");
    terminal.type_line("imge");
    terminal.wait_for("did you mean `image`?\n >");
    terminal.type_line("image");
    terminal.wait_for("name\n >");
    terminal.type_line("ana");
    terminal.wait_for("to stop here.\n >");
    terminal.press(Key::Enter);
    terminal.wait_for("Type  done  or  q\n >");
    terminal.type_line("done");
    ends_with(terminal, 0);
    let written = case.operator.working_directory().join("written");
    assert_eq!(std::fs::read_to_string(written).expect("it was written"), "image ana\n");
}

#[test]
fn a_choice_that_stops_ends_the_run_with_nothing_changed() {
    let case = on_this_machine(CHOICE);
    let terminal = case.start(&["--yes"]);
    terminal.wait_for("stop here\n >");
    terminal.type_line("lead");
    let transcript = ends_with(terminal, 3);
    assert!(transcript.contains("call the lead"), "{transcript}");
}

#[test]
fn the_screen_is_plain_without_colour() {
    for (more, expected) in [(&["--color", "never"][..], false), (&[][..], true)] {
        let case = on_this_machine(WRITE);
        let mut terminal = case.start(&[&["--yes"], more].concat());
        assert_eq!(terminal.wait_for_exit(), 0, "{}", terminal.transcript());
        let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
        let coloured = raw.split("\u{1b}[").skip(1).any(|sequence| {
            sequence.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m')
        });
        assert_eq!(coloured, expected, "{more:?}: {raw:?}");
    }
}
