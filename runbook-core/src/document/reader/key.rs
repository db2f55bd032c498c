//! What is said of a key that is none of its table's: not in this version yet, misplaced, a
//! habit from elsewhere, misspelt, or simply unknown.

use super::habits;
use super::later;
use super::notes::Notes;
use super::place::Place;
use crate::base::{Diagnostic, Span};

/// How many keys are still worth listing.
const LISTED: usize = 12;

/// The complaint about a key that the table does not have.
pub(super) fn unknown(
    key: &str,
    span: Span,
    header: Option<Span>,
    place: &Place<'_>,
    notes: &Notes<'_>,
) -> Diagnostic {
    if let Some(complaint) = later::key(place.kind, key, span) {
        return complaint;
    }
    let message = format!("`{key}` is not a key of {}", called(place.kind));
    let complaint = Diagnostic::error("unknown-key", message);
    let keys = || place.keys.iter().copied().filter(|key| !key.starts_with('$'));
    if let Some(help) = habits::instead_of(place.kind, key) {
        return complaint.at(span, "").help(help);
    }
    // A header names its table by its full path, so it cannot have slipped into the wrong one.
    if header.is_none()
        && let Some(complaint) = misplaced(key, span, place, notes)
    {
        return complaint;
    }
    if let Some(near) = nearest(key, keys()) {
        return complaint.at(span, format!("help: did you mean `{near}`?"));
    }
    if keys().count() > LISTED {
        return complaint.at(span, "").help("`runbook schema` prints every key");
    }
    let listed = keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    complaint.at(span, "").help(format!("its keys are {listed}"))
}

/// The complaint about a key that a table further out has.
fn misplaced(key: &str, span: Span, place: &Place<'_>, notes: &Notes<'_>) -> Option<Diagnostic> {
    let help = misplaced_help(key, span, place, notes)?;
    let (owner, inner) = place.owner_of(key)?;
    let message =
        format!("`{key}` is a key of {}, not of {}", called(owner.kind), called(place.kind));
    let mut complaint = Diagnostic::error("misplaced-key", message).at(span, "").help(help);
    if !place.inline
        && let Some(header) = innermost_header(place, inner)
    {
        let remark = format!("what follows belongs to `{}`", notes.text(header));
        complaint = complaint.also(header, remark);
    }
    Some(complaint)
}

/// Which line to move where, when a table further out has the key.
pub(super) fn misplaced_help(
    key: &str,
    span: Span,
    place: &Place<'_>,
    notes: &Notes<'_>,
) -> Option<String> {
    let (owner, inner) = place.owner_of(key)?;
    let line = notes.line(span);
    if place.inline {
        return Some(format!("move it out of the `{{ }}` it stands in, to {}", called(owner.kind)));
    }
    if place.header.is_none() {
        return Some(format!("write `{key}` without what stands before its dot"));
    }
    if owner.around.is_none() {
        return Some(format!("move line {line} to the top, above the first `[…]`"));
    }
    let header = owner.first_inner_header().into_iter().chain(inner.header).min()?;
    let (text, header_line) = (notes.text(header), notes.line(header));
    Some(format!("move line {line} above `{text}` in line {header_line}"))
}

/// The header nearest to a key, from its own table outwards to `last`.
fn innermost_header(place: &Place<'_>, last: &Place<'_>) -> Option<Span> {
    let mut here = place;
    loop {
        if here.header.is_some() || std::ptr::eq(here, last) {
            return here.header;
        }
        here = here.around?;
    }
}

/// The candidate that was probably meant.
pub(super) fn nearest<'k>(
    word: &str,
    candidates: impl Iterator<Item = &'k str>,
) -> Option<&'k str> {
    let far = (word.chars().count() / 3).max(1);
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= far && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// What a table is called when a person is spoken to.
fn called(kind: &str) -> &str {
    match kind {
        "RunbookDocument" => "a runbook",
        "HostsDocument" => "an inventory",
        "AnswerTable" => "an option",
        "CaptureTable" => "a capture",
        "Check" => "a check",
        "Defaults" => "`[defaults]`",
        "Environment" => "an environment",
        "ExpectTable" => "an `expect`",
        "Host" => "a host",
        "HttpTable" => "a request",
        "Identity" => "the `expect` of a host",
        "LockTable" => "a lock",
        "Param" => "a parameter",
        "RequestTable" => "a request's table, which has only `http`",
        "Retry" => "a `retry`",
        "Role" => "a role",
        "Step" => "a step",
        "SuggestTable" => "a `suggest`",
        "UndoTable" => "an undo",
        _ => "this table",
    }
}
