//! What loses something is approved in advance by a code, or by two people who sign. Everything is done
//! on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use runbook_core::run::{HandedOver, NAMESPACE, Request, to_be_signed};
use runbook_tests::{Runbook, Size, Terminal};

/// Removes what a list says, and counts how often it does.
const WIPE: &str = r#"
format = 1
title = "Remove what is listed"
[param.here]
type = "path"
[[step]]
id = "wipe"
on = "local"
cwd = "{{ here }}"
items = "cat list"
max_items = 5
destroy = "echo once >> count"
affects = "nobody"
loses = "what is listed"
no_undo = "gone"
"#;

struct Case {
    operator: Runbook,
    here: String,
}

impl Case {
    fn new() -> Self {
        let operator = Runbook::new();
        operator.write("runbooks/case.toml", WIPE.trim_start());
        operator.write("list", "one\ntwo\n");
        let here = format!("here={}", operator.working_directory().display());
        Self { operator, here }
    }

    fn code(&self) -> String {
        let plan = self.operator.run(&["plan", "case", &self.here]);
        plan.assert_code(0);
        let (_, code) = plan.stdout.split_once("--approve wipe=").expect("a code is printed");
        code.split_whitespace().next().expect("it").to_owned()
    }

    #[track_caller]
    fn run(&self, code: &str, exit: i32, says: &str) {
        let approve = format!("wipe={code}");
        let ended = self.operator.run(&["run", "case", &self.here, "--approve", &approve]);
        ended.assert_code(exit);
        assert!(format!("{}{}", ended.stdout, ended.stderr).contains(says), "{says}: {ended}");
    }

    fn count(&self) -> usize {
        let count = self.operator.working_directory().join("count");
        std::fs::read_to_string(count).unwrap_or_default().lines().count()
    }
}

#[test]
fn a_code_of_a_plan_approves_once_and_only_what_was_shown() {
    let case = Case::new();
    let code = case.code();
    case.run(&code, 0, "RESOLVED");
    assert_eq!(case.count(), 1);
    case.operator.run(&["audit"]).assert_code(0);
    case.run(&code, 7, "was used by another run");

    let code = case.code();
    let first = if code.starts_with('a') { "b" } else { "a" };
    case.run(&format!("{first}{}", &code[1..]), 7, "look at its letters again");
    case.run("abc", 2, "a code is 12");
    case.operator.write("list", "one\ntwo\nthree\n");
    case.run(&code, 7, "the list of items differs: 2 were planned, 3 are there now");
    case.operator.write("list", "one\ntwo\n");
    case.run(&code, 7, "was used by another run");

    let code = case.code();
    let other = WIPE.replace("echo once", "echo twice");
    case.operator.write("runbooks/case.toml", other.trim_start());
    case.run(&code, 7, "was printed for `case`, as it was then");
    assert_eq!(case.count(), 1, "nothing else was destroyed");
}

#[test]
fn a_code_is_for_a_step_that_destroys() {
    let case = Case::new();
    let refused = |approve: &str, says: &str| {
        let ended = case.operator.run(&["run", "case", &case.here, "--approve", approve]);
        ended.assert_code(2);
        assert!(ended.stderr.contains(says), "{ended}");
    };
    refused("wip=abcdefghjkmn", "did you mean `wipe`?");
    refused("wipe", "STEP=CODE");
}

/// Makes a key; its public half.
fn key(path: &Path) -> String {
    std::fs::create_dir_all(path.parent().expect("a directory")).expect("it is ours");
    let mut made = Command::new("ssh-keygen");
    made.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path);
    assert!(made.status().expect("ssh-keygen runs").success());
    std::fs::read_to_string(path.with_extension("pub")).expect("its public half")
}

/// A person elsewhere signs the request that the run waits with.
fn signed(request: &Request, key: &Path) -> String {
    let message = key.with_extension("message");
    std::fs::write(&message, to_be_signed(request.digest())).expect("it is ours");
    let mut sign = Command::new("ssh-keygen");
    sign.args(["-q", "-Y", "sign", "-n", NAMESPACE, "-f"]).arg(key).arg(&message);
    assert!(sign.status().expect("ssh-keygen runs").success());
    let path = key.with_extension("message.sig");
    let signature = std::fs::read_to_string(&path).expect("a signature");
    std::fs::remove_file(path).expect("it is ours");
    HandedOver { request: request.digest(), signature }.to_text()
}

/// A run that takes two people, with the keys of three.
struct Pair {
    case: Case,
    keys: PathBuf,
}

impl Pair {
    fn new() -> Self {
        let case = Case::new();
        let keys = case.operator.home().join("keys");
        let ana = key(&case.operator.home().join(".ssh/id_ed25519"));
        let (ben, _) = (key(&keys.join("ben")), key(&keys.join("stranger")));
        case.operator.write(
            "hosts.toml",
            "format = 1\n[env.prod]\napprovals = 2\nallowed_signers = \"signers\"\n",
        );
        case.operator.write("signers", &format!("ana@example.org {ana}ben@example.org {ben}"));
        Self { case, keys }
    }

    fn start(&self) -> Terminal {
        let terminal = self
            .case
            .operator
            .terminal(&["run", "case", "-e", "prod", &self.case.here], Size::WINDOW);
        asked(&terminal, "to approve");
        terminal.type_line("local");
        asked(&terminal, "2 people sign this");
        terminal
    }

    /// The directory of the run that waits.
    fn run(&self) -> PathBuf {
        let runs =
            std::fs::read_dir(self.case.operator.state().join("runbook/runs")).expect("runs");
        runs.map(|run| run.expect("it").path())
            .find(|run| run.join("request.txt").exists())
            .expect("one waits")
    }

    fn request(&self) -> Request {
        let text = std::fs::read_to_string(self.run().join("request.txt")).expect("a request");
        Request::parse(&text).expect("it is whole")
    }

    /// `runbook approve` of another person, at their own terminal.
    fn approve(&self, key: &str) -> (i32, String) {
        let run = self.run();
        let id = run.file_name().expect("an id").to_str().expect("text");
        let key = self.keys.join(key).display().to_string();
        let mut terminal = self
            .case
            .operator
            .terminal(&["approve", id, "--key", &key], Size { columns: 100, rows: 60 });
        asked(&terminal, "to approve");
        terminal.type_line("local");
        (terminal.wait_for_exit(), terminal.transcript())
    }
}

#[track_caller]
fn asked(terminal: &Terminal, question: &str) {
    terminal.wait_until(question, |screen| {
        screen.contains(question) && screen.trim_end().ends_with("\n >")
    });
}

#[test]
fn two_people_sign_and_one_alone_cannot() {
    let pair = Pair::new();
    let mut terminal = pair.start();
    assert!(terminal.screen().contains("✓ ana@example.org"), "{}", terminal.screen());
    terminal
        .type_line(&signed(&pair.request(), &pair.case.operator.home().join(".ssh/id_ed25519")));
    asked(&terminal, "ana@example.org has signed already");
    terminal.type_line(&signed(&pair.request(), &pair.keys.join("stranger")));
    asked(&terminal, "does not allow the key that signed");
    assert_eq!(pair.case.count(), 0);
    let (code, shown) = pair.approve("ben");
    assert_eq!(code, 0, "{shown}");
    for told in ["echo once >> count", "what is listed", "operator, in run", "2 sign this", "rba1."]
    {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    let code = terminal.wait_for_exit();
    assert_eq!(code, 0, "{}", terminal.transcript());
    assert_eq!(pair.case.count(), 1);
    let audit = pair.case.operator.run(&["audit"]);
    audit.assert_code(0);
    assert!(audit.stdout.contains("2 approvals"), "{audit}");
}

#[test]
fn a_run_that_waits_for_signatures_can_be_left_and_gone_on_with() {
    let pair = Pair::new();
    let mut terminal = pair.start();
    let before = pair.request();
    terminal.press(runbook_tests::Key::Ctrl('c'));
    assert_eq!(terminal.wait_for_exit(), 9, "{}", terminal.transcript());
    let mut again = pair.case.operator.terminal(&["resume"], Size::WINDOW);
    asked(&again, "to approve");
    again.type_line("local");
    asked(&again, "2 people sign this");
    again.type_line(&signed(&before, &pair.keys.join("ben")));
    asked(&again, "answer to another request");
    assert_eq!(pair.case.count(), 0);
    again.type_line(&signed(&pair.request(), &pair.keys.join("ben")));
    assert_eq!(again.wait_for_exit(), 0, "{}", again.transcript());
    assert_eq!(pair.case.count(), 1);
}

#[test]
fn a_signature_whose_signer_was_not_allowed_when_the_run_began_is_found_by_the_audit() {
    let pair = Pair::new();
    let mut terminal = pair.start();
    let run = pair.run();
    terminal.type_line(&signed(&pair.request(), &pair.keys.join("ben")));
    assert_eq!(terminal.wait_for_exit(), 0, "{}", terminal.transcript());
    let index = std::fs::read_to_string(run.join("snapshot/index.json")).expect("an index");
    let kept = std::fs::read_to_string(run.join("snapshot/3.toml")).expect("the signers");
    let without: String = kept.lines().take(1).map(|line| format!("{line}\n")).collect();
    let sum = |text: &str| runbook_core::base::Digest::of(text).to_string();
    std::fs::write(run.join("snapshot/3.toml"), &without).expect("it is ours");
    std::fs::write(run.join("snapshot/index.json"), index.replace(&sum(&kept), &sum(&without)))
        .expect("it is ours");
    let audit = pair.case.operator.run(&["audit"]);
    audit.assert_code(1);
    assert!(audit.stdout.contains("the signature of ben@example.org is not good"), "{audit}");
}

#[test]
fn nobody_signs_what_was_changed_or_without_a_terminal() {
    let pair = Pair::new();
    let terminal = pair.start();
    let path = pair.run().join("request.txt");
    let text = std::fs::read_to_string(&path).expect("a request");
    let key = pair.keys.join("ben").display().to_string();
    let approve = |name: &str| pair.case.operator.run(&["approve", name, "--key", &key]);
    approve(path.to_str().expect("text")).assert_code(4);
    let forged = text.replacen('A', "B", 3);
    let forged = pair.case.operator.write("forged.txt", &forged);
    let refused = approve(forged.to_str().expect("text"));
    refused.assert_code(2);
    approve("nothing-of-that-name").assert_code(2);
    drop(terminal);
}

#[test]
fn where_nothing_says_whose_signatures_count_nothing_is_begun() {
    let case = Case::new();
    case.operator.write("hosts.toml", "format = 1\n[env.prod]\napprovals = 2\n");
    let terminal = case.operator.terminal(&["run", "case", "-e", "prod", &case.here], Size::WINDOW);
    let mut terminal = terminal;
    assert_eq!(terminal.wait_for_exit(), 4);
    assert!(terminal.transcript().contains("allowed_signers"), "{}", terminal.transcript());
    assert_eq!(case.count(), 0);
}
