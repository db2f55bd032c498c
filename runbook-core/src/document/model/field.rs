//! A key of a table: not there, there but unreadable, or read. What is below it is not known here.

use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

use crate::base::{Span, Spanned};

/// The name under which the reader knows a field and offers it the place of its key.
pub(in crate::document) const FIELD: &str = "$field";
/// The name under which the reader knows a value that wants its place.
pub(in crate::document) const SPANNED: &str = "$spanned";
/// The name under which the reader knows the place of a whole table.
pub(in crate::document) const EXTENT: &str = "$extent";

/// A key of a table, as it was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Field<T> {
    /// It was not written.
    #[default]
    Absent,
    /// It was written and could not be read; the complaint has been made.
    Broken {
        /// The place of the key.
        key: Span,
    },
    /// It was written.
    Written {
        /// The place of the key.
        key: Span,
        /// What was written, and where.
        value: Spanned<T>,
    },
}

impl<T> Field<T> {
    /// What was written, with its place.
    #[must_use]
    pub const fn written(&self) -> Option<&Spanned<T>> {
        match self {
            Self::Written { value, .. } => Some(value),
            Self::Absent | Self::Broken { .. } => None,
        }
    }

    /// What was written.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Written { value, .. } => Some(&value.value),
            Self::Absent | Self::Broken { .. } => None,
        }
    }

    /// The place of the key, readable value or not.
    #[must_use]
    pub const fn key(&self) -> Option<Span> {
        match self {
            Self::Written { key, .. } | Self::Broken { key } => Some(*key),
            Self::Absent => None,
        }
    }

    /// The place of the value, if it could be read.
    #[must_use]
    pub const fn span(&self) -> Option<Span> {
        match self {
            Self::Written { value, .. } => Some(value.span),
            Self::Absent | Self::Broken { .. } => None,
        }
    }

    /// Whether the key was not written at all: only then is it missing.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple_struct(FIELD, 2, FieldVisitor(PhantomData))
    }
}

struct FieldVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FieldVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value of a key")
    }

    /// An error below ends here: the reader has noted it, and the walk goes on.
    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Field<T>, A::Error> {
        let key = next_span(&mut parts)?;
        Ok(match parts.next_element() {
            Ok(Some(value)) => Field::Written { key, value },
            Ok(None) | Err(_) => Field::Broken { key },
        })
    }
}

impl<T: JsonSchema> JsonSchema for Field<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple_struct(SPANNED, 2, SpannedVisitor(PhantomData))
    }
}

struct SpannedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
    type Value = Spanned<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value and its place")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Spanned<T>, A::Error> {
        let span = next_span(&mut parts)?;
        let value = parts.next_element()?;
        value.map(|value| Spanned::new(value, span)).ok_or_else(no_place)
    }
}

/// The place of a whole table, header, body and the tables below it; `[[step]]` alone is the
/// table's own place. Meant for asking whether anything in it was complained of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent(pub Span);

impl<'de> Deserialize<'de> for Extent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple_struct(EXTENT, 2, ExtentVisitor)
    }
}

struct ExtentVisitor;

impl<'de> Visitor<'de> for ExtentVisitor {
    type Value = Extent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the place of a table")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Extent, A::Error> {
        next_span(&mut parts).map(Extent)
    }
}

/// A place, as the reader hands it over: its first byte and the one past its last.
fn next_span<'de, A: SeqAccess<'de>>(parts: &mut A) -> Result<Span, A::Error> {
    let (start, end) = parts.next_element()?.ok_or_else(no_place)?;
    Ok(Span::new(start, end))
}

fn no_place<E: serde::de::Error>() -> E {
    E::custom("a document is read by its own reader, which knows places")
}
