//! Takes a typed value out of what came back. What is computed from other names is not taken here.

use serde_json::Value as Json;

use super::brief::{brief, brief_or_empty};
use super::observed::{Exit, Observed, Output};
use super::pointer::{Found, find};
use super::subject::header;
use crate::base::{Value, ValueType};
use crate::runbook::{Capture, CaptureFrom, Pattern};

/// Why there is no value, one short line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaptureError {
    /// What came back has no such part.
    #[error("there is no {0} to capture from")]
    NoSource(&'static str),
    /// It is longer than a value may be.
    #[error("{0} is longer than {limit} KiB, and a value is never cut", limit = Output::LIMIT / 1024)]
    TooLong(&'static str),
    /// It is not there, and not optional.
    #[error("{0}")]
    Absent(String),
    /// It is not of its type.
    #[error("{0}")]
    NotOfItsType(String),
}

/// What is left of an output on its way to a value.
enum Piece {
    Text(String),
    Json(Json),
    Nothing(String),
}

/// Takes the value that `capture` describes out of `observed`; `None` is an optional one that is not
/// there. A capture with `that` or `verdict` is computed elsewhere.
///
/// # Errors
/// When it is not there and not optional, too long, or not of its type.
pub fn take(capture: &Capture, observed: &Observed) -> Result<Option<Value>, CaptureError> {
    let piece = match source(&capture.from, observed)? {
        Some(text) if text.is_empty() && capture.optional => return Ok(None),
        Some(text) => cut(capture, text)?,
        None => Piece::Nothing(format!("{} is absent", name_of(&capture.from))),
    };
    match piece {
        Piece::Nothing(_) if capture.optional => Ok(None),
        Piece::Nothing(why) => Err(CaptureError::Absent(why)),
        Piece::Text(text) if text.is_empty() && capture.optional => Ok(None),
        Piece::Text(text) => typed(&capture.kind, &text).map(Some),
        Piece::Json(json) => from_json(&capture.kind, json).map(Some),
    }
}

/// The trimmed text it is read from; none is a header that was not sent.
fn source(from: &CaptureFrom, observed: &Observed) -> Result<Option<String>, CaptureError> {
    let missing = CaptureError::NoSource(name_of(from));
    match (from, observed) {
        (
            CaptureFrom::Stdout,
            Observed::Program { stdout: output, .. } | Observed::Http { body: output, .. },
        )
        | (CaptureFrom::Stderr, Observed::Program { stderr: output, .. }) => {
            if output.truncated || output.text.len() > Output::LIMIT {
                return Err(CaptureError::TooLong(name_of(from)));
            }
            Ok(Some(output.text.trim().to_owned()))
        }
        (CaptureFrom::Exit, Observed::Program { exit: Exit::Code(code), .. }) => {
            Ok(Some(code.to_string()))
        }
        (CaptureFrom::Status, Observed::Http { status, .. }) => Ok(Some(status.to_string())),
        (CaptureFrom::Header(name), Observed::Http { headers, .. }) => {
            match header(headers, name) {
                Some(value) if value.len() > Output::LIMIT => {
                    Err(CaptureError::TooLong(name_of(from)))
                }
                value => Ok(value),
            }
        }
        _ => Err(missing),
    }
}

const fn name_of(from: &CaptureFrom) -> &'static str {
    match from {
        CaptureFrom::Stdout => "output",
        CaptureFrom::Stderr => "standard error",
        CaptureFrom::Exit => "exit code",
        CaptureFrom::Status => "status",
        CaptureFrom::Header(_) => "header",
    }
}

/// Then `line`, then `json`, then `matches`.
fn cut(capture: &Capture, text: String) -> Result<Piece, CaptureError> {
    let empty = text.is_empty();
    let mut text = text;
    if let Some(number) = capture.line.filter(|_| !empty) {
        match usize::try_from(number).ok().and_then(|n| text.lines().nth(n.checked_sub(1)?)) {
            Some(line) => text = line.trim().to_owned(),
            None => return Ok(Piece::Nothing(format!("there is no line {number}"))),
        }
    }
    let piece = match &capture.json {
        Some(pointer) => point(&capture.kind, pointer, &text)?,
        None => Piece::Text(text),
    };
    Ok(match (&capture.matches, piece) {
        (Some(pattern), Piece::Text(text)) => search(&capture.kind, pattern, &text),
        (Some(pattern), Piece::Json(json)) => search(&capture.kind, pattern, &json_text(&json)),
        (_, piece) => piece,
    })
}

/// What is at a pointer; with a `*` in it, the list of all that is there. `null` is nothing, except
/// where JSON itself is wanted.
fn point(kind: &ValueType, pointer: &str, text: &str) -> Result<Piece, CaptureError> {
    let bad = CaptureError::NotOfItsType;
    let json: Json = serde_json::from_str(text)
        .map_err(|_| bad(format!("`{}` is no JSON", brief_or_empty(text))))?;
    let place = brief(pointer);
    let found: Option<Vec<Json>> = match find(&json, pointer) {
        Found::NotAPointer => return Err(bad(format!("`{place}` is no JSON pointer"))),
        Found::NoElements => Some(Vec::new()),
        Found::Places(places) => places.into_iter().map(Option::<&Json>::cloned).collect(),
    };
    let Some(mut found) = found else {
        return Ok(Piece::Nothing(format!("{place} is absent")));
    };
    if pointer.split('/').any(|token| token == "*") {
        return Ok(Piece::Json(Json::Array(found)));
    }
    Ok(match found.pop() {
        Some(Json::Null) | None if *kind != ValueType::Json => {
            Piece::Nothing(format!("{place} is null"))
        }
        found => Piece::Json(found.unwrap_or_default()),
    })
}

/// For a bool, whether it is found; else the first group.
fn search(kind: &ValueType, pattern: &Pattern, text: &str) -> Piece {
    if *kind == ValueType::Bool {
        return Piece::Text(pattern.0.is_match(text).to_string());
    }
    match pattern.0.captures(text).and_then(|groups| groups.get(1)) {
        Some(group) => Piece::Text(group.as_str().trim().to_owned()),
        None => Piece::Nothing(format!("`{}` finds nothing", brief(pattern.0.as_str()))),
    }
}

fn typed(kind: &ValueType, text: &str) -> Result<Value, CaptureError> {
    kind.parse(text).map_err(|bad| {
        let short = text.len() <= 60 && !text.contains('\n') && !text.is_empty();
        CaptureError::NotOfItsType(if short {
            brief_reason(&bad.to_string())
        } else if text.is_empty() {
            format!("the output is empty, which is no {}", kind.name())
        } else {
            format!("`{}` is not of type {}", brief(text), kind.name())
        })
    })
}

fn from_json(kind: &ValueType, json: Json) -> Result<Value, CaptureError> {
    match (kind, json) {
        (ValueType::Json, json) => Ok(Value::Json(json)),
        (ValueType::List(of), Json::Array(items)) => {
            let item = |item: &Json| match json_text(item) {
                text if text.contains('\n') => Err(CaptureError::NotOfItsType(format!(
                    "`{}` has a line break, and no item of a list has one",
                    brief(&text)
                ))),
                text => typed(of, &text),
            };
            items.iter().map(item).collect::<Result<_, _>>().map(Value::List)
        }
        (ValueType::List(_), other) => {
            let saw = brief(&json_text(&other));
            Err(CaptureError::NotOfItsType(format!("`{saw}` is no list")))
        }
        (kind, json) => typed(kind, json_text(&json).trim()),
    }
}

/// A reason quotes at most sixty characters, so that only breaks of the line are left to remove.
fn brief_reason(reason: &str) -> String {
    reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Its text, a string without its quotes.
fn json_text(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::units;

    fn capture(kind: ValueType) -> Capture {
        Capture {
            kind,
            from: CaptureFrom::Stdout,
            line: None,
            json: None,
            matches: None,
            that: None,
            optional: false,
            same_on_all_hosts: false,
            per_host: false,
            verdict: false,
        }
    }

    fn pattern(text: &str) -> Option<Pattern> {
        Some(Pattern(regex::Regex::new(text).unwrap()))
    }

    fn at(kind: ValueType, pointer: &str) -> Capture {
        Capture { json: Some(pointer.to_owned()), ..capture(kind) }
    }

    fn list(of: ValueType) -> ValueType {
        ValueType::List(Box::new(of))
    }

    fn printed(stdout: &str) -> Observed {
        Observed::Program {
            exit: Exit::Code(3),
            stdout: Output { text: stdout.to_owned(), truncated: false },
            stderr: Output { text: "warned\n".to_owned(), truncated: false },
        }
    }

    fn text(text: &str) -> Result<Option<Value>, CaptureError> {
        Ok(Some(Value::Text(text.to_owned())))
    }

    fn why(result: Result<Option<Value>, CaptureError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn rule_11_output_is_trimmed_and_of_its_type() {
        assert_eq!(take(&capture(ValueType::Version), &printed(" v1.3.9\n")), text("v1.3.9"));
        assert_eq!(take(&capture(ValueType::Int), &printed("42\n")), Ok(Some(Value::Int(42))));
        let window = Value::Duration(units::parse_duration("90s").unwrap());
        assert_eq!(take(&capture(ValueType::Duration), &printed("90s")), Ok(Some(window)));
        assert_eq!(
            why(take(&capture(ValueType::Int), &printed("many"))),
            "`many` is not a whole number"
        );
        assert_eq!(
            why(take(&capture(ValueType::Int), &printed("1\n2"))),
            "`1…` is not of type int"
        );
    }

    #[test]
    fn rule_11_from_says_where() {
        let from = |from, kind, seen: &Observed| take(&Capture { from, ..capture(kind) }, seen);
        let seen = printed("out");
        assert_eq!(from(CaptureFrom::Stderr, ValueType::String, &seen), text("warned"));
        assert_eq!(from(CaptureFrom::Exit, ValueType::Int, &seen), Ok(Some(Value::Int(3))));
        let answer = Observed::Http {
            status: 204,
            headers: vec![("etag".to_owned(), "a1".to_owned())],
            body: Output { text: "body\n".to_owned(), truncated: false },
        };
        assert_eq!(from(CaptureFrom::Stdout, ValueType::String, &answer), text("body"));
        assert_eq!(from(CaptureFrom::Status, ValueType::Int, &answer), Ok(Some(Value::Int(204))));
        let header = |name: &str| CaptureFrom::Header(name.to_owned());
        assert_eq!(from(header("etag"), ValueType::String, &answer), text("a1"));
        assert_eq!(why(from(header("age"), ValueType::Int, &answer)), "header is absent");
        assert!(from(CaptureFrom::Exit, ValueType::Int, &answer).is_err());
        assert!(from(CaptureFrom::Stdout, ValueType::String, &Observed::Connected).is_err());
    }

    #[test]
    fn rule_11_line_then_json_then_matches() {
        let whole = Capture {
            line: Some(2),
            json: Some("/image".to_owned()),
            matches: pattern(":(.+)$"),
            ..capture(ValueType::Version)
        };
        let seen = printed("noise\n{\"image\": \"app:v2\"}\nnoise");
        assert_eq!(take(&whole, &seen), text("v2"));
        assert_eq!(why(take(&whole, &printed("one"))), "there is no line 2");
        let unmatched = printed("x\n{\"image\": \"app\"}");
        assert_eq!(why(take(&whole, &unmatched)), "`:(.+)$` finds nothing");
        let absent = printed("x\n{}");
        assert_eq!(why(take(&whole, &absent)), "/image is absent");
        let optional = Capture { optional: true, ..whole };
        for seen in [printed("one"), unmatched, absent] {
            assert_eq!(take(&optional, &seen), Ok(None));
        }
        assert!(take(&optional, &printed("x\nno JSON")).is_err(), "no JSON is not its absence");
    }

    #[test]
    fn rule_11_a_bool_is_found_or_not() {
        let found = Capture { matches: pattern("ready"), ..capture(ValueType::Bool) };
        assert_eq!(take(&found, &printed("is ready")), Ok(Some(Value::Bool(true))));
        assert_eq!(take(&found, &printed("")), Ok(Some(Value::Bool(false))));
        assert_eq!(
            take(&capture(ValueType::Bool), &printed("false")),
            Ok(Some(Value::Bool(false)))
        );
    }

    #[test]
    fn rule_11_empty_output() {
        assert_eq!(take(&capture(ValueType::String), &printed("\n")), text(""));
        let none = Ok(Some(Value::List(Vec::new())));
        assert_eq!(take(&capture(list(ValueType::Name)), &printed("")), none);
        for kind in ValueType::scalars().into_iter().filter(|kind| *kind != ValueType::String) {
            assert!(take(&capture(kind.clone()), &printed("")).is_err(), "{}", kind.name());
            let optional = Capture { optional: true, ..capture(kind) };
            assert_eq!(take(&optional, &printed(" ")), Ok(None));
        }
    }

    #[test]
    fn rule_11_over_64_kib_is_an_error_and_never_cut() {
        let cut = Observed::Program {
            exit: Exit::Code(0),
            stdout: Output { text: "v1".to_owned(), truncated: true },
            stderr: Output::default(),
        };
        let optional = Capture { line: Some(1), optional: true, ..capture(ValueType::String) };
        assert_eq!(
            why(take(&optional, &cut)),
            "output is longer than 64 KiB, and a value is never cut"
        );
        assert!(take(&optional, &printed(&"x".repeat(Output::LIMIT))).is_ok());
        assert!(take(&optional, &printed(&"x".repeat(Output::LIMIT + 1))).is_err());
    }

    #[test]
    fn rule_11_lists_are_lines_or_what_a_pointer_finds() {
        let names = |all: &[&str]| {
            Ok(Some(Value::List(all.iter().map(|n| Value::Text((*n).to_owned())).collect())))
        };
        assert_eq!(take(&capture(list(ValueType::Name)), &printed("a\nb\n")), names(&["a", "b"]));
        let seen =
            printed(r#"{"all": ["a", "b"], "of": [{"n": "c"}], "none": [], "two": ["x\ny"]}"#);
        assert_eq!(take(&at(list(ValueType::Name), "/all"), &seen), names(&["a", "b"]));
        assert_eq!(take(&at(list(ValueType::Name), "/of/*/n"), &seen), names(&["c"]));
        assert_eq!(take(&at(list(ValueType::Name), "/none/*"), &seen), names(&[]));
        assert!(take(&at(list(ValueType::String), "/two"), &seen).is_err());
        assert!(take(&at(list(ValueType::Name), "/all/0"), &seen).is_err());
        assert!(take(&at(ValueType::Name, "/all/*"), &seen).is_err(), "several are not one");
    }

    #[test]
    fn rule_11_json_keeps_its_form_and_null_is_nothing() {
        let seen = printed(r#"{"n": 3, "o": {"a": [1]}, "nil": null}"#);
        let object = serde_json::json!({"a": [1]});
        assert_eq!(take(&at(ValueType::Json, "/o"), &seen), Ok(Some(Value::Json(object))));
        assert_eq!(take(&at(ValueType::Int, "/n"), &seen), Ok(Some(Value::Int(3))));
        assert_eq!(why(take(&at(ValueType::Int, "/nil"), &seen)), "/nil is null");
        assert_eq!(take(&at(ValueType::Json, "/nil"), &seen), Ok(Some(Value::Json(Json::Null))));
    }

    proptest! {
        #[test]
        fn any_output_is_a_value_or_a_reason_of_one_line(
            stdout in prop_oneof!["\\PC{0,80}", "[\\[\\]{}\":,ab0-9.\n\u{1b}]{0,80}"],
            which in 0..16_usize,
            pointer in prop::option::of("(/[ab0*]){0,2}"),
            line in prop::option::of(0..3_u32),
        ) {
            let kind = ValueType::scalars()[which].clone();
            for kind in [list(kind.clone()), kind] {
                let capture = Capture { json: pointer.clone(), line, ..capture(kind) };
                if let Err(error) = take(&capture, &printed(&stdout)) {
                    let why = error.to_string();
                    prop_assert!(!why.contains(char::is_control) && why.len() < 1000, "{why}");
                }
            }
        }
    }
}
