//! `runbook check`: every complaint about runbooks and inventories, all at once. Executes nothing.

use std::path::{Path, PathBuf};

use runbook_core::base::{Diagnostic, Diagnostics, Label, Severity, Source};
use serde::Serialize;

use crate::catalogue::{PROJECT, Text, read, toml_files};
use crate::cli::{Check, OutputForm};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::inventory::NAME;
use crate::loading;
use crate::session::Session;
use crate::terminal::diagnostics;
use crate::terminal::theme::{GOOD, paint};

/// One file and what is wrong with it.
struct Checked {
    source: std::sync::Arc<Source>,
    diagnostics: Diagnostics,
}

/// Runs the verb.
pub(crate) fn run(check: &Check, session: &Session) -> Result<ExitCode, Failure> {
    let texts = texts(&check.paths, session)?;
    let checked: Vec<Checked> = texts.into_iter().map(|text| one(text, session)).collect();
    let code = match checked.iter().any(|checked| checked.diagnostics.has_errors()) {
        true => ExitCode::Usage,
        false => ExitCode::Success,
    };
    match session.settings.output {
        OutputForm::Human => checked.into_iter().for_each(|checked| tell(checked, session)),
        OutputForm::Json => session.json(&checked.iter().map(FileReport::of).collect::<Vec<_>>()),
        OutputForm::Jsonl => {
            checked.iter().for_each(|checked| session.json_line(&FileReport::of(checked)));
        }
    }
    Ok(code)
}

/// What is to be checked, without any twice.
fn texts(paths: &[PathBuf], session: &Session) -> Result<Vec<Text>, Failure> {
    if paths.is_empty() {
        return project();
    }
    let mut texts = vec![];
    for path in paths {
        if path.is_dir() {
            texts.extend(folder(path)?);
        } else if path.is_file() {
            texts.push(read(path)?);
        } else {
            texts.push(session.catalogue().find(&path.to_string_lossy())?.read()?);
        }
    }
    Ok(texts)
}

/// The project in the current directory.
fn project() -> Result<Vec<Text>, Failure> {
    let mut texts = if Path::new(PROJECT).is_dir() { folder(Path::new(PROJECT))? } else { vec![] };
    if Path::new(NAME).is_file() {
        texts.push(read(Path::new(NAME))?);
    }
    if texts.is_empty() {
        return Err(Failure::usage("there is nothing to check here")
            .line(format!("neither `./{PROJECT}/` nor `./{NAME}`; name a file or a runbook")));
    }
    Ok(texts)
}

fn folder(path: &Path) -> Result<Vec<Text>, Failure> {
    let files = toml_files(path)
        .map_err(|error| Failure::usage(format!("cannot list {}: {error}", path.display())))?;
    files.iter().map(|file| read(file)).collect()
}

fn one(text: Text, session: &Session) -> Checked {
    if is_inventory(&text) {
        let loaded = loading::inventory(text);
        return Checked { source: loaded.source, diagnostics: loaded.diagnostics };
    }
    let loaded = loading::runbook(text, session.today());
    Checked { source: loaded.source, diagnostics: loaded.diagnostics }
}

/// An inventory is known by its name, or by its tables.
fn is_inventory(text: &Text) -> bool {
    if text.name == "hosts" {
        return true;
    }
    let begins =
        |mark: &str| text.source.text.lines().any(|line| line.trim_start().starts_with(mark));
    let of_hosts = ["[env.", "[host.", "[env]", "[host]"].iter().any(|mark| begins(mark));
    of_hosts && !begins("[[step]]") && !begins("title")
}

fn tell(checked: Checked, session: &Session) {
    if checked.diagnostics.is_empty() {
        if !session.settings.quiet {
            session.shell.out(&format!("{}: {}\n", checked.source.name, paint(GOOD, "ok")));
        }
        return;
    }
    session.shell.err(&diagnostics::draw(&checked.source, checked.diagnostics));
}

/// What is wrong with a file, for a program.
#[derive(Serialize)]
struct FileReport<'a> {
    path: &'a str,
    errors: usize,
    warnings: usize,
    diagnostics: Vec<Report<'a>>,
}

#[derive(Serialize)]
struct Report<'a> {
    severity: &'static str,
    code: &'static str,
    message: &'a str,
    place: Option<Place<'a>>,
    help: &'a [String],
}

#[derive(Serialize)]
struct Place<'a> {
    line: usize,
    column: usize,
    text: &'a str,
}

impl<'a> FileReport<'a> {
    fn of(checked: &'a Checked) -> Self {
        let all = &checked.diagnostics;
        Self {
            path: &checked.source.name,
            errors: all.errors(),
            warnings: all.warnings(),
            diagnostics: all.iter().map(|one| Report::of(&checked.source, one)).collect(),
        }
    }
}

impl<'a> Report<'a> {
    fn of(source: &Source, diagnostic: &'a Diagnostic) -> Self {
        let place = |label: &'a Label| {
            let (line, column) = source.line_column(label.span.start);
            Place { line, column, text: &label.text }
        };
        Self {
            severity: match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            code: diagnostic.code,
            message: &diagnostic.message,
            place: diagnostic.primary.as_ref().map(place),
            help: &diagnostic.help,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, text: &str) -> Text {
        let source = Source::new(format!("{name}.toml"), text);
        Text { name: name.to_owned(), source, diagnostics: Diagnostics::new() }
    }

    #[test]
    fn an_inventory_is_known_by_its_name_or_its_tables() {
        assert!(is_inventory(&text("hosts", "")));
        assert!(is_inventory(&text("staging", "format = 1\n[env.test]\n")));
        assert!(is_inventory(&text("staging", "format = 1\n[host.db1]\nssh = \"x\"\n")));
        assert!(!is_inventory(&text("x", "format = 1\ntitle = \"x\"\n")));
        assert!(!is_inventory(&text("x", "title = \"x\"\n[env.oops]\n[[step]]\n")));
    }
}
