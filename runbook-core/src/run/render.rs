//! From the words of a runbook to the exact bytes: programs, requests, probes, durations.

use std::time::Duration;

use indexmap::IndexMap;

use super::action::RenderedProbe;
use super::attempt::Payload;
use super::scope::Scope;
use crate::base::{StepId, Value};
use crate::plan::{Command, HttpRequest, Program};
use crate::runbook::{Amount, Check, How, Method, Probe, Request, RequestBody, Script, Setting};
use crate::template::{EvaluationError, Known, Names, Reference, Template};

/// What one value may be long, in bytes: Linux refuses a longer one in `execve` (`MAX_ARG_STRLEN`).
const VALUE_LIMIT: usize = 128 * 1024;

/// Why something cannot be rendered now.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Unrendered {
    /// A step that was not run yet delivers a name.
    NotYet(Option<StepId>),
    /// It never can be, with the values there are.
    Failed(String),
}

impl From<EvaluationError> for Unrendered {
    fn from(error: EvaluationError) -> Self {
        match error {
            EvaluationError::NotKnownYet { after, .. } => Self::NotYet(after),
            failed @ EvaluationError::Failed { .. } => Self::Failed(failed.to_string()),
        }
    }
}

type Rendered<T> = Result<T, Unrendered>;

/// A template whose value may not be `none`.
fn required(template: &Template, names: &dyn Names) -> Rendered<String> {
    match template.value(names)? {
        Some(value) => bounded(template.source(), value.text()),
        None => {
            Err(Unrendered::Failed(format!("`{}` has no value (it is `none`)", template.source())))
        }
    }
}

fn bounded(what: &str, text: String) -> Rendered<String> {
    if text.len() <= VALUE_LIMIT {
        return Ok(text);
    }
    let size = text.len();
    Err(Unrendered::Failed(format!("`{what}` is {size} bytes long: a value may have 128 KiB")))
}

/// An amount with its value.
pub(super) fn duration(amount: &Amount<Duration>, names: &dyn Names) -> Rendered<Duration> {
    match amount {
        Amount::Fixed(duration) => Ok(*duration),
        Amount::From(template) => match template.value(names)? {
            Some(Value::Duration(duration)) => Ok(duration),
            Some(value) => crate::base::units::parse_duration(&value.text())
                .map_err(|error| Unrendered::Failed(error.to_string())),
            None => Err(Unrendered::Failed(format!("`{}` is `none`", template.source()))),
        },
    }
}

/// What a step, an undo, a diagnose or a probe sends.
pub(super) fn payload(
    how: &How,
    setting: &Setting,
    stdin: Option<&Template>,
    args: &[String],
    scope: &Scope<'_>,
) -> Rendered<Payload> {
    match how {
        How::Request(wanted) => Ok(Payload::Request(request(wanted, scope)?)),
        How::Script(_) | How::Argv(_) => {
            Ok(Payload::Command(command(how, setting, stdin, args, scope)?))
        }
    }
}

/// A program with its values.
pub(super) fn command(
    how: &How,
    setting: &Setting,
    stdin: Option<&Template>,
    args: &[String],
    scope: &Scope<'_>,
) -> Rendered<Command> {
    let mut command = match how {
        How::Script(script) => {
            let mut command = Command::new(Program::Script {
                text: script.text.to_string(),
                shell: script.shell,
            });
            command.env = variables(script, scope)?;
            command
        }
        How::Argv(words) => Command::new(Program::Argv(
            words.iter().map(|word| required(word, scope)).collect::<Result<_, _>>()?,
        )),
        How::Request(_) => return Err(Unrendered::Failed("a request is no program".to_owned())),
    };
    for (name, template) in &setting.env {
        if let Some(value) = template.value(scope)? {
            command.env.insert(name.clone(), bounded(name, value.text())?);
        }
    }
    command.args = args.to_vec();
    command.cwd = setting.cwd.as_ref().map(|cwd| required(cwd, scope)).transpose()?;
    command.sudo = setting.sudo.as_ref().map(|sudo| required(&sudo.user, scope)).transpose()?;
    command.stdin = stdin.map(|stdin| required(stdin, scope)).transpose()?;
    Ok(command)
}

/// The variables of a script: the names that occur in it, as far as they have a value.
fn variables(script: &Script, scope: &Scope<'_>) -> Rendered<IndexMap<String, String>> {
    let mut variables = IndexMap::new();
    for name in &script.names {
        match scope.known(&Reference::of(name.as_str())) {
            Known::Value(value) => {
                variables.insert(name.to_string(), bounded(name.as_str(), value.text())?);
            }
            Known::NotYet(after) => return Err(Unrendered::NotYet(after)),
            // Unset: `set -u` makes any use of it an error.
            Known::None | Known::Undelivered | Known::Map(_) | Known::List(_) => {}
        }
    }
    for name in &script.engine_names {
        if let Some(value) = engine_variable(name, scope) {
            variables.insert(format!("runbook_{name}"), value);
        }
    }
    Ok(variables)
}

/// `$runbook_run` and its like; `$runbook_tmp` is made on the host.
fn engine_variable(name: &str, scope: &Scope<'_>) -> Option<String> {
    let plan = scope.run.plan();
    Some(match name {
        "run" => plan.run.id.to_string(),
        "step" => scope.step?.id.to_string(),
        "host" => scope.host?.to_string(),
        "env" => plan.environment.name.as_ref().map_or_else(String::new, ToString::to_string),
        "started" => plan.run.started.to_string(),
        _ => return None,
    })
}

fn request(wanted: &Request, scope: &Scope<'_>) -> Rendered<HttpRequest> {
    let mut url = required(&wanted.url, scope)?;
    for (name, template) in &wanted.query {
        // Without it the request would mean something else.
        let value = required(template, scope)?;
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(&format!("{}={}", percent(name), percent(&value)));
    }
    let mut headers = Vec::new();
    for (name, template) in &wanted.headers {
        headers.push((name.clone(), required(template, scope)?));
    }
    let body = match &wanted.body {
        None => None,
        Some(RequestBody::Text(text)) => Some(required(text, scope)?),
        Some(RequestBody::Json(json)) => {
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
            }
            Some(json_body(json, scope)?.to_string())
        }
    };
    let ca = wanted.ca.as_ref().map(|ca| required(ca, scope)).transpose()?;
    Ok(HttpRequest { method: method(wanted.method).to_owned(), url, headers, body, ca })
}

const fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

/// Percent-encodes what is not unreserved (RFC 3986, 2.3).
fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// JSON in which every string was a template.
fn json_body(json: &serde_json::Value, scope: &Scope<'_>) -> Rendered<serde_json::Value> {
    use serde_json::Value as Json;
    Ok(match json {
        Json::String(text) => {
            let template =
                Template::parse(text).map_err(|error| Unrendered::Failed(error.to_string()))?;
            template.value(scope)?.map_or(Json::Null, |value| match value {
                Value::Int(int) => int.into(),
                Value::Number(number) => number.into(),
                Value::Bool(flag) => flag.into(),
                Value::Json(json) => json,
                other => Json::String(other.text()),
            })
        }
        Json::Array(items) => {
            Json::Array(items.iter().map(|item| json_body(item, scope)).collect::<Result<_, _>>()?)
        }
        Json::Object(map) => Json::Object(
            map.iter()
                .map(|(key, value)| Ok((key.clone(), json_body(value, scope)?)))
                .collect::<Rendered<_>>()?,
        ),
        other => other.clone(),
    })
}

/// What a check's probe sends; none for what is answered without sending.
pub(super) fn probe(
    check: &Check,
    args: &[String],
    scope: &Scope<'_>,
) -> Rendered<Option<RenderedProbe>> {
    Ok(match &check.probe {
        Probe::Read(how) => {
            Some(RenderedProbe::Read(command(how, &check.setting, None, args, scope)?))
        }
        Probe::Http(wanted) => Some(RenderedProbe::Http(request(wanted, scope)?)),
        Probe::Tcp(address) => Some(RenderedProbe::Tcp(required(address, scope)?)),
        Probe::That(_) | Probe::Ask(_) | Probe::Goal => None,
    })
}
