//! `runbook check` over every invalid document: the whole of what it says, one snapshot each.

use std::fs;
use std::path::{Path, PathBuf};

use runbook_tests::Runbook;

fn documents(sort: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("documents").join(sort);
    let entries = fs::read_dir(&folder).expect("the documents are there");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("a folder can be listed").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem().expect("it has a name").to_string_lossy().into_owned()
}

#[test]
fn every_invalid_document_is_refused_with_place_what_why_and_way_out() {
    let operator = Runbook::new();
    let documents = documents("invalid");
    assert!(documents.len() >= 60, "only {} of them", documents.len());
    for document in documents {
        let text = fs::read_to_string(&document).expect("it is text");
        let name = stem(&document);
        operator.write(&format!("{name}.toml"), &text);
        let said = operator.run(&["check", &format!("{name}.toml")]);
        assert_eq!(said.stdout, "", "{name}: the complaints belong on stderr");
        let shown = format!("exit {}\n{}", said.code.unwrap_or(-1), said.stderr);
        insta::with_settings!({
            snapshot_path => "snapshots/check",
            prepend_module_to_snapshot => false,
            omit_expression => true,
            input_file => format!("tests/documents/invalid/{name}.toml"),
        }, { insta::assert_snapshot!(name, shown) });
    }
}

#[test]
fn valid_documents_are_ok_or_only_warned_of() {
    let operator = Runbook::new();
    for document in documents("valid") {
        let path = document.display().to_string();
        operator.run(&["check", &path]).assert_code(0);
    }
}

#[test]
fn a_project_is_checked_whole_and_the_worst_file_decides() {
    let operator = Runbook::new();
    operator.run(&["check"]).assert_code(2);
    let valid = fs::read_to_string(&documents("valid")[0]).expect("it is text");
    operator.write("runbooks/good.toml", &valid);
    operator.write("hosts.toml", "format = 1\n[env.test]\nroles = { web = [\"a\"] }\n");
    let said = operator.run(&["check"]);
    said.assert_code(0);
    assert!(said.stdout.contains("hosts.toml: ok\n"), "{said}");
    operator.write("runbooks/bad.toml", "format = 1\nttile = \"x\"\n");
    let said = operator.run(&["check"]);
    said.assert_code(2);
    assert!(said.stderr.contains("--> runbooks/bad.toml:2:1"), "{said}");
    assert!(said.stdout.contains("hosts.toml: ok\n"), "{said}");
}

#[test]
fn a_program_gets_places_and_codes_as_json() {
    let operator = Runbook::new();
    operator
        .write("bad.toml", "format = 1\ntitle = \"x\"\n[[step]]\nid = \"a\"\nraed = \"true\"\n");
    let said = operator.run(&["check", "bad.toml", "-o", "json"]);
    said.assert_code(2);
    let files: serde_json::Value = serde_json::from_str(&said.stdout).expect("it is JSON");
    assert_eq!(files[0]["path"], "bad.toml");
    let first = &files[0]["diagnostics"][0];
    assert_eq!((&first["code"], &first["place"]["line"]), (&"unknown-key".into(), &5.into()));
}

#[test]
fn a_review_that_is_past_due_is_a_warning() {
    let operator = Runbook::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("documents/valid/smallest.toml");
    let text = fs::read_to_string(folder).expect("it is text");
    assert!(!text.contains("reviewed"), "this test says when it was reviewed");
    let reviewed = "format = 1\nreviewed = 2020-01-01\nreview_every = \"90 days\"";
    operator.write("late.toml", &text.replacen("format = 1", reviewed, 1));
    let said = operator.run(&["check", "late.toml"]);
    said.assert_code(0);
    assert!(said.stderr.contains("warning[review-past-due]"), "{said}");
}
