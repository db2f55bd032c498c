//! An expression: `when`, `where`, `that`. Computes a truth or a value from typed names.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use minijinja::value::ValueKind;

use super::engine::{ENGINE, syntax_error, text_form};
use super::names::{Moment, Names, Reference, variables};
use super::{EvaluationError, SyntaxError};
use crate::base::Value;

/// A compiled expression.
#[derive(Clone)]
pub struct Expression {
    text: Arc<str>,
    compiled: Arc<minijinja::Expression<'static, 'static>>,
    references: Arc<[Reference]>,
}

impl Expression {
    /// Compiles `text`.
    ///
    /// # Errors
    /// When it does not parse.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let compiled = ENGINE
            .compile_expression_owned(text.to_owned())
            .map_err(|error| syntax_error(&error))?;
        let references: BTreeSet<Reference> =
            compiled.undeclared_variables(true).iter().map(|path| Reference::of(path)).collect();
        Ok(Self {
            text: text.into(),
            compiled: Arc::new(compiled),
            references: references.into_iter().collect(),
        })
    }

    /// As written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.text
    }

    /// The names it uses.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// Whether it is true now.
    ///
    /// # Errors
    /// When a name is not known yet or has no value, or when what it computes is no truth value:
    /// nothing is coerced.
    pub fn holds(&self, names: &dyn Names) -> Result<bool, EvaluationError> {
        let value = self.evaluate(names)?;
        match value.kind() {
            ValueKind::Bool => Ok(value.is_true()),
            kind => Err(self.failed(format!("it is a {kind}, not true or false"))),
        }
    }

    /// What it computes, as a value; `None` is `none`.
    ///
    /// # Errors
    /// When a name is not known yet or has no value.
    pub fn value(&self, names: &dyn Names) -> Result<Option<Value>, EvaluationError> {
        let value = self.evaluate(names)?;
        if value.is_undefined() {
            return Err(self.failed("it has no value".to_owned()));
        }
        Ok(from_engine(&value))
    }

    fn evaluate(&self, names: &dyn Names) -> Result<minijinja::Value, EvaluationError> {
        let variables = variables(&self.references, names)?;
        self.compiled.eval(variables).map_err(|error| {
            let why = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
            self.failed(why)
        })
    }

    fn failed(&self, why: String) -> EvaluationError {
        EvaluationError::Failed { text: self.text.to_string(), why }
    }
}

fn from_engine(value: &minijinja::Value) -> Option<Value> {
    if let Some(Moment(time)) = value.downcast_object_ref() {
        return Some(Value::Time(*time));
    }
    Some(match value.kind() {
        ValueKind::None | ValueKind::Undefined => return None,
        ValueKind::Bool => Value::Bool(value.is_true()),
        ValueKind::Number => value.as_i64().map_or_else(
            || Value::Number(f64::try_from(value.clone()).unwrap_or(f64::MAX)),
            Value::Int,
        ),
        ValueKind::Seq | ValueKind::Iterable => Value::List(
            value.try_iter().into_iter().flatten().filter_map(|item| from_engine(&item)).collect(),
        ),
        ValueKind::Map => Value::Json(serde_json::to_value(value).unwrap_or_default()),
        _ => Value::Text(text_form(value)),
    })
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({:?})", self.text)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::Known;
    use super::*;
    use crate::base::ValueType;

    fn names(pairs: &[(&str, ValueType, &str)]) -> BTreeMap<String, Known> {
        let known = |kind: &ValueType, text: &str| Known::Value(kind.parse(text).unwrap());
        pairs.iter().map(|(name, kind, text)| ((*name).to_owned(), known(kind, text))).collect()
    }

    #[test]
    fn nothing_is_coerced_to_a_truth() {
        let names = names(&[("count", ValueType::Int, "1")]);
        assert_eq!(Expression::parse("count == 1").unwrap().holds(&names), Ok(true));
        assert!(Expression::parse("count").unwrap().holds(&names).is_err());
    }

    #[test]
    fn rule_9_what_was_not_delivered_is_an_error_unless_guarded() {
        let nothing = BTreeMap::new();
        assert!(Expression::parse("x == 'a'").unwrap().holds(&nothing).is_err());
        assert_eq!(Expression::parse("x is defined").unwrap().holds(&nothing), Ok(false));
        assert_eq!(Expression::parse("x | default('a') == 'a'").unwrap().holds(&nothing), Ok(true));
    }

    #[test]
    fn rule_9_what_was_not_delivered_is_no_none() {
        let names = BTreeMap::from([("nothing".to_owned(), Known::None)]);
        assert_eq!(Expression::parse("nothing").unwrap().value(&names), Ok(None));
        assert!(Expression::parse("x").unwrap().value(&names).is_err());
    }

    #[test]
    fn rule_9_none_on_purpose_is_not_defined() {
        let none = BTreeMap::from([("x".to_owned(), Known::None)]);
        assert_eq!(Expression::parse("x is defined").unwrap().holds(&none), Ok(false));
        assert_eq!(Expression::parse("x is undefined").unwrap().holds(&none), Ok(true));
    }

    #[test]
    fn rule_18_what_is_not_known_yet_takes_no_branch() {
        let later = BTreeMap::from([("x".to_owned(), Known::NotYet("pull".parse().ok()))]);
        let error = Expression::parse("x == 'a' or true").unwrap().holds(&later).unwrap_err();
        assert_eq!(error.to_string(), "`x` is not known yet: after pull");
    }

    #[test]
    fn times_order_as_times_and_versions_as_versions() {
        let names = names(&[
            ("a", ValueType::Time, "2026-03-01T03:00:00Z"),
            ("b", ValueType::Time, "2026-03-01T03:00:00.5Z"),
            ("v", ValueType::Version, "v1.10.0"),
        ]);
        for text in ["a < b", "v|semver > 'v1.9.9'|semver", "'1.0.0-rc.2'|semver < '1.0.0'|semver"]
        {
            assert_eq!(Expression::parse(text).unwrap().holds(&names), Ok(true), "{text}");
        }
    }
}
