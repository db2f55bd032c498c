//! A value that may have one of several forms, and a value that is one of several words. Both are
//! enums of the model; which variant it is, is decided here.

use serde::de::value::StringDeserializer;
use serde::de::{DeserializeSeed, EnumAccess, IntoDeserializer, VariantAccess, Visitor};
use toml::de::DeValue;

use super::error::Unreadable;
use super::key::nearest;
use super::later;
use super::node::{Node, word};
use crate::base::Diagnostic;

/// The form of a value, as a complaint names it and the model names its variants.
pub(super) const fn form(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "a bool",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// The variant that stands for a value which is of no form that has one of its own.
const OTHERWISE: &str = "one";

/// Which of the variants a value is.
pub(super) fn variant_of(
    node: &Node<'_>,
    name: &str,
    variants: &'static [&'static str],
) -> Result<&'static str, Unreadable> {
    let form = form(node.value);
    let of_that_form = |variant: &&&str| {
        variant.split_once(" (").map_or(**variant, |(form, _what_it_is)| form) == form
    };
    if let Some(variant) = variants.iter().find(of_that_form) {
        return Ok(variant);
    }
    if let Some(otherwise) = variants.iter().find(|variant| **variant == OTHERWISE) {
        return Ok(otherwise);
    }
    if let Some(complaint) = later::form(name, node) {
        return Err(node.note(complaint));
    }
    if variants.iter().any(|variant| variant.starts_with("a ") || variant.starts_with("an ")) {
        return Err(node.refuse(&one_of(variants.iter().map(|variant| (*variant).to_owned()))));
    }
    match node.value {
        DeValue::String(text) => word_of(node, text, variants),
        _ => Err(node.refuse(&quoted(variants))),
    }
}

fn word_of(
    node: &Node<'_>,
    text: &str,
    variants: &'static [&'static str],
) -> Result<&'static str, Unreadable> {
    if let Some(variant) = variants.iter().find(|variant| **variant == text) {
        return Ok(variant);
    }
    let remark = nearest(text, variants.iter().copied())
        .map_or_else(String::new, |near| format!("help: did you mean `{near}`?"));
    let message = format!("`{text}` is not {}", quoted(variants));
    Err(node.note(Diagnostic::error("unknown-word", message).at(node.span, remark)))
}

fn quoted(words: &[&str]) -> String {
    one_of(words.iter().map(|word| format!("`{word}`")))
}

/// `a, b or c`.
fn one_of(names: impl Iterator<Item = String>) -> String {
    let names: Vec<_> = names.collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The variant a value is, and the value.
pub(super) struct Chosen<'a> {
    pub(super) variant: &'static str,
    pub(super) node: Node<'a>,
}

impl<'de> EnumAccess<'de> for Chosen<'_> {
    type Error = Unreadable;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self), Unreadable> {
        Ok((seed.deserialize(word(self.variant))?, self))
    }
}

impl<'de> VariantAccess<'de> for Chosen<'_> {
    type Error = Unreadable;

    fn unit_variant(self) -> Result<(), Unreadable> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<S::Value, Unreadable> {
        if let DeValue::Datetime(date) = self.node.value {
            let text: StringDeserializer<Unreadable> = date.to_string().into_deserializer();
            return seed.deserialize(text);
        }
        let or_several = self.variant == OTHERWISE;
        seed.deserialize(Node { or_several, ..self.node })
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unreadable> {
        serde::Deserializer::deserialize_seq(self.node, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        serde::Deserializer::deserialize_map(self.node, visitor)
    }
}
