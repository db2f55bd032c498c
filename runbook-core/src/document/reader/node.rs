//! One value of the tree, as serde's deserializer: the forms it may have, and what is said when it
//! has another.

use serde::de::value::{SeqDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use toml::de::{DeArray, DeTable, DeValue};

use super::entries::{NamedEntries, StructEntries};
use super::error::Unreadable;
use super::notes::Notes;
use super::place::{self, Place};
use super::refusal::NAMED;
use super::union;
use crate::base::{Diagnostic, Span};
use crate::document::model::{EXTENT, FIELD, SPANNED};

/// What a complaint calls a value.
#[derive(Clone, Copy)]
pub(super) enum Called<'a> {
    /// The file as a whole.
    File,
    /// The value of this key.
    Key(&'a str),
    /// An element of the value of this key.
    ElementOf(&'a str),
}

/// A value of the tree, and all that is known of where it stands.
#[derive(Clone, Copy)]
pub(in crate::document) struct Node<'a> {
    pub(super) value: &'a DeValue<'a>,
    pub(super) span: Span,
    /// The place of its key; its own where it has none.
    pub(super) key: Span,
    pub(super) called: Called<'a>,
    /// Whether an array of such values could stand here too.
    pub(super) or_several: bool,
    pub(super) around: Option<&'a Place<'a>>,
    pub(super) notes: &'a Notes<'a>,
}

impl<'a> Node<'a> {
    /// The whole file.
    pub(in crate::document) const fn file(
        value: &'a DeValue<'a>,
        span: Span,
        notes: &'a Notes<'a>,
    ) -> Self {
        let called = Called::File;
        Self { value, span, key: span, called, or_several: false, around: None, notes }
    }

    /// The value of a key of the table `around`.
    pub(super) fn of_key(
        (key, value): (&'a toml::Spanned<toml::de::DeString<'a>>, &'a toml::Spanned<DeValue<'a>>),
        around: &'a Place<'a>,
        notes: &'a Notes<'a>,
    ) -> Self {
        let (key_span, value_span) = (Span::from(key.span()), Span::from(value.span()));
        // After a syntax error a value may have no place.
        let span = if value_span.start == value_span.end { key_span } else { value_span };
        let called = Called::Key(key.get_ref());
        let value = value.get_ref();
        Self { value, span, key: key_span, called, or_several: false, around: Some(around), notes }
    }

    fn element(&self, element: &'a toml::Spanned<DeValue<'a>>) -> Self {
        let span = Span::from(element.span());
        let called = match self.called {
            Called::Key(key) | Called::ElementOf(key) => Called::ElementOf(key),
            Called::File => Called::File,
        };
        Self { value: element.get_ref(), span, key: span, called, or_several: false, ..*self }
    }

    /// The table this value is, as the place of what it holds.
    pub(super) fn place(
        &self,
        kind: &'static str,
        keys: &'static [&'static str],
        table: &'a DeTable<'a>,
    ) -> Place<'a> {
        let header = match self.called {
            // Of `[[step]]` every element is its own header.
            Called::ElementOf(_) => {
                self.notes.text(self.span).starts_with("[[").then_some(self.span)
            }
            Called::Key(_) | Called::File => {
                place::header(self.key, self.value, self.span.start..self.span.end)
            }
        };
        let inline = self.notes.text(self.span).starts_with('{');
        Place { kind, keys, table, header, inline, around: self.around }
    }

    /// Makes the complaint of an error that nobody has noted yet.
    pub(super) fn settle<T>(&self, result: Result<T, Unreadable>) -> Result<T, Unreadable> {
        result.map_err(|error| match error {
            Unreadable::Noted => Unreadable::Noted,
            Unreadable::Because(message) => {
                self.note(Diagnostic::error("wrong-type", message).at(self.span, ""))
            }
        })
    }

    pub(super) fn note(&self, complaint: Diagnostic) -> Unreadable {
        self.notes.add(complaint);
        Unreadable::Noted
    }

    fn integer(&self, wanted: &str) -> Result<i64, Unreadable> {
        let DeValue::Integer(integer) = self.value else { return Err(self.refuse(wanted)) };
        i64::from_str_radix(integer.as_str(), integer.radix()).map_err(|_| {
            let message = format!("`{integer}` does not fit: whole numbers have 64 bits");
            self.note(Diagnostic::error("out-of-range", message).at(self.span, ""))
        })
    }

    /// A whole number no smaller than `least` and no greater than `greatest`.
    fn integer_within(&self, least: i64, greatest: i64) -> Result<i64, Unreadable> {
        let integer = self.integer("a whole number")?;
        if (least..=greatest).contains(&integer) {
            return Ok(integer);
        }
        let message = format!("`{integer}` is out of range");
        let range = format!("a whole number from {least} to {greatest}");
        Err(self.note(Diagnostic::error("out-of-range", message).at(self.span, range)))
    }

    fn array(&self) -> Result<&'a DeArray<'a>, Unreadable> {
        match self.value {
            DeValue::Array(array) => Ok(array),
            _ => Err(self.refuse("an array")),
        }
    }

    fn table(&self, wanted: &str) -> Result<&'a DeTable<'a>, Unreadable> {
        match self.value {
            DeValue::Table(table) => Ok(table),
            _ => Err(self.refuse(wanted)),
        }
    }
}

impl<'de> Deserializer<'de> for Node<'_> {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.value {
            DeValue::String(_) | DeValue::Datetime(_) => self.deserialize_str(visitor),
            DeValue::Integer(_) => self.deserialize_i64(visitor),
            DeValue::Float(_) => self.deserialize_f64(visitor),
            DeValue::Boolean(_) => self.deserialize_bool(visitor),
            DeValue::Array(_) => self.deserialize_seq(visitor),
            DeValue::Table(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.value {
            DeValue::String(text) => self.settle(visitor.visit_str(text)),
            _ => Err(self.refuse("a string")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.value {
            DeValue::Boolean(flag) => self.settle(visitor.visit_bool(*flag)),
            _ => Err(self.refuse("`true` or `false`")),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let integer = self.integer("a whole number")?;
        self.settle(visitor.visit_i64(integer))
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let integer = self.integer_within(i32::MIN.into(), i32::MAX.into())?;
        self.settle(visitor.visit_i64(integer))
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let integer = self.integer_within(0, u32::MAX.into())?;
        self.settle(visitor.visit_i64(integer))
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let integer = self.integer_within(0, u16::MAX.into())?;
        self.settle(visitor.visit_i64(integer))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let DeValue::Float(float) = self.value else { return Err(self.refuse("a number")) };
        match float.as_str().parse::<f64>() {
            Ok(number) if number.is_finite() => self.settle(visitor.visit_f64(number)),
            _ => {
                let message = format!("`{float}` is not a finite number");
                Err(self.note(Diagnostic::error("out-of-range", message).at(self.span, "")))
            }
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let elements = self.array()?.iter();
        self.settle(visitor.visit_seq(Elements { array: self, elements }))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let place = self.place("", &[], self.table(NAMED)?);
        self.settle(visitor.visit_map(NamedEntries::new(&place, self.notes)))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let place = self.place(name, fields, self.table("a table")?);
        let extent = fields.contains(&EXTENT).then(|| place::extent(self.value, self.span));
        self.settle(visitor.visit_map(StructEntries::new(&place, extent, self.notes)))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let variant = union::variant_of(&self, name, variants)?;
        self.settle(visitor.visit_enum(union::Chosen { variant, node: self }))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _parts: usize,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let span = match name {
            FIELD => self.key,
            SPANNED => self.span,
            _ => return self.deserialize_any(visitor),
        };
        self.settle(visitor.visit_seq(PlaceAndValue { span: Some(span), value: Some(self) }))
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i128 u8 u64 u128 f32 char bytes byte_buf option unit unit_struct newtype_struct
        tuple identifier ignored_any
    }
}

/// The elements of an array.
struct Elements<'a> {
    array: Node<'a>,
    elements: std::slice::Iter<'a, toml::Spanned<DeValue<'a>>>,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Unreadable;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Unreadable> {
        let Some(element) = self.elements.next() else { return Ok(None) };
        seed.deserialize(self.array.element(element)).map(Some)
    }
}

/// A place, then the value that stands there.
pub(super) struct PlaceAndValue<'a> {
    pub(super) span: Option<Span>,
    pub(super) value: Option<Node<'a>>,
}

impl<'de> SeqAccess<'de> for PlaceAndValue<'_> {
    type Error = Unreadable;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Unreadable> {
        if let Some(span) = self.span.take() {
            let bounds = SeqDeserializer::<_, Unreadable>::new([span.start, span.end].into_iter());
            return seed.deserialize(bounds).map(Some);
        }
        let Some(node) = self.value.take() else { return Ok(None) };
        node.settle(seed.deserialize(node)).map(Some)
    }
}

/// A word, as serde reads the name of a key or a variant.
pub(super) fn word(text: &str) -> StrDeserializer<'_, Unreadable> {
    serde::de::IntoDeserializer::into_deserializer(text)
}
