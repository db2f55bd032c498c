//! A plan is written to a file, shown, looked at again, and executed once. Everything is done on this
//! machine.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use runbook_core::base::Digest;
use runbook_core::journal::{Places, Store};
use runbook_core::report::audit;
use runbook_tests::{Finished, Runbook, Size};
use serde_json::Value;

const TEXT: &str = r#"
format = 1
title = "Write a word"
[role.web]
[param.here]
type = "path"
[param.word]
type = "string"
[[step]]
id = "look"
read = "cat mark; cat shown"
cwd = "{{ here }}"
capture = { mark = { type = "string", line = 1 }, shown = { type = "string", line = 2 } }
[[step]]
id = "write"
title = "After {{ all.shown | join(' ') }}"
cwd = "{{ here }}"
change = 'echo "$mark $word" >> written'
no_undo = "nothing happens"
verify = { read = "test -e written" }
"#;

struct Case {
    operator: Runbook,
    here: String,
}

impl Case {
    fn new() -> Self {
        let operator = Runbook::new();
        operator.write("runbooks/case.toml", TEXT.trim_start());
        operator.write("mark", "one\n");
        operator.write("shown", "a\n");
        let here = format!("here={}", operator.working_directory().display());
        Self { operator, here }
    }

    /// The same, with `fix.plan` written.
    fn planned() -> Self {
        let case = Self::new();
        let said = case.plan(&["--out", "fix.plan"]);
        said.assert_code(0);
        let told = "Written to fix.plan (0600): it can be run once, until ";
        assert!(said.stderr.contains(told), "{said}");
        assert!(said.stderr.contains("Next:  runbook run fix.plan"), "{said}");
        case
    }

    fn plan(&self, more: &[&str]) -> Finished {
        let first = ["plan", "case", "--local", "word=hello", &self.here];
        self.operator.run(&[&first[..], more].concat())
    }

    fn run(&self, more: &[&str]) -> Finished {
        self.operator.run(&[&["run", "fix.plan", "--yes"][..], more].concat())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.operator.working_directory().join(name)
    }

    fn written(&self) -> Option<String> {
        std::fs::read_to_string(self.path("written")).ok()
    }

    /// The plan with one part changed and a digest that fits.
    fn forge(&self, change: impl FnOnce(&mut Value)) {
        let path = self.path("fix.plan");
        let mut plan: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        plan.as_object_mut().unwrap().shift_remove("sum");
        change(&mut plan);
        let json = plan.to_string();
        let sum = Digest::of(&json);
        let text = format!("{},\"sum\":\"{sum}\"}}\n", json.strip_suffix('}').unwrap());
        std::fs::write(&path, text).unwrap();
    }
}

#[test]
fn it_is_private_holds_no_more_than_it_needs_and_runs_once() {
    let case = Case::planned();
    let mode = std::fs::metadata(case.path("fix.plan")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(case.written(), None);
    std::fs::copy(case.path("fix.plan"), case.path("copy.plan")).unwrap();
    case.run(&["--no-input"]).assert_code(0);
    assert_eq!(case.written().as_deref(), Some("one hello\n"));
    let store = Store::at(&Places {
        chosen: Some(case.operator.state().join("runbook")),
        ..Places::default()
    });
    let run = store.find(None).unwrap();
    let recorded = run.recorded().unwrap();
    let facts = recorded.records.iter().map(|record| &record.fact);
    assert_eq!(audit(&run.plan().unwrap(), facts).findings, []);
    // The file, and any copy of it, is used up.
    for name in ["fix.plan", "copy.plan"] {
        let again = case.operator.run(&["run", name, "--yes"]);
        again.assert_code(7);
        let by = format!("by run {} of operator", run.id());
        assert!(
            again.stderr.contains("the plan was used at ") && again.stderr.contains(&by),
            "{again}"
        );
    }
    assert_eq!(case.written().as_deref(), Some("one hello\n"));
    case.operator.run(&["plan", "fix.plan"]).assert_code(7);
}

#[test]
fn a_fact_that_changed_is_exit_7_and_shown_and_uses_nothing_up() {
    let case = Case::planned();
    case.operator.write("mark", "two\n");
    let stale = case.run(&[]);
    stale.assert_code(7);
    assert!(stale.stdout.contains("STALE PLAN: NOTHING CHANGED"), "{stale}");
    let difference = "step `look` on local: mark\n     was  one\n     is   two\n";
    assert!(stale.stdout.contains(difference), "{stale}");
    assert_eq!(case.written(), None);
    let looked = case.operator.run(&["plan", "fix.plan"]);
    looked.assert_code(7);
    assert!(looked.stdout.contains(difference), "{looked}");
    // It is so again, and what is only shown may change.
    case.operator.write("mark", "one\n");
    case.operator.write("shown", "b\n");
    case.operator.run(&["plan", "fix.plan"]).assert_code(0);
    case.run(&[]).assert_code(0);
    assert_eq!(case.written().as_deref(), Some("one hello\n"));
}

#[test]
fn the_files_on_the_disk_do_not_count_and_that_is_said() {
    let case = Case::planned();
    case.operator.write("runbooks/case.toml", "nonsense");
    let said = case.run(&[]);
    said.assert_code(0);
    assert!(said.stderr.contains("runbooks/case.toml has changed since it was planned"), "{said}");
    assert_eq!(case.written().as_deref(), Some("one hello\n"));
}

#[test]
fn without_an_answer_nothing_is_sent_and_nothing_is_used_up() {
    let case = Case::planned();
    let said = case.operator.run(&["run", "fix.plan"]);
    said.assert_code(4);
    case.run(&[]).assert_code(0);
}

#[test]
fn a_person_agrees_to_it_at_a_terminal() {
    let case = Case::planned();
    let mut terminal = case.operator.terminal(&["run", "fix.plan"], Size::WINDOW);
    terminal.wait_for("anything else changes nothing.\n >");
    assert_eq!(case.written(), None);
    terminal.type_line("yes");
    assert_eq!(terminal.wait_for_exit(), 0, "{}", terminal.transcript());
    assert_eq!(case.written().as_deref(), Some("one hello\n"));
}

#[test]
fn what_would_make_another_plan_of_it_is_refused() {
    let case = Case::planned();
    for more in [
        &["word=bye"][..],
        &["-e", "prod"],
        &["--limit", "local"],
        &["--inventory", "hosts.toml"],
        &["--host", "web=local"],
        &["--local"],
        &["--param-file", "values.toml"],
    ] {
        for verb in ["run", "plan"] {
            let said = case.operator.run(&[&[verb, "fix.plan"][..], more].concat());
            said.assert_code(2);
            assert!(said.stderr.contains("would change it"), "{said}");
            assert!(said.stderr.contains("`runbook plan case … --out FILE`"), "{said}");
        }
    }
    case.operator.run(&["plan", "fix.plan", "--out", "b.plan"]).assert_code(2);
    case.operator.run(&["plan", "fix.plan", "--offline"]).assert_code(2);
    case.plan(&["--offline", "--out", "c.plan"]).assert_code(2);
    assert!(!case.path("b.plan").exists() && !case.path("c.plan").exists());
    assert_eq!(case.written(), None);
}

#[test]
fn the_variables_of_whoever_runs_it_do_not_change_it() {
    let Case { operator, here } = Case::planned();
    let operator =
        operator.env("RUNBOOK_PARAM_word", "bye").env("RUNBOOK_PARAM_other", "unknown here");
    let case = Case { operator, here };
    case.run(&[]).assert_code(0);
    assert_eq!(case.written().as_deref(), Some("one hello\n"));
}

#[test]
fn one_that_is_too_old_or_of_a_future_is_refused() {
    for (from, says) in [("2026-01-01T00:00:00Z", "expired"), ("2100-01-01T00:00:00Z", "clock")] {
        let case = Case::planned();
        let written: jiff::Timestamp = from.parse().unwrap();
        case.forge(|plan| {
            plan["written"] = from.into();
            plan["expires"] = (written + jiff::SignedDuration::from_mins(15)).to_string().into();
        });
        for verb in ["run", "plan"] {
            let said = case.operator.run(&[verb, "fix.plan"]);
            said.assert_code(7);
            assert!(
                said.stderr.contains(says) && said.stderr.contains("Nothing was sent"),
                "{said}"
            );
        }
        let shown = case.operator.run(&["show", "fix.plan"]);
        shown.assert_code(0);
        assert!(shown.stdout.contains("NOT RUN ANY MORE"), "{shown}");
    }
}

#[test]
fn one_that_was_edited_or_is_of_another_version_is_refused() {
    let case = Case::planned();
    let path = case.path("fix.plan");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("hello", "hallo")).unwrap();
    let said = case.run(&[]);
    said.assert_code(2);
    assert!(said.stderr.contains("was edited or damaged: its digest does not fit"), "{said}");
    std::fs::write(&path, &text[..text.len() / 2]).unwrap();
    let said = case.run(&[]);
    said.assert_code(2);
    assert!(said.stderr.contains("its end is missing"), "{said}");
    std::fs::write(&path, "").unwrap();
    case.run(&[]).assert_code(2);
    std::fs::write(&path, &text).unwrap();
    case.forge(|plan| plan["runbook_plan"] = 2.into());
    let said = case.run(&[]);
    said.assert_code(2);
    assert!(said.stderr.contains("use a newer `runbook`"), "{said}");
    std::fs::write(&path, &text).unwrap();
    case.forge(|plan| plan["plan"]["hosts"][0]["name"] = "other".into());
    let said = case.run(&[]);
    said.assert_code(7);
    assert!(said.stderr.contains("comes out differently"), "{said}");
    assert_eq!(case.written(), None);
}

#[test]
fn a_name_is_a_runbook_and_a_path_or_dot_plan_is_a_file() {
    let case = Case::planned();
    // A file `case` is here too: the name is the runbook's all the same.
    std::fs::copy(case.path("fix.plan"), case.path("case")).unwrap();
    let said = case.plan(&[]);
    said.assert_code(0);
    assert!(said.stdout.contains("runbooks/case.toml"), "{said}");
    let shown = case.operator.run(&["show", "./case"]);
    shown.assert_code(0);
    assert!(shown.stdout.contains("it can be run, once, if nothing has changed"), "{shown}");
    // A file that no runbook is named after is pointed to, and not taken.
    std::fs::copy(case.path("fix.plan"), case.path("tfplan")).unwrap();
    let said = case.operator.run(&["run", "tfplan", "--yes"]);
    said.assert_code(2);
    assert!(said.stderr.contains("a plan file of that name is here: say `./tfplan`"), "{said}");
    case.operator.run(&["run", "./tfplan", "--yes"]).assert_code(0);
    // A name that ends in `.plan` is a file, and says so where there is none.
    let said = case.operator.run(&["run", "none.plan"]);
    said.assert_code(2);
    assert!(said.stderr.contains("cannot read none.plan"), "{said}");
    // What was written under a bare name says how it is named.
    let said = case.plan(&["--out", "bare"]);
    assert!(said.stderr.contains("Next:  runbook run ./bare"), "{said}");
}

#[test]
fn what_it_holds_is_shown_and_asks_nothing() {
    let case = Case::planned();
    case.operator.write("mark", "two\n");
    let shown = case.operator.run(&["show", "fix.plan"]);
    shown.assert_code(0);
    for part in
        ["Write a word", "fingerprint", "hello", "step `look` on local: mark = one", "expires"]
    {
        assert!(shown.stdout.contains(part), "{part}: {shown}");
    }
    assert!(!shown.stdout.contains("shown = a"), "it is only shown: {shown}");
    let json = case.operator.run(&["show", "fix.plan", "-o", "json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&json["runbook"], &json["stands"]), (&"case".into(), &true.into()));
}

#[test]
fn only_a_plan_file_is_replaced_and_a_plan_that_failed_is_not_written() {
    let case = Case::planned();
    case.plan(&["--out", "fix.plan"]).assert_code(0);
    let said = case.plan(&["--out", "mark"]);
    said.assert_code(2);
    assert!(said.stderr.contains("is no plan file: it is not replaced"), "{said}");
    assert_eq!(std::fs::read_to_string(case.path("mark")).unwrap(), "one\n");
    case.plan(&["--out", "no/where.plan"]).assert_code(2);
    std::fs::remove_file(case.path("mark")).unwrap();
    let said = case.plan(&["--out", "new.plan"]);
    said.assert_code(1);
    assert!(said.stderr.contains("new.plan was not written"), "{said}");
    assert!(!case.path("new.plan").exists());
}

#[test]
fn a_run_of_it_that_was_left_is_taken_up_and_cannot_be_begun_again() {
    let case = Case::planned();
    case.operator.run(&["run", "fix.plan"]).assert_code(4);
    // Nothing was changed yet: everything is held against the plan anew.
    case.operator.write("mark", "two\n");
    case.operator.run(&["resume", "--yes"]).assert_code(7);
    case.operator.write("mark", "one\n");
    case.operator.run(&["resume", "--yes"]).assert_code(2);
    case.operator.run(&["run", "fix.plan"]).assert_code(4);
    case.operator.run(&["resume", "--yes"]).assert_code(0);
    assert_eq!(case.written().as_deref(), Some("one hello\n"));
    case.run(&[]).assert_code(7);
}

const CHOICE: &str = r#"
format = 1
title = "Choose"
[role.web]
[[step]]
id = "path"
choose = "which?"
options = { a = "the one", b = "the other" }
[[step]]
id = "act"
change = "true"
when = "path == 'a'"
no_undo = "nothing happens"
"#;

#[test]
fn what_was_chosen_when_it_was_planned_stays_and_what_was_not_may_be() {
    let operator = Runbook::new();
    operator.write("runbooks/case.toml", CHOICE.trim_start());
    let plan = |more: &[&str]| {
        let first = ["plan", "case", "--local", "--out", "fix.plan"];
        operator.run(&[&first[..], more].concat()).assert_code(0);
    };
    let run = |more: &[&str]| operator.run(&[&["run", "fix.plan", "--yes"][..], more].concat());
    plan(&["--choose", "path=a"]);
    let other = run(&["--choose", "path=b"]);
    other.assert_code(2);
    assert!(other.stderr.contains("the plan has chosen `a` for `path`"), "{other}");
    run(&["--choose", "path=a"]).assert_code(0);
    plan(&[]);
    run(&[]).assert_code(4);
    run(&["--choose", "path=c"]).assert_code(2);
    run(&["--choose", "path=b"]).assert_code(0);
}
