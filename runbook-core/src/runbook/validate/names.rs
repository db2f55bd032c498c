//! The one namespace: parameters, captures, asked values and the ids of `choose` steps.

use std::rc::Rc;

use indexmap::IndexMap;

use super::Validation;
use crate::base::{RoleName, Span, Spanned, ValueName, ValueType};
use crate::document::{Capture, Entries, OnFailure, OnFailureWord, Param};
use crate::runbook::rules::expression::{Kind, Type};
use crate::runbook::step::Place;

/// Where a name comes from. Steps are numbers, in the order of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::runbook) enum Origin {
    /// A parameter, the how manieth.
    Param(usize),
    /// A capture of a step, the how manieth of it.
    Capture(usize, usize),
    /// Asked of a person in a step, the how manieth of it.
    Asked(usize, usize),
    /// A decision.
    Choice(usize),
}

impl Origin {
    /// The step that delivers it.
    pub(in crate::runbook) fn step(self) -> Option<usize> {
        match self {
            Self::Param(_) => None,
            Self::Capture(step, _) | Self::Asked(step, _) | Self::Choice(step) => Some(step),
        }
    }
}

/// A name.
#[derive(Clone, Debug)]
pub(in crate::runbook) struct Entry {
    pub(in crate::runbook) span: Span,
    pub(in crate::runbook) origin: Origin,
    pub(in crate::runbook) found: Type,
    /// Whether no text of it can change a program it is put into.
    pub(in crate::runbook) inert: bool,
    /// The role with one value a host of it.
    pub(in crate::runbook) per_host: Option<RoleName>,
}

/// Every name, in the order of definition.
#[derive(Debug, Default)]
pub(in crate::runbook) struct Names {
    pub(in crate::runbook) entries: IndexMap<String, Entry>,
}

/// Words that mean something else already.
const RESERVED: [&str; 9] = ["host", "vars", "hosts", "env", "run", "item", "steps", "all", "now"];
const KEYWORDS: [&str; 14] = [
    "goal", "true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if",
    "else",
];

impl Validation<'_> {
    pub(in crate::runbook) fn all_names(&self) -> Names {
        let mut names = Names::default();
        for (at, (name, field)) in entries(self.document.param.value()).enumerate() {
            let span = field.key().unwrap_or_default();
            if let Some(param) = field.value() {
                self.define(&mut names, name, span, param_entry(param, span, Origin::Param(at)));
            }
        }
        for step in 0..self.steps.len() {
            self.names_of_step(step, &mut names);
        }
        names
    }

    fn names_of_step(&self, step: usize, names: &mut Names) {
        let written = self.steps[step].0;
        if let (Some(id), true) = (written.id.written(), !written.choose.is_absent()) {
            let words: Rc<[String]> =
                entries(written.options.value()).map(|(key, _)| key.clone()).collect();
            let found = Type {
                words: Some(words),
                maybe_none: !written.when.is_absent(),
                ..Type::of(Kind::Text)
            };
            let origin = Origin::Choice(step);
            let entry = Entry { span: id.span, origin, found, inert: true, per_host: None };
            self.define(names, &id.value, id.span, entry);
        }
        for (at, (name, field)) in entries(written.capture.value()).enumerate() {
            let span = field.key().unwrap_or_default();
            if let Some(capture) = field.value() {
                let entry = self.capture_entry(step, at, capture, span);
                self.define(names, name, span, entry);
            }
        }
        for (at, (name, field)) in entries(written.ask.value()).enumerate() {
            let span = field.key().unwrap_or_default();
            if let Some(param) = field.value() {
                let mut entry = param_entry(param, span, Origin::Asked(step, at));
                entry.found.maybe_none |= !param.when.is_absent();
                entry.found.maybe_undelivered = self.may_not_deliver(step);
                self.define(names, name, span, entry);
            }
        }
    }

    fn capture_entry(&self, step: usize, at: usize, capture: &Capture, span: Span) -> Entry {
        let (kind, optional, same) = match capture {
            Capture::Type(kind) => (ValueType::named(kind), false, false),
            Capture::Table(table) => (
                type_named(table.kind.value(), table.of.value()),
                table.optional.value().copied().unwrap_or_default(),
                table.same_on_all_hosts.value().copied().unwrap_or_default(),
            ),
        };
        // Of a step that could not be read it is not known where it runs.
        let place =
            self.place_of_step(step).filter(|_| !self.is_broken(self.steps[step].0.extent.0));
        let per_host = match place {
            Some(Place::Role(role)) if !same && !self.is_single(step, &role) => Some(role),
            _ => None,
        };
        Entry {
            span,
            origin: Origin::Capture(step, at),
            found: Type {
                maybe_none: optional,
                maybe_undelivered: self.may_not_deliver(step),
                ..kind.as_ref().map_or_else(Type::any, |kind| Type::of(Kind::from(kind)))
            },
            inert: kind.is_some_and(|kind| kind.is_inert()),
            per_host,
        }
    }

    /// Whether a step may end without being done while what needs it runs.
    pub(in crate::runbook) fn may_not_deliver(&self, step: usize) -> bool {
        let written = self.steps[step].0;
        let from_zero = written.exactly.value().is_some_and(super::hosts::has_zero);
        !written.when.is_absent()
            || !written.skip_if.is_absent()
            || !written.items.is_absent()
            || from_zero
            || written.on_failure.value() == Some(&OnFailure::Word(OnFailureWord::Continue))
    }

    fn define(&self, names: &mut Names, name: &str, span: Span, mut entry: Entry) {
        entry.found.name = Some(name.to_owned());
        if let Err(error) = name.parse::<ValueName>() {
            let complaint = self.complaint("bad-name", error.to_string()).at(span, "");
            self.report(None, complaint.help("rename it"));
            return;
        }
        if RESERVED.contains(&name) || KEYWORDS.contains(&name) || name.starts_with("runbook_") {
            let message = format!("`{name}` already means something else");
            let complaint = self.complaint("reserved-name", message).at(span, "reserved");
            self.report(None, complaint.help("choose another name"));
            return;
        }
        match names.entries.get(name) {
            Some(first) => {
                let message = format!("`{name}` is defined twice");
                let complaint = self.complaint("defined-twice", message).at(span, "again here");
                let help = "parameters, captures, asked values and choices share one namespace";
                self.report(None, complaint.also(first.span, "first here").help(help));
            }
            None => {
                names.entries.insert(name.to_owned(), entry);
            }
        }
    }
}

fn param_entry(param: &Param, span: Span, origin: Origin) -> Entry {
    let kind = type_named(param.kind.value(), param.of.value());
    let choices = param.choices.value().map(|choices| {
        choices.iter().map(|choice| super::text::scalar_text(choice)).collect::<Vec<_>>()
    });
    let words = choices
        .filter(|choices| !choices.is_empty() && kind.as_ref().is_none_or(ValueType::is_text));
    let optional = param.optional.value().copied().unwrap_or_default();
    Entry {
        span,
        origin,
        found: Type {
            words: words.map(Rc::from),
            maybe_none: optional && param.default.is_absent(),
            ..kind.as_ref().map_or_else(Type::any, |kind| Type::of(Kind::from(kind)))
        },
        inert: kind.is_some_and(|kind| kind.is_inert()),
        per_host: None,
    }
}

/// The type of that name, `of` its elements where it is a list.
pub(in crate::runbook) fn type_named(
    kind: Option<&String>,
    of: Option<&String>,
) -> Option<ValueType> {
    match (ValueType::named(kind?)?, of) {
        (ValueType::List(_), Some(of)) => {
            ValueType::named(of).map(|of| ValueType::List(Box::new(of)))
        }
        (kind, _) => Some(kind),
    }
}

/// The entries of a table that may not be there.
pub(in crate::runbook) fn entries<T>(
    table: Option<&Entries<T>>,
) -> impl Iterator<Item = (&String, &crate::document::Field<T>)> {
    table.into_iter().flatten()
}

/// The elements of an array that may not be there.
pub(in crate::runbook) fn elements<T>(list: Option<&crate::document::List<T>>) -> &[Spanned<T>] {
    list.map(|list| list.0.as_slice()).unwrap_or_default()
}
