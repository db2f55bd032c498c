//! Where in the tree of tables the walk is: the tables around a value, innermost first.

use toml::de::{DeTable, DeValue};

use crate::base::Span;

/// A table and the tables around it.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The type it is to become; empty for a table whose keys are names.
    pub(super) kind: &'static str,
    /// Its keys; none for a table whose keys are names.
    pub(super) keys: &'static [&'static str],
    /// Itself.
    pub(super) table: &'a DeTable<'a>,
    /// Its `[header]`, when it has one.
    pub(super) header: Option<Span>,
    /// Whether it is written as `{ }`.
    pub(super) inline: bool,
    /// The table it stands in.
    pub(super) around: Option<&'a Place<'a>>,
}

impl<'a> Place<'a> {
    /// Whether `key` is one of its keys. What the reader adds itself begins with `$`.
    pub(super) fn knows(&self, key: &str) -> bool {
        !key.starts_with('$') && self.keys.contains(&key)
    }

    /// The nearest table around this one that has the key, and the table within it that leads
    /// here.
    pub(super) fn owner_of(&self, key: &str) -> Option<(&Place<'a>, &Place<'a>)> {
        let mut inner = self;
        while let Some(outer) = inner.around {
            if outer.knows(key) {
                return Some((outer, inner));
            }
            inner = outer;
        }
        None
    }

    /// The first line that opens a table directly inside this one: a key of this table stands
    /// above it.
    pub(super) fn first_inner_header(&self) -> Option<Span> {
        self.table
            .iter()
            .filter_map(|(key, value)| header(key.span().into(), value.get_ref(), value.span()))
            .min()
    }
}

/// The `[header]` of a table, which its key is a part of; a dotted key and `{ }` have none.
pub(super) fn header(key: Span, value: &DeValue<'_>, span: std::ops::Range<usize>) -> Option<Span> {
    let span = Span::from(span);
    let opens = matches!(value, DeValue::Table(_) | DeValue::Array(_));
    (opens && span != key && span.covers(key)).then_some(span)
}

/// The place of a table with all that is below it.
pub(super) fn extent(value: &DeValue<'_>, span: Span) -> Span {
    let end = match value {
        DeValue::Table(table) => {
            table.iter().map(|(_, below)| extent(below.get_ref(), below.span().into()).end).max()
        }
        DeValue::Array(array) => {
            array.iter().map(|below| extent(below.get_ref(), below.span().into()).end).max()
        }
        _ => None,
    };
    Span::new(span.start, end.unwrap_or(span.end).max(span.end))
}
