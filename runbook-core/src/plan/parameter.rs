//! Whether a text is a value of a parameter or of an asked one. Where the text came from is not
//! known here.

use std::cmp::Ordering;

use super::brief::brief;
use crate::base::value::BadValue;
use crate::base::{HostName, Value, ValueType};
use crate::runbook::{Param, Pattern};

/// 128 KiB: what is longer fits into no environment of a program on Linux (`MAX_ARG_STRLEN`).
pub const VALUE_LIMIT: usize = 128 * 1024;

/// Takes one text for `param`; of a list it is one item a line.
///
/// # Errors
/// When it is too long, not of the type, not among the choices, not matched by the pattern, or out
/// of bounds. Whether a host is of the role that `param` names is asked by [`is_of_role`].
pub fn accept(param: &Param, text: &str) -> Result<Value, BadValue> {
    if text.len() > VALUE_LIMIT {
        return bad("a value has at most 128 KiB");
    }
    accept_value(param, parse(&param.kind, text)?)
}

/// Parses, and quotes no more of a text than a person reads.
fn parse(kind: &ValueType, text: &str) -> Result<Value, BadValue> {
    kind.parse(text).map_err(|bad| match brief(text) {
        short if short != text => BadValue(format!("`{short}` is no {}", kind.name())),
        _ => bad,
    })
}

/// Takes the texts of a list, or the one of anything else.
///
/// # Errors
/// As [`accept`], and when several are given for what is no list.
pub fn accept_all(param: &Param, texts: &[String]) -> Result<Value, BadValue> {
    match (&param.kind, texts) {
        (ValueType::List(_), items) if items.iter().any(|item| item.contains('\n')) => {
            bad("no item of a list has a line break")
        }
        (ValueType::List(_), items) => accept(param, &items.join("\n")),
        (_, [text]) => accept(param, text),
        (kind, several) => {
            bad(format!("it is one {}, and {} were given", kind.name(), several.len()))
        }
    }
}

/// Checks a value that is of some type already, such as a computed default. A text is parsed by the
/// type of the parameter.
///
/// # Errors
/// As [`accept`].
pub fn accept_value(param: &Param, value: Value) -> Result<Value, BadValue> {
    let value = if is_of(&param.kind, &value) { value } else { parse(&param.kind, &value.text())? };
    if value.text().len() > VALUE_LIMIT {
        return bad("a value has at most 128 KiB");
    }
    for text in texts(&value) {
        if !param.choices.is_empty() && !param.choices.contains(&text) {
            return bad(format!("`{}` is none of {}", brief(&text), param.choices.join(", ")));
        }
        if let Some(pattern) = &param.pattern
            && !matches_whole(pattern, &text)
        {
            return bad(format!(
                "`{}` is not matched as a whole by `{}`",
                brief(&text),
                brief(pattern.0.as_str())
            ));
        }
    }
    within_bounds(param, &value)?;
    Ok(value)
}

/// Whether every host that `value` names has the role of `param`.
///
/// # Errors
/// When one has not.
pub fn is_of_role(param: &Param, value: &Value, hosts: &[HostName]) -> Result<(), BadValue> {
    let Some(role) = &param.role else { return Ok(()) };
    match texts(value).iter().find(|name| !hosts.iter().any(|host| *host == name.as_str())) {
        Some(stranger) => bad(format!("`{}` is no `{role}` of this run", brief(stranger))),
        None => Ok(()),
    }
}

fn bad<T>(why: impl Into<String>) -> Result<T, BadValue> {
    Err(BadValue(why.into()))
}

/// The text of a value, or those of its items.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => items.iter().map(Value::text).collect(),
        one => vec![one.text()],
    }
}

/// Whether a value needs no parsing to be of the type; every text does.
fn is_of(kind: &ValueType, value: &Value) -> bool {
    match (kind, value) {
        (ValueType::Int, Value::Int(_))
        | (ValueType::Bool, Value::Bool(_))
        | (ValueType::Duration, Value::Duration(_))
        | (ValueType::Bytes, Value::Bytes(_))
        | (ValueType::Time, Value::Time(_))
        | (ValueType::Json, Value::Json(_)) => true,
        (ValueType::Number, Value::Number(number)) => number.is_finite(),
        (ValueType::List(of), Value::List(items)) => items.iter().all(|item| is_of(of, item)),
        _ => false,
    }
}

/// A pattern must match all of a text, whether or not it says so itself.
fn matches_whole(pattern: &Pattern, text: &str) -> bool {
    regex::Regex::new(&format!(r"\A(?:{})\z", pattern.0.as_str()))
        .is_ok_and(|whole| whole.is_match(text))
}

fn within_bounds(param: &Param, value: &Value) -> Result<(), BadValue> {
    let count = |items: &[Value]| Value::Int(i64::try_from(items.len()).unwrap_or(i64::MAX));
    let (measured, what) = match value {
        Value::List(items) => (count(items), "the number of items"),
        other => (other.clone(), "it"),
    };
    let saw = measured.text();
    if let Some(min) = &param.min
        && !matches!(compare(&measured, min), Some(Ordering::Greater | Ordering::Equal))
    {
        return bad(format!("{what} is at least {}, and this is {}", min.text(), brief(&saw)));
    }
    if let Some(max) = &param.max
        && !matches!(compare(&measured, max), Some(Ordering::Less | Ordering::Equal))
    {
        return bad(format!("{what} is at most {}, and this is {}", max.text(), brief(&saw)));
    }
    Ok(())
}

/// How two values of one ordered type stand; none where they have no order, which is in no bounds.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    #[expect(clippy::cast_precision_loss, reason = "bounds of a decimal number are approximate")]
    let float = |int: i64| int as f64;
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => left.partial_cmp(right),
        (Value::Number(left), Value::Int(right)) => left.partial_cmp(&float(*right)),
        (Value::Int(left), Value::Number(right)) => float(*left).partial_cmp(right),
        (Value::Duration(left), Value::Duration(right)) => Some(left.cmp(right)),
        (Value::Bytes(left), Value::Bytes(right)) => Some(left.cmp(right)),
        (Value::Time(left), Value::Time(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A parameter that only has a type.
    pub(in crate::plan) fn param(kind: ValueType) -> Param {
        Param {
            kind,
            help: None,
            default: None,
            optional: false,
            prompt: None,
            example: None,
            choices: Vec::new(),
            pattern: None,
            min: None,
            max: None,
            role: None,
            suggest: None,
            when: None,
        }
    }

    fn why(result: Result<Value, BadValue>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn a_text_is_parsed_by_the_type() {
        assert_eq!(accept(&param(ValueType::Int), "3"), Ok(Value::Int(3)));
        assert!(accept(&param(ValueType::Ident), "a-b").is_err());
        assert!(accept(&param(ValueType::Name), "-rf").is_err());
        assert_eq!(
            accept_value(&param(ValueType::Version), Value::Int(3)),
            Ok(Value::Text("3".to_owned()))
        );
    }

    #[test]
    fn choices_and_patterns_hold_for_every_item() {
        let choices = vec!["a".to_owned(), "ab".to_owned()];
        let chosen = Param { choices, ..param(ValueType::List(Box::new(ValueType::String))) };
        assert!(accept(&chosen, "a\nab").is_ok());
        assert_eq!(why(accept(&chosen, "a\nb")), "`b` is none of a, ab");
        let pattern = Some(Pattern(regex::Regex::new("a|ab").unwrap()));
        let matched = Param { pattern, ..param(ValueType::String) };
        assert!(accept(&matched, "ab").is_ok(), "all of it, not its first alternative");
        assert!(accept(&matched, "ab\n").is_err());
        assert!(accept(&matched, "xab").is_err());
    }

    #[test]
    fn bounds_are_of_the_type_and_of_lists_the_number_of_items() {
        let bounds = |kind: ValueType, min: &str, max: &str| Param {
            min: Some(kind.parse(min).unwrap()),
            max: Some(kind.parse(max).unwrap()),
            ..param(kind)
        };
        let int = bounds(ValueType::Int, "10", "99");
        assert_eq!(accept(&int, "10"), Ok(Value::Int(10)));
        assert_eq!(why(accept(&int, "9")), "it is at least 10, and this is 9");
        assert_eq!(why(accept(&int, "100")), "it is at most 99, and this is 100");
        let window = bounds(ValueType::Duration, "1m", "1h");
        assert!(accept(&window, "60s").is_ok() && accept(&window, "61m").is_err());
        let list = Param {
            min: Some(Value::Int(1)),
            max: Some(Value::Int(2)),
            ..param(ValueType::List(Box::new(ValueType::Name)))
        };
        assert!(accept(&list, "a\nb").is_ok());
        assert!(accept(&list, "").is_err() && accept(&list, "a\nb\nc").is_err());
    }

    #[test]
    fn rule_3_a_value_over_128_kib_is_an_error() {
        let text = param(ValueType::String);
        assert!(accept(&text, &"x".repeat(VALUE_LIMIT)).is_ok());
        assert_eq!(why(accept(&text, &"x".repeat(VALUE_LIMIT + 1))), "a value has at most 128 KiB");
        let list = param(ValueType::List(Box::new(ValueType::String)));
        assert!(accept_all(&list, &vec!["x".repeat(VALUE_LIMIT / 2); 2]).is_err());
    }

    #[test]
    fn a_list_is_repeated_and_anything_else_is_not() {
        let texts = ["a".to_owned(), "b".to_owned()];
        let list = param(ValueType::List(Box::new(ValueType::Name)));
        let both = vec![Value::Text("a".to_owned()), Value::Text("b".to_owned())];
        assert_eq!(accept_all(&list, &texts), Ok(Value::List(both)));
        assert_eq!(
            why(accept_all(&param(ValueType::Name), &texts)),
            "it is one name, and 2 were given"
        );
        assert!(accept_all(&list, &["a\nb".to_owned()]).is_err());
    }

    #[test]
    fn a_host_is_of_its_role() {
        let host = Param { role: "db".parse().ok(), ..param(ValueType::Host) };
        let hosts: Vec<HostName> = vec!["db1".parse().unwrap()];
        let value = |text| accept(&host, text).unwrap();
        assert!(is_of_role(&host, &value("db1"), &hosts).is_ok());
        assert_eq!(
            is_of_role(&host, &value("app1"), &hosts).unwrap_err().to_string(),
            "`app1` is no `db` of this run"
        );
    }
}
