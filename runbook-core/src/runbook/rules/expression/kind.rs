//! What an expression computes.

use std::rc::Rc;

use crate::base::ValueType;

/// The sort of a value. Text types are one sort: they compare with each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::runbook) enum Kind {
    /// Not known when the runbook is loaded.
    Any,
    /// `none` itself.
    None,
    /// Yes or no.
    Bool,
    /// A whole number.
    Int,
    /// A decimal number.
    Number,
    /// Any text type.
    Text,
    /// A duration.
    Duration,
    /// A size.
    Bytes,
    /// A point in time.
    Time,
    /// A version, made comparable by `semver`.
    Semver,
    /// Several.
    List(Box<Type>),
    /// Several, by name.
    Map(Box<Type>),
}

impl Kind {
    /// Its name, for a person.
    pub(in crate::runbook) fn name(&self) -> String {
        match self {
            Self::Any => "a value".to_owned(),
            Self::None => "`none`".to_owned(),
            Self::Bool => "a bool".to_owned(),
            Self::Int => "a whole number".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Text => "a text".to_owned(),
            Self::Duration => "a duration".to_owned(),
            Self::Bytes => "a size in bytes".to_owned(),
            Self::Time => "a time".to_owned(),
            Self::Semver => "a semantic version".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) => "a map".to_owned(),
        }
    }

    /// Whether `<` means something.
    pub(super) fn is_ordered(&self) -> bool {
        matches!(
            self,
            Self::Any
                | Self::Int
                | Self::Number
                | Self::Duration
                | Self::Bytes
                | Self::Time
                | Self::Semver
        )
    }

    /// Whether the two may be compared at all.
    pub(super) fn compares_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any | Self::None, _)
            | (_, Self::Any | Self::None)
            | (Self::Int | Self::Number, Self::Int | Self::Number) => true,
            (Self::List(one), Self::List(two)) | (Self::Map(one), Self::Map(two)) => {
                one.kind.compares_with(&two.kind)
            }
            _ => self == other,
        }
    }
}

/// The type of a value, and what may be missing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::runbook) struct Type {
    /// Its sort.
    pub(in crate::runbook) kind: Kind,
    /// The only words it can be, where they are known.
    pub(in crate::runbook) words: Option<Rc<[String]>>,
    /// Whether it may be `none`.
    pub(in crate::runbook) maybe_none: bool,
    /// Whether its step may end without delivering it.
    pub(in crate::runbook) maybe_undelivered: bool,
    /// The name it was read from.
    pub(in crate::runbook) name: Option<String>,
}

impl Type {
    pub(in crate::runbook) fn of(kind: Kind) -> Self {
        Self { kind, words: None, maybe_none: false, maybe_undelivered: false, name: None }
    }

    pub(in crate::runbook) fn any() -> Self {
        Self::of(Kind::Any)
    }

    pub(in crate::runbook) fn list_of(element: Self) -> Self {
        Self::of(Kind::List(Box::new(element)))
    }

    /// The element of a list or map.
    pub(super) fn element(&self) -> Self {
        match &self.kind {
            Kind::List(element) | Kind::Map(element) => (**element).clone(),
            _ => Self::any(),
        }
    }

    /// The same value, certainly there.
    pub(super) fn certain(mut self) -> Self {
        self.maybe_none = false;
        self.maybe_undelivered = false;
        self
    }
}

impl From<&ValueType> for Kind {
    fn from(kind: &ValueType) -> Self {
        match kind {
            ValueType::Int => Self::Int,
            ValueType::Number => Self::Number,
            ValueType::Bool => Self::Bool,
            ValueType::Duration => Self::Duration,
            ValueType::Bytes => Self::Bytes,
            ValueType::Time => Self::Time,
            ValueType::List(of) => Self::List(Box::new(Type::of(Self::from(&**of)))),
            ValueType::Json => Self::Any,
            _ => Self::Text,
        }
    }
}
