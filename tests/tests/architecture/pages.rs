//! What the pages say is so: links lead somewhere, commands exist, examples are what they are called,
//! and every sentence of the promise has tests. Must not know what the promise is.

use std::collections::BTreeSet;
use std::path::Path;

use runbook_core::document::{HostsDocument, RunbookDocument};
use runbook_core::plan::Inventory;
use runbook_core::runbook::Runbook;

use crate::paths::code;
use crate::sources::{Source, rust, under};
use crate::words::own_words;

fn page(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(path).expect("a page")
}

#[test]
fn the_links_of_a_page_lead_to_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut broken = Vec::new();
    for page in own_words().into_iter().filter(|source| source.has_extension("md")) {
        let folder = root.join(&page.path).parent().expect("a folder").to_owned();
        for target in page.text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") && !folder.join(file).exists() {
                broken.push(format!("{}: {target}", page.path));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

/// The words that follow `runbook` where a command is quoted in a text.
fn quoted_commands(text: &str) -> impl Iterator<Item = &str> {
    let word = |rest: &'_ str| rest.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(rest.len());
    text.split("`runbook ").skip(1).map(move |rest| &rest[..word(rest)]).filter(|w| !w.is_empty())
}

#[test]
fn no_text_names_a_command_that_does_not_exist() {
    let verbs = under("runbook-cli/src/commands");
    let verbs: Vec<String> = verbs
        .iter()
        .filter_map(|source| source.path.rsplit('/').next()?.strip_suffix(".rs"))
        .map(str::to_owned)
        .collect();
    assert!(verbs.contains(&"run".to_owned()), "{verbs:?}");
    let folders = ["runbook-core/src", "runbook-cli/src", "runbooks", "docs"];
    let mut sources: Vec<Source> = folders.into_iter().flat_map(under).collect();
    sources.extend(own_words().into_iter().filter(|s| s.has_extension("md")));
    let unknown: Vec<String> = sources
        .iter()
        .flat_map(|source| quoted_commands(&source.text).map(move |word| (source, word)))
        .filter(|(_, word)| !verbs.iter().any(|verb| verb == word))
        .map(|(source, word)| format!("{}: runbook {word}", source.path))
        .collect();
    assert_eq!(unknown, Vec::<String>::new());
    assert_eq!(quoted_commands("then `runbook resume r8F3`").collect::<Vec<_>>(), ["resume"]);
}

/// The whole files among the TOML examples of a page.
fn files(page: &str) -> Vec<String> {
    let blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| block.starts_with("format = 1")).map(str::to_owned).collect()
}

/// What is complained of in an example, which is a runbook or an inventory.
fn complaints(text: &str) -> Vec<String> {
    let source = runbook_core::base::Source::new("example.toml", text);
    let mut all = Vec::new();
    if text.contains("[[step]]") {
        let parsed = RunbookDocument::parse(source);
        let (runbook, found) = Runbook::validate(&parsed, "example");
        all.extend(parsed.diagnostics.iter().chain(found.iter()).map(ToString::to_string));
        assert!(runbook.is_some() || !all.is_empty(), "no runbook and no complaint");
    } else {
        let parsed = HostsDocument::parse(source);
        let (inventory, found) = Inventory::validate(&parsed.document);
        all.extend(parsed.diagnostics.iter().chain(found.iter()).map(ToString::to_string));
        assert!(inventory.is_some() || !all.is_empty(), "no inventory and no complaint");
    }
    all
}

#[test]
fn every_example_that_is_a_whole_file_is_without_complaint() {
    for path in ["README.md", "docs/format.md"] {
        let files = files(&page(path));
        assert!(files.len() >= 2, "{path} shows a runbook and an inventory");
        for file in files {
            assert_eq!(complaints(&file), Vec::<String>::new(), "{path}: {file}");
        }
    }
}

#[test]
fn every_sentence_of_the_promise_has_tests_that_exist() {
    let contributing = page("CONTRIBUTING.md");
    let (_, after) = contributing.split_once("## The promise and its tests").expect("the table");
    let (table, _) = after.split_once("\n## ").expect("the end of the table");
    let crates = ["runbook-core", "runbook-cli", "tests"].into_iter().flat_map(rust);
    let all: String = crates.map(|source| code(&source.text)).collect();
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    assert!(rows.len() >= 8, "{rows:?}");
    let mut missing = BTreeSet::new();
    for row in rows {
        let (_, tests) = row.trim_matches('|').split_once('|').expect("a sentence and its tests");
        let mut names = tests.split('`').skip(1).step_by(2).filter(|n| n.contains('_')).peekable();
        assert!(names.peek().is_some(), "no test: {row}");
        missing.extend(names.filter(|name| !all.contains(&format!("fn {name}("))));
    }
    assert_eq!(missing, BTreeSet::new());
}
