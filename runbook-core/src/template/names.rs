//! What names stand for. Who knows them, and when, is decided above.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use minijinja::value::{DynObject, Object};

use super::EvaluationError;
use crate::base::{StepId, Value};

/// A name as a template or expression uses it: `tag`, `steps.up.done`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The first word.
    pub root: String,
    /// The words after it.
    pub rest: Vec<String>,
}

impl Reference {
    /// Splits `steps.up.done`.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let mut words = path.split('.').map(str::to_owned);
        Self { root: words.next().unwrap_or_default(), rest: words.collect() }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.root)?;
        self.rest.iter().try_for_each(|word| write!(f, ".{word}"))
    }
}

/// What a name stands for at this moment.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// A value.
    Value(Value),
    /// Nothing on purpose: an optional value that was not given, a choice that was skipped.
    None,
    /// Several, by name: `vars`, `all`, a capture seen from outside its hosts.
    Map(BTreeMap<String, Known>),
    /// Several, in order: `hosts.ROLE`.
    List(Vec<Known>),
    /// Its step did not end done: an error unless guarded.
    Undelivered,
    /// Its step was not run yet, and may be.
    NotYet(Option<StepId>),
}

/// Who knows names.
pub trait Names {
    /// What `reference` stands for. For a structure (`steps`, `all`, `vars`) the whole of it is
    /// answered, unless the part that is meant is not known yet.
    fn known(&self, reference: &Reference) -> Known;
}

impl Names for BTreeMap<String, Known> {
    fn known(&self, reference: &Reference) -> Known {
        self.get(&reference.root).cloned().unwrap_or(Known::Undelivered)
    }
}

impl Known {
    /// As the expression language sees it; `None` where a name is undefined.
    pub(super) fn to_engine(&self) -> Option<minijinja::Value> {
        Some(match self {
            Self::Value(value) => value_to_engine(value),
            Self::None => minijinja::Value::from(()),
            Self::Map(map) => map
                .iter()
                .filter_map(|(key, known)| Some((key.clone(), known.to_engine()?)))
                .collect::<BTreeMap<_, _>>()
                .into(),
            Self::List(list) => list.iter().filter_map(Self::to_engine).collect::<Vec<_>>().into(),
            Self::Undelivered | Self::NotYet(_) => return None,
        })
    }
}

fn value_to_engine(value: &Value) -> minijinja::Value {
    match value {
        Value::Text(text) => text.as_str().into(),
        Value::Int(int) => (*int).into(),
        Value::Number(number) => (*number).into(),
        Value::Bool(flag) => (*flag).into(),
        Value::Duration(duration) if duration.subsec_nanos() == 0 => duration.as_secs().into(),
        Value::Duration(duration) => duration.as_secs_f64().into(),
        Value::Bytes(bytes) => (*bytes).into(),
        Value::Time(time) => minijinja::Value::from_object(Moment(*time)),
        Value::List(items) => items.iter().map(value_to_engine).collect::<Vec<_>>().into(),
        Value::Json(json) => minijinja::Value::from(minijinja::value::Serde(json.clone())),
    }
}

/// A point in time that orders as one and prints as RFC 3339.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(pub(super) Timestamp);

impl Object for Moment {
    fn repr(self: &Arc<Self>) -> minijinja::value::ObjectRepr {
        minijinja::value::ObjectRepr::Plain
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<std::cmp::Ordering> {
        other.downcast_ref::<Self>().map(|other| self.0.cmp(&other.0))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The variables an evaluation gets: every referenced root that is known.
pub(super) fn variables(
    references: &[Reference],
    names: &dyn Names,
) -> Result<BTreeMap<String, minijinja::Value>, EvaluationError> {
    let mut variables = BTreeMap::new();
    for reference in references {
        match names.known(reference) {
            Known::NotYet(after) => {
                return Err(EvaluationError::NotKnownYet { name: reference.to_string(), after });
            }
            known => variables.extend(known.to_engine().map(|v| (reference.root.clone(), v))),
        }
    }
    Ok(variables)
}
