//! What the format keeps for a later version, refused by name and with a way to do without it.

use toml::de::DeValue;

use super::node::Node;
use crate::base::{Diagnostic, Span};

/// Keys of a later version: the table, the key, and how to do without it.
const KEYS: &[(&str, &str, &str)] = &[
    ("RunbookDocument", "output", "leave it out: nothing reads it yet"),
    ("RunbookDocument", "report", "ask for it in a `manual` step, with `ask`"),
    ("Param", "secret", WITHOUT_SECRETS),
    ("Param", "from", WITHOUT_SECRETS),
    ("CaptureTable", "secret", WITHOUT_SECRETS),
    ("Step", "use", "write the steps of that runbook here, or run it by itself"),
    ("Step", "with", "it belongs to `use`, which is not in this version either"),
    ("Step", "background", WITHOUT_BACKGROUND),
    ("Step", "ready", WITHOUT_BACKGROUND),
    ("Step", "until", WITHOUT_BACKGROUND),
    ("Step", "upload", "write a small file with a `change` that reads `stdin`, copy others before"),
    ("Step", "download", "print it in a `read` with `keep`, or copy it after the run"),
    ("Step", "each", "loop over `\"$@\"` in the script"),
    ("Step", "many", CHOICE_OF_ITEMS),
    ("Step", "owed_after", "put the step at its place, and the same in the `undo` of the other"),
    ("Step", "on_timeout", "leave it out, and give the step a `timeout` that is long enough"),
    ("Step", "on_cancel", "leave it out, and end what is left over in a later step"),
    ("Step", "secret", WITHOUT_SECRETS),
    ("UndoTable", "use", "write the steps of that runbook as `change`, `destroy` or `manual`"),
];

const WITHOUT_SECRETS: &str = "let the script read it where it runs, from a file that is there";
const WITHOUT_BACKGROUND: &str =
    "start it with a `change` as a service of its own, and stop it in a later step";
/// Instead of letting a person pick a line.
pub(in crate::document) const CHOICE_OF_ITEMS: &str =
    "write the `options`, or ask for the value with `ask` and a `suggest`";

/// The complaint about something of a later version.
pub(in crate::document) fn not_yet(what: &str, span: Span, instead: &str) -> Diagnostic {
    Diagnostic::error("not-in-this-version", format!("{what} is not in this version yet"))
        .at(span, "")
        .help(instead)
}

/// Of a key.
pub(super) fn key(kind: &str, key: &str, span: Span) -> Option<Diagnostic> {
    let (_, _, instead) = KEYS.iter().find(|later| later.0 == kind && later.1 == key)?;
    Some(not_yet(&format!("`{key}`"), span, instead))
}

/// Of a form.
pub(super) fn form(name: &str, node: &Node<'_>) -> Option<Diagnostic> {
    match (name, node.value) {
        ("Shell", DeValue::Array(_)) => {
            let instead = "write the whole as an argv, and the script as its `stdin`";
            Some(not_yet("a `shell` of your own", node.span, instead))
        }
        _ => None,
    }
}
