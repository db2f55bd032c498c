//! What filters take and give. A filter that is not here does not exist.

use super::{Kind, Type};

/// What a filter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Anything.
    Any,
    /// Text.
    Text,
    /// Something with elements.
    Several,
    /// A number.
    Number,
}

/// Every filter there is: the own ones first, then those of the expression language.
pub(super) const FILTERS: [(&str, Takes); 46] = [
    ("matches", Takes::Text),
    ("semver", Takes::Text),
    ("json", Takes::Text),
    ("lines", Takes::Text),
    ("bytes", Takes::Text),
    ("duration", Takes::Text),
    ("default", Takes::Any),
    ("d", Takes::Any),
    ("length", Takes::Any),
    ("count", Takes::Any),
    ("max", Takes::Several),
    ("min", Takes::Several),
    ("sum", Takes::Several),
    ("first", Takes::Any),
    ("last", Takes::Any),
    ("unique", Takes::Several),
    ("sort", Takes::Several),
    ("reverse", Takes::Any),
    ("list", Takes::Any),
    ("join", Takes::Several),
    ("map", Takes::Several),
    ("select", Takes::Several),
    ("reject", Takes::Several),
    ("selectattr", Takes::Several),
    ("rejectattr", Takes::Several),
    ("groupby", Takes::Several),
    ("batch", Takes::Several),
    ("slice", Takes::Several),
    ("chain", Takes::Several),
    ("zip", Takes::Several),
    ("items", Takes::Any),
    ("dictsort", Takes::Any),
    ("attr", Takes::Any),
    ("lower", Takes::Text),
    ("upper", Takes::Text),
    ("title", Takes::Text),
    ("capitalize", Takes::Text),
    ("trim", Takes::Text),
    ("replace", Takes::Text),
    ("split", Takes::Text),
    ("indent", Takes::Text),
    ("string", Takes::Any),
    ("int", Takes::Any),
    ("float", Takes::Any),
    ("abs", Takes::Number),
    ("round", Takes::Number),
];

/// The tests there are: `x is defined`.
pub(super) const TESTS: [&str; 27] = [
    "defined",
    "undefined",
    "none",
    "odd",
    "even",
    "divisibleby",
    "number",
    "integer",
    "int",
    "float",
    "string",
    "sequence",
    "iterable",
    "mapping",
    "boolean",
    "true",
    "false",
    "startingwith",
    "endingwith",
    "in",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "sameas",
];

/// What a filter gives for an input of this type.
pub(super) fn gives(name: &str, input: &Type) -> Type {
    let several = || match &input.kind {
        Kind::List(_) => Type::of(input.kind.clone()),
        _ => Type::list_of(Type::any()),
    };
    match name {
        "matches" => Type::of(Kind::Bool),
        "semver" => Type::of(Kind::Semver),
        "lines" | "split" => Type::list_of(Type::of(Kind::Text)),
        "bytes" => Type::of(Kind::Bytes),
        "duration" => Type::of(Kind::Duration),
        "length" | "count" | "int" => Type::of(Kind::Int),
        "float" => Type::of(Kind::Number),
        "max" | "min" | "sum" => Type { name: None, ..input.element() },
        "first" | "last" if matches!(input.kind, Kind::List(_)) => {
            Type { name: None, ..input.element() }
        }
        "unique" | "sort" | "select" | "reject" => several(),
        "reverse" | "abs" => Type::of(input.kind.clone()),
        "round" => Type::of(Kind::Number),
        "join" | "lower" | "upper" | "title" | "capitalize" | "trim" | "replace" | "indent"
        | "string" => Type::of(Kind::Text),
        "map" | "selectattr" | "rejectattr" | "groupby" | "batch" | "slice" | "chain" | "zip"
        | "items" | "dictsort" | "list" => Type::list_of(Type::any()),
        _ => Type::any(),
    }
}

/// Whether an input of this type fits.
pub(super) fn fits(takes: Takes, input: &Kind) -> bool {
    matches!(
        (takes, input),
        (Takes::Any, _)
            | (_, Kind::Any)
            | (Takes::Text, Kind::Text)
            | (Takes::Several, Kind::List(_) | Kind::Map(_))
            | (Takes::Number, Kind::Int | Kind::Number | Kind::Duration | Kind::Bytes)
    )
}
