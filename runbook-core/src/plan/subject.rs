//! Judges conditions of a text, of an element of JSON, or of the absence of one.

use std::borrow::Cow;

use serde_json::Value;

use super::brief::{brief, brief_or_empty};
use super::condition::{Comparand, Condition};
use super::expectation::Expectation;
use super::observed::Verdict;
use super::pointer::{Found, find};
use crate::base::units;

/// What is looked at.
pub(super) struct Subject<'a> {
    /// Where it was found, for a person: `/status`, `header etag`; none is the output itself.
    place: Option<String>,
    content: Content<'a>,
    headers: Option<&'a [(String, String)]>,
}

enum Content<'a> {
    Text(Cow<'a, str>),
    Json(&'a Value),
    Absent,
}

impl<'a> Subject<'a> {
    /// An output or body, and the headers that came with it.
    pub(super) fn output(text: &'a str, headers: Option<&'a [(String, String)]>) -> Self {
        Self { place: None, content: Content::Text(text.trim().into()), headers }
    }

    fn at(place: &str, content: Content<'a>) -> Self {
        Self { place: Some(place.to_owned()), content, headers: None }
    }

    /// Its text; none where nothing is there.
    fn text(&self) -> Option<Cow<'_, str>> {
        match &self.content {
            Content::Text(text) => Some(Cow::Borrowed(text)),
            Content::Json(Value::String(text)) => Some(Cow::Borrowed(text.trim())),
            Content::Json(json) => Some(json.to_string().into()),
            Content::Absent => None,
        }
    }

    /// What is to be seen, with its place.
    fn saw(&self) -> String {
        let saw = self.text().map_or_else(|| "absent".to_owned(), |text| brief_or_empty(&text));
        match &self.place {
            Some(place) => format!("{place} is {saw}"),
            None => saw,
        }
    }

    fn held(&self) -> Verdict {
        Verdict::Held { saw: self.saw() }
    }

    fn not_met(&self, condition: &Condition) -> Verdict {
        Verdict::NotMet { saw: format!("{}, wanted {}", self.saw(), brief(&condition.to_string())) }
    }

    fn no_answer(&self, what: &str, condition: &Condition) -> Verdict {
        let wanted = brief(&condition.to_string());
        Verdict::Error { why: format!("{}, which is no {what}, wanted {wanted}", self.saw()) }
    }

    fn held_if(&self, holds: bool, condition: &Condition) -> Verdict {
        if holds { self.held() } else { self.not_met(condition) }
    }
}

/// Judges all of them: an error outweighs what is not met, and that what holds. None where there is
/// nothing to judge.
pub(super) fn judge_conditions<'c>(
    conditions: impl Iterator<Item = &'c Condition>,
    subject: &Subject<'_>,
) -> Option<Verdict> {
    worst(conditions.map(|condition| judge(condition, subject)))
}

/// The first of the gravest, so that no answer is never hidden behind one.
fn worst(verdicts: impl Iterator<Item = Verdict>) -> Option<Verdict> {
    let gravity = |verdict: &Verdict| match verdict {
        Verdict::Held { .. } => 0,
        Verdict::NotMet { .. } => 1,
        Verdict::Error { .. } => 2,
    };
    verdicts.reduce(|first, next| if gravity(&next) > gravity(&first) { next } else { first })
}

fn judge(condition: &Condition, subject: &Subject<'_>) -> Verdict {
    let text = subject.text();
    let held_if = |holds| subject.held_if(holds, condition);
    let equals =
        |text, comparand| equal(text, comparand).map_err(|what| subject.no_answer(what, condition));
    match (condition, text.as_deref()) {
        (Condition::Json(parts), _) => judge_json(parts, subject),
        (Condition::Header(parts), _) => judge_headers(parts, subject),
        (Condition::Absent(absent), text) => held_if(*absent == text.is_none()),
        (_, None) => subject.not_met(condition),
        (Condition::Equals(comparand), Some(text)) => {
            equals(text, comparand).map_or_else(|error| error, held_if)
        }
        (Condition::Differs(comparand), Some(text)) => {
            equals(text, comparand).map_or_else(|error| error, |equal| held_if(!equal))
        }
        (Condition::OneOf(comparands), Some(text)) => match equal_to_one(text, comparands) {
            Ok(equal) => held_if(equal),
            Err(what) => subject.no_answer(what, condition),
        },
        (Condition::Compares(order, limit), Some(text)) => {
            match (units::parse_quantity(text), units::parse_quantity(limit)) {
                (Ok(left), Ok(right)) => held_if(order.holds(left, right)),
                _ => subject.no_answer("number or quantity", condition),
            }
        }
        (Condition::Matches(pattern), Some(text)) => held_if(pattern.0.is_match(text)),
        (Condition::Contains(parts), Some(text)) => {
            held_if(parts.iter().all(|part| text.contains(part)))
        }
        (Condition::Lacks(parts), Some(text)) => {
            held_if(!parts.iter().any(|part| text.contains(part)))
        }
    }
}

/// Whether a text is what it is compared with; else what it would have to be for that to be asked.
fn equal(text: &str, comparand: &Comparand) -> Result<bool, &'static str> {
    match comparand {
        Comparand::Text(wanted) => Ok(text.trim() == wanted.trim()),
        Comparand::Number(wanted) => {
            let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
            number.filter(|_| wanted.is_finite()).map(|n| n == *wanted).ok_or("number")
        }
        Comparand::Bool(wanted) => {
            text.trim().parse::<bool>().map(|flag| flag == *wanted).map_err(|_| "`true` or `false`")
        }
    }
}

/// Whether it is one of them. It is no answer only where none of them could be asked.
fn equal_to_one(text: &str, comparands: &[Comparand]) -> Result<bool, &'static str> {
    let mut answer = Err("one of these");
    for comparand in comparands {
        match (equal(text, comparand), &answer) {
            (Ok(true), _) => return Ok(true),
            (Ok(false), _) => answer = Ok(false),
            (Err(what), Err(_)) => answer = Err(what),
            (Err(_), Ok(_)) => {}
        }
    }
    answer
}

fn judge_json(parts: &[(String, Expectation)], subject: &Subject<'_>) -> Verdict {
    let parsed;
    let json = match &subject.content {
        Content::Json(json) => json,
        Content::Text(text) => match serde_json::from_str::<Value>(text) {
            Ok(json) => {
                parsed = json;
                &parsed
            }
            Err(_) => {
                return Verdict::Error { why: format!("{}, which is no JSON", subject.saw()) };
            }
        },
        Content::Absent => return Verdict::NotMet { saw: subject.saw() },
    };
    worst(parts.iter().map(|(pointer, expectation)| judge_pointer(json, pointer, expectation)))
        .unwrap_or_else(|| subject.held())
}

fn judge_pointer(json: &Value, pointer: &str, expectation: &Expectation) -> Verdict {
    let place = brief(pointer);
    match find(json, pointer) {
        Found::NotAPointer => Verdict::Error { why: format!("`{place}` is no JSON pointer") },
        Found::NoElements => Verdict::NotMet { saw: format!("{place} has no element") },
        Found::Places(places) => worst(places.into_iter().map(|found| {
            judge_place(
                &Subject::at(&place, found.map_or(Content::Absent, Content::Json)),
                expectation,
            )
        }))
        .unwrap_or(Verdict::NotMet { saw: format!("{place} has no element") }),
    }
}

fn judge_headers(parts: &[(String, Expectation)], subject: &Subject<'_>) -> Verdict {
    let Some(headers) = subject.headers else {
        return Verdict::Error { why: "only an answer to a request has headers".to_owned() };
    };
    let verdicts = parts.iter().map(|(name, expectation)| {
        let content = header(headers, name).map_or(Content::Absent, |t| Content::Text(t.into()));
        judge_place(&Subject::at(&format!("header {}", brief(name)), content), expectation)
    });
    worst(verdicts).unwrap_or_else(|| subject.held())
}

/// What is expected of one place: without a condition, that something is there.
fn judge_place(subject: &Subject<'_>, expectation: &Expectation) -> Verdict {
    judge_conditions(expectation.conditions.iter(), subject)
        .unwrap_or_else(|| judge(&Condition::Absent(false), subject))
}

/// The value of a header; several of one name are one list (RFC 9110, 5.2).
pub(super) fn header(headers: &[(String, String)], name: &str) -> Option<String> {
    let values: Vec<&str> = headers
        .iter()
        .filter(|(header, _)| header.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .collect();
    (!values.is_empty()).then(|| values.join(", "))
}
