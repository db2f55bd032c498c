//! Typed values: what a parameter, a capture or an asked value may be, and its one text form.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::units;

/// What a value must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueType {
    /// Any text; newlines and tabs, no other control characters.
    String,
    /// Safe in SQL and paths.
    Ident,
    /// A service, unit, container, file.
    Name,
    /// An image tag or a semantic version.
    Version,
    /// A repository with or without a tag.
    Image,
    /// A repository joined by `@sha256:`.
    Digest,
    /// Absolute, or relative to the working directory; no `..`.
    Path,
    /// An absolute url.
    Url,
    /// A network name or address.
    Host,
    /// A whole number.
    Int,
    /// A decimal number.
    Number,
    /// `true` or `false`.
    Bool,
    /// `90s`.
    Duration,
    /// `5 GiB`.
    Bytes,
    /// RFC 3339.
    Time,
    /// Several of one type.
    List(Box<ValueType>),
    /// Captures only.
    Json,
}

/// A value of one of those types. `none` is no value: it is the absence of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "lowercase")]
pub enum Value {
    /// Of every text type.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A decimal number, finite.
    Number(f64),
    /// Yes or no.
    Bool(bool),
    /// Kept in nanoseconds, shown in seconds.
    Duration(Duration),
    /// Bytes.
    Bytes(u64),
    /// A point in time.
    Time(Timestamp),
    /// Several.
    List(Vec<Value>),
    /// Anything.
    Json(serde_json::Value),
}

/// A text that is not of its type, as a lowercase fragment that says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadValue(pub String);

impl Value {
    /// The one text form: in templates, in the environment of a script and on a screen.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Int(int) => int.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Bool(flag) => flag.to_string(),
            Self::Duration(duration) => seconds(*duration),
            Self::Bytes(bytes) => bytes.to_string(),
            Self::Time(time) => time.to_string(),
            Self::List(items) => items.iter().map(Self::text).collect::<Vec<_>>().join("\n"),
            Self::Json(json) => json.to_string(),
        }
    }
}

fn seconds(duration: Duration) -> String {
    if duration.subsec_nanos() == 0 {
        duration.as_secs().to_string()
    } else {
        duration.as_secs_f64().to_string()
    }
}

impl ValueType {
    /// The type of this name, as a runbook writes it; `list` is a list of `string`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::scalars()
            .into_iter()
            .find(|candidate| candidate.name() == name)
            .or_else(|| (name == "list").then(|| Self::List(Box::new(Self::String))))
    }

    /// Every type that is not a list.
    #[must_use]
    pub fn scalars() -> [Self; 16] {
        [
            Self::String,
            Self::Ident,
            Self::Name,
            Self::Version,
            Self::Image,
            Self::Digest,
            Self::Path,
            Self::Url,
            Self::Host,
            Self::Int,
            Self::Number,
            Self::Bool,
            Self::Duration,
            Self::Bytes,
            Self::Time,
            Self::Json,
        ]
    }

    /// Its name in a runbook.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Ident => "ident",
            Self::Name => "name",
            Self::Version => "version",
            Self::Image => "image",
            Self::Digest => "digest",
            Self::Path => "path",
            Self::Url => "url",
            Self::Host => "host",
            Self::Int => "int",
            Self::Number => "number",
            Self::Bool => "bool",
            Self::Duration => "duration",
            Self::Bytes => "bytes",
            Self::Time => "time",
            Self::List(_) => "list",
            Self::Json => "json",
        }
    }

    /// Whether its values are [`Value::Text`].
    #[must_use]
    pub fn is_text(&self) -> bool {
        use ValueType as T;
        matches!(
            self,
            T::String
                | T::Ident
                | T::Name
                | T::Version
                | T::Image
                | T::Digest
                | T::Path
                | T::Url
                | T::Host
        )
    }

    /// Whether `<` and `>` mean something.
    #[must_use]
    pub fn is_ordered(&self) -> bool {
        matches!(self, Self::Int | Self::Number | Self::Duration | Self::Bytes | Self::Time)
    }

    /// Whether no text of it can change the meaning of a program it is put into.
    #[must_use]
    pub fn is_inert(&self) -> bool {
        matches!(self, Self::Int | Self::Ident | Self::Digest | Self::Bool)
    }

    /// Parses a text as this type; a list is one item a line.
    ///
    /// # Errors
    /// When it is not of the type: what it should be.
    pub fn parse(&self, text: &str) -> Result<Value, BadValue> {
        if *self != Self::String && text.starts_with('-') && !self.is_signed() {
            return Err(BadValue(format!("a {} may not begin with `-`", self.name())));
        }
        let quantity = |error: units::BadQuantity| BadValue(error.to_string());
        Ok(match self {
            Self::Int => Value::Int(text.trim().parse().map_err(|_| self.refuse(text))?),
            Self::Number => Value::Number(finite(text).ok_or_else(|| self.refuse(text))?),
            Self::Bool => Value::Bool(text.trim().parse().map_err(|_| self.refuse(text))?),
            Self::Duration => Value::Duration(units::parse_duration(text).map_err(quantity)?),
            Self::Bytes => Value::Bytes(units::parse_bytes(text).map_err(quantity)?),
            Self::Time => Value::Time(units::parse_time(text).map_err(quantity)?),
            Self::Json => Value::Json(
                serde_json::from_str(text)
                    .map_err(|error| BadValue(format!("not JSON: {error}")))?,
            ),
            Self::List(of) => {
                Value::List(text.lines().map(|line| of.parse(line)).collect::<Result<_, _>>()?)
            }
            _ => {
                self.check_text(text)?;
                Value::Text(text.to_owned())
            }
        })
    }

    fn is_signed(&self) -> bool {
        matches!(self, Self::Int | Self::Number | Self::Json | Self::List(_))
    }

    fn refuse(&self, text: &str) -> BadValue {
        BadValue(format!("`{text}` is not {}", self.rule()))
    }

    /// What a text of it looks like.
    fn rule(&self) -> &'static str {
        match self {
            Self::Ident => "an ident: a letter or `_`, then letters, digits and `_`, at most 63",
            Self::Name => "a name: a letter or digit, then letters, digits, `.`, `_` and `-`",
            Self::Version => "a version: an image tag or a semantic version, such as `v1.3.9`",
            Self::Image => {
                "an image: a repository with or without a tag, such as `ghcr.io/org/app:v1`"
            }
            Self::Digest => "a digest: a repository joined by `@sha256:` and 64 hex digits",
            Self::Path => "a path: no empty text, no `..`, no control characters",
            Self::Url => "a url, such as `https://app.example.org` or `sqlite:////var/lib/app.db`",
            Self::Host => "a host: a network name or an address",
            Self::Int => "a whole number",
            Self::Number => "a number",
            Self::Bool => "`true` or `false`",
            _ => "a text without control characters other than newline and tab",
        }
    }

    fn check_text(&self, text: &str) -> Result<(), BadValue> {
        let ok = match self {
            Self::Ident => matches_bytes(
                text,
                63,
                |b| b.is_ascii_alphabetic() || b == b'_',
                |b| b.is_ascii_alphanumeric() || b == b'_',
            ),
            Self::Name => matches_bytes(
                text,
                128,
                |b| b.is_ascii_alphanumeric(),
                |b| b.is_ascii_alphanumeric() || b"._-".contains(&b),
            ),
            Self::Version => matches_bytes(
                text,
                128,
                |b| b.is_ascii_alphanumeric() || b == b'_',
                |b| b.is_ascii_alphanumeric() || b"._-+".contains(&b),
            ),
            Self::Image => is_image(text),
            Self::Digest => return check_digest(text),
            Self::Path => is_path(text),
            Self::Url => is_url(text),
            Self::Host => matches_bytes(
                text,
                253,
                |b| b.is_ascii_alphanumeric() || b == b'[' || b == b':',
                |b| b.is_ascii_alphanumeric() || b".-_:[]%".contains(&b),
            ),
            _ => !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'),
        };
        if ok { Ok(()) } else { Err(self.refuse(text)) }
    }
}

fn finite(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite())
}

fn matches_bytes(text: &str, max: usize, first: fn(u8) -> bool, rest: fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= max && bytes.first().is_some_and(|b| first(*b)) && bytes.iter().all(|b| rest(*b))
}

/// `[registry[:port]/]path[:tag]`, by the reference grammar of the OCI distribution specification.
fn is_image(text: &str) -> bool {
    let (name, tag) = match text.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (text, None),
    };
    let tag_fits = tag.is_none_or(|tag| {
        matches_bytes(
            tag,
            128,
            |b| b.is_ascii_alphanumeric() || b == b'_',
            |b| b.is_ascii_alphanumeric() || b"._-".contains(&b),
        )
    });
    tag_fits
        && text.len() <= 255 + 129
        && name.split('/').all(|part| {
            matches_bytes(
                part,
                255,
                |b| b.is_ascii_alphanumeric() || b == b'[',
                |b| b.is_ascii_alphanumeric() || b"._-:[]".contains(&b),
            )
        })
}

fn check_digest(text: &str) -> Result<(), BadValue> {
    let hex = |digest: &str| {
        digest.len() == 64 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    match text.split_once("@sha256:") {
        Some((repository, digest)) if is_image(repository) && hex(digest) => Ok(()),
        None if text.contains("sha256") => Err(BadValue(format!(
            "`{text}` is not a digest: a digest is joined to its repository by `@`, as in `repo@sha256:…`"
        ))),
        _ => Err(ValueType::Digest.refuse(text)),
    }
}

fn is_path(text: &str) -> bool {
    !text.is_empty()
        && !text.chars().any(char::is_control)
        && !text.split('/').any(|part| part == "..")
}

/// A scheme, `://`, something, and neither spaces nor control characters (RFC 3986 in outline; what
/// asks the url says the rest).
fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    matches_bytes(
        scheme,
        32,
        |b| b.is_ascii_alphabetic(),
        |b| b.is_ascii_alphanumeric() || b"+.-".contains(&b),
    ) && !rest.is_empty()
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(kind: &ValueType, text: &str) -> bool {
        kind.parse(text).is_ok()
    }

    #[test]
    fn rule_1_one_text_form() {
        let text = |kind: ValueType, text: &str| kind.parse(text).unwrap().text();
        assert_eq!(text(ValueType::Bool, "true"), "true");
        assert_eq!(text(ValueType::Duration, "2m"), "120");
        assert_eq!(text(ValueType::Duration, "1500ms"), "1.5");
        assert_eq!(text(ValueType::Bytes, "5 GiB"), "5368709120");
        assert_eq!(text(ValueType::Number, "1.50"), "1.5");
        assert_eq!(text(ValueType::Time, "2026-03-01T05:00:00+02:00"), "2026-03-01T03:00:00Z");
        assert_eq!(text(ValueType::List(Box::new(ValueType::Name)), "a\nb"), "a\nb");
        assert_eq!(text(ValueType::Json, "{ \"a\": [1, 2] }"), r#"{"a":[1,2]}"#);
    }

    #[test]
    fn no_text_but_a_string_begins_with_a_dash() {
        for kind in ValueType::scalars() {
            let expected = matches!(
                kind,
                ValueType::String | ValueType::Int | ValueType::Number | ValueType::Json
            );
            assert_eq!(ok(&kind, "-1"), expected, "{}", kind.name());
        }
    }

    #[test]
    fn a_digest_joined_by_a_colon_gets_the_hint() {
        let hex = "a".repeat(64);
        assert!(ok(&ValueType::Digest, &format!("ghcr.io/o/p/api@sha256:{hex}")));
        for wrong in [format!("repo:sha256{hex}"), format!("repo:sha256:{hex}")] {
            assert!(ValueType::Digest.parse(&wrong).unwrap_err().to_string().contains("joined"));
        }
        assert!(!ok(&ValueType::Digest, "repo@sha256:abc"));
    }

    #[test]
    fn texts_that_fit_and_texts_that_do_not() {
        assert!(ok(&ValueType::Url, "sqlite:////abs"));
        assert!(!ok(&ValueType::Url, "localhost:8080"));
        assert!(ok(&ValueType::Path, "/opt/app-name"));
        assert!(!ok(&ValueType::Path, "/opt/../etc"));
        assert!(ok(&ValueType::Image, "127.0.0.1:5000/app:v1"));
        assert!(ok(&ValueType::Version, "a1b2c3d"));
        assert!(!ok(&ValueType::Version, "v1 2"));
        assert!(ok(&ValueType::String, "two\nlines\tand a tab"));
        assert!(!ok(&ValueType::String, "an \u{1b} escape"));
        assert!(!ok(&ValueType::Ident, "a-b"));
    }
}
