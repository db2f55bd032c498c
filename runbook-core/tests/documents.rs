//! The samples in `documents/`: what is valid is read without a complaint, what is refused is
//! refused in exactly these words.

#![expect(clippy::disallowed_methods, reason = "the documents are files")]

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use runbook_core::base::{Diagnostics, Source, Span};
use runbook_core::document::{
    AtOnce, Expect, Field, HostsDocument, How, Parsed, Proof, RunbookDocument, Scalar, Undo, decode,
};

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

fn runbook(text: &str) -> Parsed<RunbookDocument> {
    RunbookDocument::parse(Source::new("r.toml", text))
}

/// The text at a place.
fn at(parsed: &Parsed<RunbookDocument>, span: Option<Span>) -> &str {
    let span = span.unwrap();
    &parsed.source.text[span.start..span.end]
}

#[test]
fn seven_complaints_in_one_file_come_in_one_pass_in_text_order() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents/refused/seven.toml");
    let (source, diagnostics) = complaints(&path);
    let lines: Vec<_> = diagnostics
        .iter()
        .map(|complaint| source.line_column(complaint.primary.as_ref().unwrap().span.start).0)
        .collect();
    assert_eq!(lines, [2, 3, 6, 10, 11, 12, 13]);
    assert_eq!(diagnostics.errors(), 7);
}

#[test]
fn what_cannot_be_read_is_broken_and_the_rest_is_there() {
    let parsed = runbook(
        "title = 5\nowner = \"x\"\n[param]\na = 1\nb = { type = \"int\", min = [] }\n\
         [[step]]\nid = \"a\"\nneeds = [\"x\", 2, \"y\"]\n[[step]]\nid = 2\nread = \"true\"\n",
    );
    let document = &parsed.document;
    assert!(parsed.whole);
    assert_eq!(parsed.diagnostics.errors(), 5);
    assert!(matches!(document.title, Field::Broken { .. }));
    assert!(document.format.is_absent());
    assert_eq!(at(&parsed, document.title.key()), "title");
    assert_eq!(document.owner.value().unwrap(), "x");

    let params = document.param.value().unwrap();
    assert_eq!(params.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert!(matches!(params["a"], Field::Broken { .. }), "its name is known nevertheless");
    let b = params["b"].value().unwrap();
    assert_eq!(b.kind.value().unwrap(), "int");
    assert!(b.min.value().is_none() && !b.min.is_absent());

    let steps = document.step.value().unwrap();
    let needs: Vec<_> = steps[0].needs.value().unwrap().iter().map(|id| id.as_str()).collect();
    assert_eq!(needs, ["x", "y"]);
    assert!(matches!(steps[1].id, Field::Broken { .. }));
    assert!(matches!(steps[1].read.value(), Some(How::Script(script)) if script == "true"));
}

#[test]
fn every_word_keeps_its_place() {
    let parsed = runbook(
        "[[step]]\nid = \"a\"\nenv = { A = \"b\" }\nundo.destroy = [\"rm\", \"x\"]\n\
         [step.verify]\nread = \"true\"\n[[step]]\n",
    );
    let steps = parsed.document.step.value().unwrap();
    let step = &steps[0];
    assert_eq!(at(&parsed, Some(step.span)), "[[step]]");
    assert_eq!(at(&parsed, Some(steps[1].extent.0)), "[[step]]");
    assert!(at(&parsed, Some(step.extent.0)).ends_with("read = \"true\""));
    assert_eq!(at(&parsed, step.id.key()), "id");
    assert_eq!(at(&parsed, step.id.span()), "\"a\"");
    assert_eq!(at(&parsed, step.env.value().unwrap()["A"].key()), "A");
    assert_eq!(at(&parsed, step.verify.span()), "[step.verify]");
    let Some(Undo::Table(undo)) = step.undo.value() else { panic!("{:?}", step.undo) };
    assert_eq!(at(&parsed, undo.destroy.key()), "destroy");
    let Some(How::Argv(argv)) = undo.destroy.value() else { panic!("{:?}", undo.destroy) };
    assert_eq!(at(&parsed, Some(argv[1].span)), "\"x\"");
}

#[test]
fn a_key_may_have_several_forms() {
    let parsed = runbook(
        "[goal]\nread = \"true\"\nexpect = 1.5\n[[step]]\nid = \"a\"\nat_once = [1, \"50%\"]\n\
         proof = \"b\"\nskip_if = []\nexpect = { one_of = [\"1\", 1, 1.0, true] }\n",
    );
    assert!(parsed.diagnostics.is_empty());
    let goal = parsed.document.goal.value().unwrap().as_slice();
    assert_eq!(goal.len(), 1, "a table is one");
    assert_eq!(goal[0].expect.value(), Some(&Expect::Number(1.5)));
    let step = &parsed.document.step.value().unwrap()[0];
    assert!(matches!(step.at_once.value(), Some(AtOnce::Ladder(rungs)) if rungs.len() == 2));
    let proof = step.proof.value().unwrap().as_slice();
    assert_eq!(proof[0].value, Proof::Step("b".to_owned()));
    assert!(step.skip_if.value().unwrap().as_slice().is_empty());
    let Some(Expect::Table(expect)) = step.expect.value() else { panic!("{:?}", step.expect) };
    let one_of: Vec<_> = expect.one_of.value().unwrap().iter().map(|one| &one.value).collect();
    let text = Scalar::Text("1".to_owned());
    assert_eq!(one_of, [&text, &Scalar::Int(1), &Scalar::Number(1.0), &Scalar::Bool(true)]);
}

#[test]
fn tables_of_names_keep_the_order_of_the_text() {
    let parsed = runbook(
        "[param.z]\ntype = \"int\"\n[role.b]\n[param.a]\ntype = \"int\"\n[role.a]\n\
         [param.m]\ntype = \"int\"\n",
    );
    assert!(parsed.diagnostics.is_empty());
    let document = &parsed.document;
    assert_eq!(document.param.value().unwrap().keys().collect::<Vec<_>>(), ["z", "a", "m"]);
    assert_eq!(document.role.value().unwrap().keys().collect::<Vec<_>>(), ["b", "a"]);
}

#[test]
fn what_is_no_text_is_one_clear_error() {
    let parsed = runbook("format = 1\nname = \"a\0b\"\n");
    let codes: Vec<_> = parsed.diagnostics.iter().map(|complaint| complaint.code).collect();
    assert_eq!((codes.as_slice(), parsed.whole), (&["not-text"][..], false));

    let (source, diagnostics) = decode("r.toml", b"title = \"caf\xe9\"\n".to_vec());
    assert_eq!(diagnostics.errors(), 1);
    let place = diagnostics.iter().next().unwrap().primary.as_ref().unwrap().span;
    assert_eq!(&source.text[place.start..place.end], "\u{fffd}");
    let (source, diagnostics) = decode("r.toml", b"title = \"caf\xc3\xa9\"\n".to_vec());
    assert!(diagnostics.is_empty() && source.text.contains("caf\u{e9}"));
}

#[test]
fn a_syntax_error_leaves_the_file_not_whole() {
    assert!(!runbook("title = \n").whole);
    assert!(!runbook("format = 2\n").whole);
    assert!(runbook("titel = \"\"\n").whole);
}

/// One change of a text: at a place, take so many bytes away and put these in.
type Edit = (prop::sample::Index, usize, Vec<u8>);

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let syntax = prop::sample::select(&b"[]{}=\"'\n.,#\\ 1-t\xc3\0"[..]);
    let byte = prop_oneof![3 => syntax, 1 => any::<u8>()];
    let edit = (any::<prop::sample::Index>(), 0..4_usize, prop::collection::vec(byte, 0..4));
    prop::collection::vec(edit, 1..8)
}

/// No text makes the reader panic, or complain of a place that is not in it.
fn read_safely<T>(parsed: &Parsed<T>) {
    let mut last = Span::default();
    for complaint in parsed.diagnostics.iter() {
        let primary = complaint.primary.as_ref().unwrap();
        assert!(last <= primary.span);
        last = primary.span;
        for label in complaint.secondary.iter().chain([primary]) {
            assert!(parsed.source.text.get(label.span.start..label.span.end).is_some());
        }
    }
    assert!(parsed.whole || parsed.diagnostics.has_errors());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(
        sample in prop::sample::select(
            [samples("valid/runbooks"), samples("valid/hosts"), samples("refused")].concat(),
        ),
        edits in edits(),
    ) {
        let mut bytes = fs::read(sample).unwrap();
        for (place, taken, put) in edits {
            let start = place.index(bytes.len() + 1);
            let end = (start + taken).min(bytes.len());
            bytes.splice(start..end, put);
        }
        let (source, _) = decode("r.toml", bytes);
        read_safely(&RunbookDocument::parse(source.clone()));
        read_safely(&HostsDocument::parse(source));
    }
}
