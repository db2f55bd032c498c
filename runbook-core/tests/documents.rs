//! The samples in `documents/`: what is valid is read without a complaint, what is refused is
//! refused in exactly these words.

use std::fs;
use std::path::{Path, PathBuf};

use runbook_core::base::{Diagnostics, Source};
use runbook_core::document::{HostsDocument, RunbookDocument};

fn samples(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents").join(folder);
    let mut samples: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    samples.sort();
    samples
}

fn source(path: &Path) -> Source {
    let name = path.file_name().unwrap().to_string_lossy();
    Source::new(name, fs::read_to_string(path).unwrap())
}

fn complaints(path: &Path) -> (Source, Diagnostics) {
    let source = source(path);
    let diagnostics = if source.text.contains("[host.") || source.text.contains("[env.") {
        HostsDocument::parse(source.clone()).diagnostics
    } else {
        RunbookDocument::parse(source.clone()).diagnostics
    };
    (source, diagnostics)
}

/// Every complaint with its places, as plain text.
fn drawn(source: &Source, diagnostics: &Diagnostics) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    let place = |offset: usize| {
        let (line, column) = source.line_column(offset);
        format!("{line}:{column}")
    };
    for complaint in diagnostics.iter() {
        writeln!(text, "{complaint}").unwrap();
        for label in complaint.primary.iter().chain(&complaint.secondary) {
            let there = source.text[label.span.start..label.span.end].escape_debug();
            writeln!(text, "  {} `{there}` {}", place(label.span.start), label.text).unwrap();
        }
        for help in &complaint.help {
            writeln!(text, "  = help: {help}").unwrap();
        }
    }
    text
}

#[test]
fn valid_documents_are_read_without_a_complaint() {
    let paths = [samples("valid/runbooks"), samples("valid/hosts")].concat();
    assert!(paths.len() >= 7);
    for path in paths {
        let (source, diagnostics) = complaints(&path);
        assert!(diagnostics.is_empty(), "{}\n{}", source.name, drawn(&source, &diagnostics));
    }
}

#[test]
fn refused_documents_are_refused_in_these_words() {
    let paths = samples("refused");
    for path in paths.iter().filter(|path| path.extension().is_some_and(|end| end == "toml")) {
        let (source, diagnostics) = complaints(path);
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        insta::with_settings!({
            snapshot_path => "documents/refused", prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name, drawn(&source, &diagnostics));
        });
    }
}
