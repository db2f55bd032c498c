//! The keys of a table, handed to serde one by one in the order of the text.

use std::iter::Peekable;
use std::vec::IntoIter;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::error::Unreadable;
use super::key;
use super::node::{Node, PlaceAndValue, word};
use super::notes::Notes;
use super::place::Place;
use crate::base::Span;
use crate::document::model::EXTENT;

type Entry<'a> = (&'a Spanned<DeString<'a>>, &'a Spanned<DeValue<'a>>);

/// The parser's map promises no order; places do.
fn in_order<'a>(table: &'a DeTable<'a>) -> Vec<Entry<'a>> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// The entries of a table whose keys are names.
pub(super) struct NamedEntries<'a> {
    place: &'a Place<'a>,
    notes: &'a Notes<'a>,
    entries: Peekable<IntoIter<Entry<'a>>>,
}

impl<'a> NamedEntries<'a> {
    pub(super) fn new(place: &'a Place<'a>, notes: &'a Notes<'a>) -> Self {
        Self { place, notes, entries: in_order(place.table).into_iter().peekable() }
    }
}

impl<'de> MapAccess<'de> for NamedEntries<'_> {
    type Error = Unreadable;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Unreadable> {
        let Some((key, _)) = self.entries.peek() else { return Ok(None) };
        seed.deserialize(word(key.get_ref())).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, Unreadable> {
        let entry = self.entries.next().ok_or_else(out_of_turn)?;
        seed.deserialize(Node::of_key(entry, self.place, self.notes))
    }
}

/// The entries of a table whose keys are fixed; of any other key it is said that it is none.
pub(super) struct StructEntries<'a> {
    known: NamedEntries<'a>,
    extent: Option<Span>,
}

impl<'a> StructEntries<'a> {
    pub(super) fn new(place: &'a Place<'a>, extent: Option<Span>, notes: &'a Notes<'a>) -> Self {
        let mut entries = in_order(place.table);
        entries.retain(|(key, value)| {
            let known = place.knows(key.get_ref());
            if !known {
                let header = super::place::header(key.span().into(), value.get_ref(), value.span());
                notes.add(key::unknown(key.get_ref(), key.span().into(), header, place, notes));
            }
            known
        });
        let entries = entries.into_iter().peekable();
        Self { known: NamedEntries { place, notes, entries }, extent }
    }
}

impl<'de> MapAccess<'de> for StructEntries<'_> {
    type Error = Unreadable;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Unreadable> {
        if self.known.entries.peek().is_none() && self.extent.is_some() {
            return seed.deserialize(word(EXTENT)).map(Some);
        }
        self.known.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, Unreadable> {
        if self.known.entries.peek().is_some() {
            return self.known.next_value_seed(seed);
        }
        seed.deserialize(ExtentOf(self.extent.take().ok_or_else(out_of_turn)?))
    }
}

fn out_of_turn() -> Unreadable {
    serde::de::Error::custom("a value is asked for after its key")
}

/// The place of a whole table, where a value could stand.
struct ExtentOf(Span);

impl<'de> Deserializer<'de> for ExtentOf {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_seq(PlaceAndValue { span: Some(self.0), value: None })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}
