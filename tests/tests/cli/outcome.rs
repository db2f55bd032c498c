//! What a script is told: exit codes, and JSON on stdout. Everything is done on this machine.

use runbook_tests::Runbook;
use serde_json::Value;

const WRITE: &str = r#"
format = 1
title = "Write a word"
[param.word]
type = "string"
default = "hello"
[goal]
title = "the file says so"
read = "cat out 2>/dev/null || true"
cwd = "{{ here }}"
on = "local"
expect = "{{ word }}"
[param.here]
type = "path"
[[step]]
id = "look"
on = "local"
read = "echo nothing yet"
keep = "before"
[[step]]
id = "write"
on = "local"
cwd = "{{ here }}"
change = 'printf "%s\n" "$word" > out'
verify = { goal = true }
undo = "rm -f out"
"#;

struct Case {
    operator: Runbook,
    here: String,
}

impl Case {
    fn new(text: &str) -> Self {
        let operator = Runbook::new();
        operator.write("runbooks/case.toml", text.trim_start());
        let here = format!("here={}", operator.working_directory().display());
        Self { operator, here }
    }

    fn run(&self, arguments: &[&str]) -> runbook_tests::Finished {
        let mut all = arguments.to_vec();
        all.insert(1, "case");
        all.push(&self.here);
        self.operator.run(&all)
    }

    fn written(&self) -> Option<String> {
        std::fs::read_to_string(self.operator.working_directory().join("out")).ok()
    }
}

#[test]
fn a_plan_changes_nothing_and_says_what_would() {
    let case = Case::new(WRITE);
    let said = case.run(&["plan"]);
    said.assert_code(0);
    assert!(said.stdout.contains("Plan: 1 change, 0 destroys"), "{said}");
    assert_eq!(case.written(), None);
    case.run(&["plan", "--detailed-exitcode"]).assert_code(20);
    case.run(&["run", "--dry-run"]).assert_code(0);
    assert_eq!(case.written(), None);
}

#[test]
fn a_plan_of_what_is_reached_already_is_0() {
    let case = Case::new(WRITE);
    case.operator.write("out", "hello\n");
    case.run(&["plan", "--detailed-exitcode"]).assert_code(0);
}

#[test]
fn a_destroy_in_the_plan_is_21() {
    let destroy = WRITE
        .replace("change = ", "destroy = ")
        .replace("undo = ", "affects = \"nobody\"\nundo = ");
    let case = Case::new(&destroy);
    case.run(&["plan", "--detailed-exitcode"]).assert_code(21);
    let said = case.run(&["run", "--yes"]);
    said.assert_code(4);
    assert!(said.stderr.contains("--yes never covers destructive steps"), "{said}");
    assert_eq!(case.written(), None);
}

#[test]
fn offline_nothing_is_connected_to() {
    let case = Case::new(WRITE);
    let said = case.run(&["plan", "--offline"]);
    said.assert_code(0);
    assert!(said.stdout.contains("Nothing was asked of any host"), "{said}");
    assert_eq!(said.stderr, "", "{said}");
}

#[test]
fn every_command_is_shown_with_its_values() {
    let case = Case::new(WRITE);
    let said = case.run(&["plan", "--diff"]);
    assert!(said.stdout.contains("$ printf \"%s\\n\" \"$word\" > out"), "{said}");
    assert!(said.stdout.contains("with  word=hello"), "{said}");
}

#[test]
fn without_a_terminal_a_change_needs_yes() {
    let case = Case::new(WRITE);
    let said = case.run(&["run"]);
    said.assert_code(4);
    assert!(said.stderr.contains("error: this run needs a person and there is no terminal"));
    assert!(said.stderr.contains("Only reads were sent; nothing was changed."), "{said}");
    assert_eq!(case.written(), None);
}

#[test]
fn a_yes_on_standard_input_answers_nothing() {
    let case = Case::new(WRITE);
    let said = case.operator.run_with(&["run", "case", &case.here], "yes\nyes\n");
    said.assert_code(4);
    assert_eq!(case.written(), None);
}

#[test]
fn with_yes_it_is_done_recorded_and_can_be_read_again() {
    let case = Case::new(WRITE);
    let said = case.run(&["run", "--yes"]);
    said.assert_code(0);
    assert!(said.stdout.contains("RESOLVED"), "{said}");
    assert_eq!(case.written().as_deref(), Some("hello\n"));
    let history = case.operator.run(&["history", "-o", "json"]);
    let runs: Value = serde_json::from_str(&history.stdout).expect("it is JSON");
    assert_eq!(runs[0]["runbook"], "case");
    assert_eq!(runs[0]["outcome"]["ended"]["code"], 0);
    let logs = case.operator.run(&["logs", "look"]);
    logs.assert_code(0);
    assert!(logs.stdout.contains("nothing yet"), "{logs}");
    let raw = case.operator.run(&["logs", "look", "--raw"]);
    assert_eq!(raw.stdout, "nothing yet\n", "{raw}");
    let wrong = case.operator.run(&["logs", "lok"]);
    wrong.assert_code(2);
    assert!(case.operator.run(&["history", "--since", "1h"]).stdout.contains("case"));
    case.operator.run(&["history", "--since", "soon"]).assert_code(2);
}

#[test]
fn json_is_one_document_and_jsonl_a_record_a_line() {
    let case = Case::new(WRITE);
    let plan = case.run(&["plan", "-o", "json"]);
    let preview: Value = serde_json::from_str(&plan.stdout).expect("it is JSON");
    assert_eq!(preview["ledger"]["changes"], 1);
    let lines = case.run(&["run", "--yes", "-o", "jsonl"]);
    lines.assert_code(0);
    let records: Vec<Value> = lines
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("every line is JSON"))
        .collect();
    assert_eq!(records[0]["fact"]["event"], "planned");
    assert_eq!(records[records.len() - 1]["fact"]["event"], "ended");
    let run = case.run(&["run", "--yes", "word=other", "-o", "json"]);
    let summary: Value = serde_json::from_str(&run.stdout).expect("it is JSON");
    assert_eq!(summary["ended"]["code"], 0);
}

#[test]
fn a_step_that_fails_is_1_and_the_summary_says_which() {
    let case = Case::new(&WRITE.replace("printf", "exit 3; printf"));
    let said = case.run(&["run", "--yes"]);
    said.assert_code(1);
    assert!(said.stdout.contains("NOT RESOLVED"), "{said}");
    assert!(said.stdout.contains("write"), "{said}");
}

#[test]
fn quiet_says_results_only() {
    let case = Case::new(WRITE);
    let said = case.run(&["run", "--yes", "-q"]);
    said.assert_code(0);
    assert_eq!(said.stderr, "", "{said}");
}

#[test]
fn the_time_when_the_goal_first_held_is_known_once_it_did() {
    let look = |id: &str| {
        format!(
            "[[step]]\nid = \"{id}\"\non = \"local\"\ncwd = \"{{{{ here }}}}\"\nno_undo = \"a log\"\n\
             change = 'echo \"${{AT-none}}\" >> times'\nenv = {{ AT = \"{{{{ run.goal_at }}}}\" }}\n\
             verify = {{ read = \"test -s times\" }}\n"
        )
    };
    let (head, write) = WRITE.split_at(WRITE.find("[[step]]").expect("it has steps"));
    let case =
        Case::new(&format!("{head}{}{write}{}{}", look("before"), look("after"), look("later")));
    let finished = case.run(&["run", "--yes"]);
    finished.assert_code(0);
    let times = case.operator.working_directory().join("times");
    let times = std::fs::read_to_string(times).expect("it was written");
    let [before, after, later] = times.lines().collect::<Vec<_>>()[..] else {
        panic!("not three lines: {times}")
    };
    assert_eq!(before, "none");
    assert!(after.parse::<jiff::Timestamp>().is_ok(), "{after}");
    assert_eq!(later, after, "it is the first time, and stays");
}
