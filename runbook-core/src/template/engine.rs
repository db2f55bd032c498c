//! The one minijinja environment: strict about what is undefined, with our filters and our text form.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

use super::SyntaxError;
use crate::base::units;

pub(super) static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    engine.set_syntax(
        SyntaxConfig::builder()
            .keep_trailing_newline(true)
            .build()
            .expect("the default delimiters"),
    );
    engine.set_formatter(|out, _, value| {
        out.write_str(&text_form(value))
            .map_err(|_| minijinja::Error::new(ErrorKind::WriteFailure, "out of room"))
    });
    engine.set_recursion_limit(64);
    // What marks text as safe for HTML has no meaning here, and what leaves the text has none either.
    for filter in ["safe", "escape", "e", "tojson", "urlencode", "pprint"] {
        engine.remove_filter(filter);
    }
    for function in ["debug", "range", "dict", "namespace"] {
        engine.remove_global(function);
    }
    // What is `none` was not given: it is as little defined as what has no value at all.
    engine.add_test("defined", |value: &Value| !value.is_undefined() && !value.is_none());
    engine.add_test("undefined", |value: &Value| value.is_undefined() || value.is_none());
    engine.add_filter("default", default);
    engine.add_filter("d", default);
    engine.add_filter("matches", matches);
    engine.add_filter("semver", semver_key);
    engine.add_filter("json", |text: &str| -> Result<Value, minijinja::Error> {
        let json: serde_json::Value = serde_json::from_str(text).map_err(invalid)?;
        Ok(Value::from(minijinja::value::Serde(json)))
    });
    engine.add_filter("lines", |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>());
    engine.add_filter("bytes", |text: &str| units::parse_bytes(text).map_err(invalid));
    engine.add_filter("duration", |text: &str| {
        units::parse_duration(text).map(|d| d.as_secs_f64()).map_err(invalid)
    });
    engine
});

fn invalid(error: impl std::fmt::Display) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, error.to_string())
}

fn default(value: &Value, other: Option<Value>, lax: Option<bool>) -> Value {
    let missing = value.is_undefined() || value.is_none();
    if missing || (lax == Some(true) && !value.is_true()) {
        return other.unwrap_or_else(|| Value::from(""));
    }
    value.clone()
}

fn matches(text: &str, pattern: &str) -> Result<bool, minijinja::Error> {
    regex::Regex::new(pattern).map(|regex| regex.is_match(text)).map_err(invalid)
}

/// A list that orders as the semantic version does (semver.org, item 11).
fn semver_key(text: &str) -> Result<Vec<Value>, minijinja::Error> {
    let version =
        semver::Version::parse(text.strip_prefix('v').unwrap_or(text)).map_err(invalid)?;
    let mut key = vec![version.major.into(), version.minor.into(), version.patch.into()];
    key.push(Value::from(version.pre.is_empty()));
    for part in version.pre.split('.').filter(|part| !part.is_empty()) {
        match part.parse::<u64>() {
            Ok(number) => key.extend([Value::from(0), Value::from(number)]),
            Err(_) => key.extend([Value::from(1), Value::from(part)]),
        }
    }
    Ok(key)
}

/// The one text form, for what an expression computed.
pub(super) fn text_form(value: &Value) -> String {
    match value.kind() {
        ValueKind::None | ValueKind::Undefined => "none".to_owned(),
        ValueKind::Number => value.as_i64().map_or_else(
            || {
                f64::try_from(value.clone())
                    .map_or_else(|_| value.to_string(), |number| number.to_string())
            },
            |int| int.to_string(),
        ),
        ValueKind::Seq | ValueKind::Iterable => value
            .try_iter()
            .map(|items| items.map(|item| text_form(&item)).collect::<Vec<_>>().join("\n"))
            .unwrap_or_default(),
        ValueKind::Map => serde_json::to_string(value).unwrap_or_default(),
        ValueKind::Bool => value.is_true().to_string(),
        _ => value.to_string(),
    }
}

pub(super) fn syntax_error(error: &minijinja::Error) -> SyntaxError {
    let message = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    SyntaxError { message, range: error.range() }
}
