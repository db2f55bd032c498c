//! The doors of this floor: bytes to text, text to document and complaints.

use std::sync::Arc;

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::model::{HostsDocument, RunbookDocument};
use super::reader::{Node, Notes};
use super::{beyond, syntax};
use crate::base::{Diagnostic, Diagnostics, Source, Span};

/// The newest format that is read.
pub const FORMAT: i64 = 1;

/// A document as far as it could be read, and what was complained of on the way.
#[derive(Clone, Debug)]
#[must_use]
pub struct Parsed<T> {
    /// The text.
    pub source: Arc<Source>,
    /// What was written. Where a key could not be read it is
    /// [`Broken`](super::Field::Broken), never guessed.
    pub document: T,
    /// Every complaint about the form, in the order of the text.
    pub diagnostics: Diagnostics,
    /// Whether the text is TOML of a format this version reads. Otherwise parts of the document
    /// may be absent without a complaint of their own, and nothing may be said of what is missing.
    pub whole: bool,
}

impl RunbookDocument {
    /// Reads a runbook.
    pub fn parse(source: impl Into<Arc<Source>>) -> Parsed<Self> {
        parse(source.into(), |document: &Self| &document.format, beyond::runbook)
    }
}

impl HostsDocument {
    /// Reads an inventory.
    pub fn parse(source: impl Into<Arc<Source>>) -> Parsed<Self> {
        parse(source.into(), |document: &Self| &document.format, |_, _| ())
    }
}

fn parse<T: Default + for<'de> Deserialize<'de>>(
    source: Arc<Source>,
    format: impl Fn(&T) -> &super::Field<i64>,
    beyond_types: impl Fn(&T, &Notes<'_>),
) -> Parsed<T> {
    if let Some(complaint) = syntax::not_text(&source.text) {
        let diagnostics = Diagnostics::from_iter([complaint]);
        return Parsed { source, document: T::default(), diagnostics, whole: false };
    }
    let (tree, errors) = DeTable::parse_recoverable(&source.text);
    let root = DeValue::Table(tree.into_inner());
    let notes = Notes::new(&source);
    let document = T::deserialize(Node::file(&root, Span::default(), &notes)).unwrap_or_default();
    beyond_types(&document, &notes);

    let newer = beyond::newer_format(format(&document));
    let mut whole = errors.is_empty();
    let mut diagnostics = syntax::complaints(&errors, &source.text);
    if let Some(newer) = newer {
        // A newer format has other keys: of those nothing sensible can be said.
        diagnostics.push(newer);
        whole = false;
    } else {
        diagnostics.extend(syntax::elsewhere(notes.into_complaints(), &errors, &source.text));
    }
    Parsed { source, document, diagnostics: diagnostics.sorted(), whole }
}

/// The text of a file. What is not UTF-8 is replaced and complained of; the text then only serves
/// to show where.
pub fn decode(name: impl Into<String>, bytes: Vec<u8>) -> (Source, Diagnostics) {
    let name = name.into();
    match String::from_utf8(bytes) {
        Ok(text) => (Source::new(name, text), Diagnostics::new()),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let place = Span::new(at, at + char::REPLACEMENT_CHARACTER.len_utf8());
            let complaint = Diagnostic::error("not-text", "the file is not UTF-8 text")
                .at(place, format!("byte {at} of the file"))
                .help("save it as UTF-8");
            (Source::new(name, text), Diagnostics::from_iter([complaint]))
        }
    }
}
