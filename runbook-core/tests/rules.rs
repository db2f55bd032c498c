//! The corpus of documents: what is refused, with which codes, and what is not. The files are in
//! `tests/documents`; the first line of an invalid one names its codes.

#![expect(clippy::disallowed_methods, reason = "the documents are files")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use runbook_core::base::{Diagnostic, Diagnostics, Severity, Source};
use runbook_core::document::{HostsDocument, RunbookDocument};
use runbook_core::runbook::{RULES, Runbook};

fn documents(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/documents").join(folder);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&root)
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    let name = |path: &Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
    let text = |path: &Path| std::fs::read_to_string(path).expect("a text");
    paths.iter().map(|path| (name(path), text(path))).collect()
}

/// Everything that is said of a file.
fn check(name: &str, text: &str) -> (bool, Diagnostics) {
    let source = Source::new(format!("{name}.toml"), text);
    if name.get(4..).is_some_and(|rest| rest.starts_with("hosts-")) {
        let parsed = HostsDocument::parse(source);
        return (!parsed.diagnostics.has_errors(), parsed.diagnostics);
    }
    let parsed = RunbookDocument::parse(source);
    let (runbook, found) = Runbook::validate(&parsed, name);
    let mut all = parsed.diagnostics;
    all.extend(found);
    assert_eq!(runbook.is_some(), !all.has_errors(), "{name}: a runbook is one without errors");
    (runbook.is_some(), all.sorted())
}

fn codes(found: &Diagnostics) -> Vec<&'static str> {
    let codes: BTreeSet<&str> = found.iter().map(|diagnostic| diagnostic.code).collect();
    codes.into_iter().collect()
}

fn shown(name: &str, text: &str, found: &Diagnostics) -> String {
    let source = Source::new(name, text);
    let line = |d: &Diagnostic| {
        let at = d.primary.as_ref().map(|label| {
            let (line, column) = source.line_column(label.span.start);
            let what = text.get(label.span.start..label.span.end).unwrap_or_default();
            format!("{line}:{column} {what:?}")
        });
        format!("  {d}\n    at {}\n    help {:?}\n", at.unwrap_or_default(), d.help)
    };
    found.iter().map(line).collect()
}

#[test]
fn every_invalid_document_is_refused_with_its_codes() {
    let documents = documents("invalid");
    assert!(documents.len() >= 50, "only {} documents", documents.len());
    let mut wrong = String::new();
    for (name, text) in &documents {
        let first = text.lines().next().unwrap_or_default();
        let expected = first.strip_prefix("# expect: ").expect("the first line names the codes");
        let expected: BTreeSet<&str> = expected.split_whitespace().collect();
        let (_, found) = check(name, text);
        if codes(&found) != expected.iter().copied().collect::<Vec<_>>() {
            wrong += &format!("{name}: expected {expected:?}\n{}", shown(name, text, &found));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_complaint_has_a_place_and_a_way_out() {
    for (name, text) in documents("invalid") {
        let (_, found) = check(&name, &text);
        for diagnostic in found.iter() {
            let place = diagnostic.primary.as_ref().map(|label| label.span);
            let inside = place.is_some_and(|span| {
                span.start <= span.end && text.get(span.start..span.end).is_some()
            });
            assert!(inside, "{name}: {diagnostic} has no place");
            assert!(!diagnostic.message.is_empty(), "{name}: {diagnostic} says nothing");
            let first = diagnostic.message.chars().next().is_some_and(char::is_uppercase);
            let token = diagnostic.message.starts_with("U+");
            assert!(!first || token, "{name}: {diagnostic} is no lowercase fragment");
            let ours = RULES.iter().any(|rule| rule.code == diagnostic.code);
            assert!(!ours || !diagnostic.help.is_empty(), "{name}: {diagnostic} has no way out");
        }
    }
}

#[test]
fn every_valid_document_is_a_runbook_without_a_word() {
    let mut wrong = String::new();
    for (name, text) in documents("valid") {
        let (sound, found) = check(&name, &text);
        if !sound || !found.is_empty() {
            wrong += &format!("{name}:\n{}", shown(&name, &text, &found));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_rule_has_a_document_that_breaks_it() {
    let mut broken = BTreeSet::new();
    for (name, text) in documents("invalid") {
        broken.extend(check(&name, &text).1.iter().map(|diagnostic| diagnostic.code));
    }
    let missing: Vec<&str> =
        RULES.iter().map(|rule| rule.code).filter(|code| !broken.contains(code)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn every_rule_has_its_paragraph() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules.md");
    let page = std::fs::read_to_string(page).expect("docs/rules.md");
    for rule in RULES {
        let heading = format!("\n### {}\n", rule.code);
        assert!(page.contains(&heading), "no paragraph on {}", rule.code);
        let answer = match rule.severity {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
        };
        let after = page.split(&heading).nth(1).unwrap_or_default();
        assert!(after.trim_start().starts_with(answer), "{} is {answer}", rule.code);
    }
    assert!(RULES.is_sorted_by_key(|rule| rule.code));
}
