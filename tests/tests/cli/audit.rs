//! What was recorded is audited: a whole run, one whose records were changed, and one whose files were;
//! and a real journal that was cut off or flipped anywhere.

use std::path::{Path, PathBuf};

use runbook_core::journal::read::read;
use runbook_tests::Runbook;
use serde_json::Value;

const TEXT: &str = r#"
format = 1
title = "Write a word"
[[step]]
id = "look"
on = "local"
read = "echo nothing yet"
[[step]]
id = "write"
on = "local"
change = "true"
no_undo = "nothing happens"
"#;

/// A run on this machine, and where it is kept.
fn recorded() -> (Runbook, PathBuf) {
    let operator = Runbook::new();
    operator.write("runbooks/case.toml", TEXT.trim_start());
    operator.run(&["run", "case", "--yes"]).assert_code(0);
    let mut runs = std::fs::read_dir(operator.state().join("runbook/runs")).expect("the runs");
    let run = runs.next().expect("one").expect("it").path();
    (operator, run)
}

/// Changes a file in its text.
fn edit(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).expect("a text");
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replacen(from, to, 1)).expect("it is ours");
}

#[test]
fn a_whole_run_passes_its_audit() {
    let (operator, _) = recorded();
    let said = operator.run(&["audit"]);
    said.assert_code(0);
    assert!(said.stdout.contains("is whole") && said.stdout.contains("2 attempts"), "{said}");
    let said = operator.run(&["audit", "-o", "json"]);
    let json: Value = serde_json::from_str(&said.stdout).expect("it is JSON");
    assert_eq!(
        (&json["audit"]["findings"], &json["audit"]["attempts"]),
        (&Value::Array(vec![]), &2.into())
    );
}

#[test]
fn a_record_a_snapshot_or_a_plan_that_was_changed_is_found() {
    for (file, from, to, says) in [
        (
            "journal.jsonl",
            "\"event\":\"previewed\"",
            "\"event\":\"agreed\"",
            "does not fit its bytes",
        ),
        ("snapshot/1.toml", "Write a word", "Write a line", "not what was read"),
        ("plan.json", "Write a word", "Write a line", "come out differently"),
    ] {
        let (operator, run) = recorded();
        edit(&run.join(file), from, to);
        let said = operator.run(&["audit"]);
        said.assert_code(1);
        assert!(said.stdout.contains(says), "{file}: {said}");
    }
}

#[test]
fn a_real_journal_cut_off_at_any_byte_is_a_prefix() {
    let (_operator, run) = recorded();
    let bytes = std::fs::read(run.join("journal.jsonl")).expect("a journal");
    let whole = read(&bytes).expect("it is whole").records;
    for length in 0..=bytes.len() {
        let cut = read(&bytes[..length]).expect("a cut is no damage").records;
        let lines = bytes[..length].split(|byte| *byte == b'\n').count() - 1;
        assert_eq!(cut, whole[..lines], "at {length}");
    }
    println!("proof: {} truncations of {} records", bytes.len() + 1, whole.len());
}

#[test]
fn every_flipped_bit_of_a_real_journal_is_found() {
    const FLIPS: u64 = 5_000;
    let (_operator, run) = recorded();
    let bytes = std::fs::read(run.join("journal.jsonl")).expect("a journal");
    let whole = read(&bytes).expect("it is whole").records;
    let flips: u64 = match std::env::var_os("RUNBOOK_LONG") {
        Some(_) => bytes.len() as u64 * 8,
        None => FLIPS,
    };
    let bits = bytes.len() as u64 * 8;
    for flip in 0..flips {
        // A multiplier without a common factor visits every bit before it comes to one again.
        let bit = usize::try_from(flip.wrapping_mul(2_654_435_761) % bits).expect("a place");
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(recorded) = read(&flipped) {
            let torn = recorded.torn.expect("a flip is damage, or a torn end");
            assert_eq!(torn.line, whole.len(), "bit {bit}");
            assert_eq!(recorded.records, whole[..torn.line - 1], "bit {bit}");
        }
    }
    println!("proof: {flips} flipped bits of {bits}");
}
