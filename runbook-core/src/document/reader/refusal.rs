//! What is said of a value that has another form than its key wants, and what to write instead.

use toml::de::DeValue;

use super::error::Unreadable;
use super::key::misplaced_help;
use super::node::{Called, Node};
use super::union;
use crate::base::Diagnostic;

/// The form of a table whose keys are names.
pub(super) const NAMED: &str = "a table of names";
/// Keys whose value is a duration, which people write as a bare number.
const DURATIONS: &[&str] = &["timeout", "within", "every", "hold", "wait", "takes", "review_every"];

impl Node<'_> {
    /// The complaint that this value is not of the form that is wanted.
    pub(super) fn refuse(&self, wanted: &str) -> Unreadable {
        let found = union::form(self.value);
        let several = if self.or_several { ", or an array of them" } else { "" };
        let called = match self.called {
            Called::File => "the file".to_owned(),
            Called::Key(key) => format!("`{key}`"),
            Called::ElementOf(key) => format!("an element of `{key}`"),
        };
        let message = format!("{called} must be {wanted}{several}, not {found}");
        let mut complaint = Diagnostic::error("wrong-type", message).at(self.span, found);
        if let Some(help) = self.way_out(wanted) {
            complaint = complaint.help(help);
        }
        self.note(complaint)
    }

    /// What to write instead, where it can be told.
    fn way_out(&self, wanted: &str) -> Option<String> {
        let text = self.notes.text(self.span);
        match (self.value, self.called) {
            (DeValue::Table(_), Called::Key(key)) if wanted.contains("an array") => {
                text.starts_with('[').then(|| format!("write `[[{key}]]`, with two brackets"))
            }
            (DeValue::Array(_), Called::Key(key)) if text.starts_with("[[") => Some(match wanted {
                NAMED => format!("write `[{key}.NAME]`, with one bracket and a name"),
                _ => format!("write `[{key}]`, with one bracket"),
            }),
            (DeValue::Table(_) | DeValue::Array(_), _) => None,
            (_, Called::Key(key)) if wanted.contains("a table") => self.slipped(key),
            (DeValue::String(_), _) if wanted == "an array" => {
                Some("put it in brackets".to_owned())
            }
            (DeValue::String(plain), _) if !wanted.contains("a string") => {
                let parses = plain.parse::<i64>().is_ok() || plain.parse::<bool>().is_ok();
                parses.then(|| format!("leave the quotes out: `{plain}`"))
            }
            (DeValue::Integer(_), Called::Key(key)) if DURATIONS.contains(&key) => {
                Some(format!("write a unit: `\"{text}s\"`"))
            }
            _ if wanted.starts_with("a string") => Some(format!("put it in quotes: `\"{text}\"`")),
            _ => None,
        }
    }

    /// In a table of names any key is a name, also one that slipped in from further out.
    fn slipped(&self, key: &str) -> Option<String> {
        let around = self.around.filter(|around| around.keys.is_empty())?;
        misplaced_help(key, self.key, around, self.notes)
    }
}
