//! The values of parameters: what was given, what the inventory fills, what is the default.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::bind::{Problem, Request};
use super::model::{Bound, RunFacts};
use super::near::suggestion;
use super::parameter::{accept, accept_all, accept_value, is_of_role};
use super::selection::Selection;
use crate::base::value::BadValue;
use crate::base::{HostName, Value, ValueName};
use crate::runbook::{Param, Runbook};
use crate::template::{EvaluationError, Known, Names, Reference, Template};

/// The values there are.
#[derive(Default)]
pub(super) struct Values {
    pub(super) values: IndexMap<ValueName, Bound>,
    /// Those that have none and need one.
    pub(super) missing: Vec<ValueName>,
    /// Those that have none because something is wrong, said already.
    failed: BTreeSet<ValueName>,
}

/// Why a parameter has no value.
enum Unbound {
    Missing,
    Wrong(String),
    /// A parameter that it is computed from has none.
    Follows,
}

impl From<BadValue> for Unbound {
    fn from(bad: BadValue) -> Self {
        Self::Wrong(bad.to_string())
    }
}

/// Binds every parameter, in the order of the runbook, by rule 8.
pub(super) fn bind(
    request: &Request<'_>,
    selection: &Selection,
    problems: &mut Vec<Problem>,
) -> Values {
    refuse_unknown(request, problems);
    let mut bound = Values::default();
    for (name, param) in &request.runbook.params {
        let source = Source { request, selection, above: &bound, name, param };
        match source.bind() {
            Ok(value) => {
                bound.values.insert(name.clone(), value);
                continue;
            }
            Err(Unbound::Missing) if !selection.failed => bound.missing.push(name.clone()),
            Err(Unbound::Missing | Unbound::Follows) => {}
            Err(Unbound::Wrong(why)) => {
                let help = param.example.as_ref().map(|text| format!("such as `{name}={text}`"));
                problems.push(Problem::new(format!("`{name}`: {why}")).help(help));
            }
        }
        bound.failed.insert(name.clone());
    }
    bound
}

/// The one problem that lists every parameter without a value, with the flag for each.
pub(super) fn missing(runbook: &Runbook, missing: &[ValueName]) -> Problem {
    let names = missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let mut problem = Problem::new(format!("no value for {names}"));
    for name in missing {
        let param = &runbook.params[name];
        let example = param.example.clone().unwrap_or_else(|| param.kind.name().to_uppercase());
        let meaning = param.help.as_ref().map_or_else(String::new, |help| format!("  {help}"));
        problem = problem.help(format!("{name}={example}{meaning}"));
    }
    problem
}

fn refuse_unknown(request: &Request<'_>, problems: &mut Vec<Problem>) {
    let params = &request.runbook.params;
    let given = request.given;
    let known = || params.keys().map(ValueName::as_str);
    let written: BTreeSet<&str> = given
        .command_line
        .iter()
        .map(|(name, _)| name.as_str())
        .chain(given.file.keys().map(String::as_str))
        .filter(|name| !params.contains_key(*name))
        .collect();
    for name in written {
        problems.push(
            Problem::new(format!("the runbook has no parameter `{name}`"))
                .help(suggestion(name, known())),
        );
    }
    for suffix in given.environment.keys() {
        if !params.keys().any(|name| names_variable(suffix, name)) {
            let what =
                format!("`RUNBOOK_PARAM_{suffix}` is set, and the runbook has no such parameter");
            let near = suggestion(&suffix.to_lowercase(), known());
            problems.push(Problem::new(what).help(near));
        }
    }
}

fn names_variable(suffix: &str, name: &ValueName) -> bool {
    suffix.eq_ignore_ascii_case(name.as_str())
}

/// One parameter, and everywhere its value may come from.
struct Source<'a> {
    request: &'a Request<'a>,
    selection: &'a Selection,
    above: &'a Values,
    name: &'a ValueName,
    param: &'a Param,
}

impl Source<'_> {
    fn bind(&self) -> Result<Bound, Unbound> {
        if let Some(texts) = self.given() {
            return Ok(Bound::One(self.checked(accept_all(self.param, &texts)?)?));
        }
        let by_host = self.selection.hosts.values().any(|host| self.var(&host.vars).is_some());
        if by_host || (self.var(&self.selection.vars).is_none() && self.default_differs_by_host()) {
            return self.per_host();
        }
        Ok(self.for_host(None)?.map_or(Bound::None, Bound::One))
    }

    /// What was said for this run: command line, file, environment of the process.
    fn given(&self) -> Option<Vec<String>> {
        let given = self.request.given;
        let name = self.name.as_str();
        let said = given.command_line.iter().filter(|(key, _)| key == name);
        let texts: Vec<String> = said.map(|(_, text)| text.clone()).collect();
        if !texts.is_empty() {
            return Some(texts);
        }
        let variables = || given.environment.iter();
        given.file.get(name).cloned().or_else(|| {
            let exact =
                variables().find(|(suffix, _)| **suffix == self.name.as_str().to_uppercase());
            let found =
                exact.or_else(|| variables().find(|(s, _)| names_variable(s, self.name)))?;
            Some(match self.param.kind {
                crate::base::ValueType::List(_) => found.1.lines().map(str::to_owned).collect(),
                _ => vec![found.1.clone()],
            })
        })
    }

    fn var<'v>(&self, vars: &'v IndexMap<String, String>) -> Option<&'v String> {
        vars.get(self.name.as_str())
    }

    /// A value for each host; an optional one may be missing on some.
    fn per_host(&self) -> Result<Bound, Unbound> {
        let mut values = IndexMap::new();
        for host in self.selection.hosts.keys() {
            let value = self.for_host(Some(host)).map_err(|unbound| match unbound {
                Unbound::Missing => {
                    Unbound::Wrong(format!("some hosts have a value, `{host}` has none"))
                }
                Unbound::Wrong(why) => Unbound::Wrong(format!("on `{host}`: {why}")),
                Unbound::Follows => Unbound::Follows,
            })?;
            values.extend(value.map(|value| (host.clone(), value)));
        }
        Ok(Bound::PerHost(values))
    }

    /// What the inventory fills, else the default; for one host, or for all of them.
    fn for_host(&self, host: Option<&HostName>) -> Result<Option<Value>, Unbound> {
        let own = host.and_then(|host| self.var(&self.selection.hosts.get(host)?.vars));
        if let Some(text) = own.or_else(|| self.var(&self.selection.vars)) {
            return Ok(Some(self.checked(accept(self.param, text)?)?));
        }
        let default = match &self.param.default {
            Some(template) => self.computed(template, host)?,
            None => None,
        };
        match default {
            Some(value) => Ok(Some(self.checked(accept_value(self.param, value)?)?)),
            None if self.param.optional => Ok(None),
            None => Err(Unbound::Missing),
        }
    }

    fn default_differs_by_host(&self) -> bool {
        let template = self.param.default.as_ref();
        template.into_iter().flat_map(Template::references).any(|reference| {
            matches!(self.above.values.get(reference.root.as_str()), Some(Bound::PerHost(_)))
        })
    }

    fn computed(
        &self,
        template: &Template,
        host: Option<&HostName>,
    ) -> Result<Option<Value>, Unbound> {
        let failed = |reference: &Reference| self.above.failed.contains(reference.root.as_str());
        if template.references().iter().any(failed) {
            return Err(Unbound::Follows);
        }
        let env = self.selection.environment.name.as_ref().map_or("", |name| name.as_str());
        let above = Above { values: &self.above.values, host, env, run: &self.request.run };
        template
            .value(&above)
            .map_err(|error: EvaluationError| Unbound::Wrong(format!("its default: {error}")))
    }

    /// A host is one of the role that the parameter names. Where no role has hosts the problem is
    /// another one.
    fn checked(&self, value: Value) -> Result<Value, BadValue> {
        let role = self.param.role.as_ref().filter(|role| !self.selection.role(role).is_empty());
        if let Some(role) = role {
            is_of_role(self.param, &value, self.selection.role(role))?;
        }
        Ok(value)
    }
}

/// What a default may use: parameters above it, the environment and the run.
struct Above<'a> {
    values: &'a IndexMap<ValueName, Bound>,
    host: Option<&'a HostName>,
    env: &'a str,
    run: &'a RunFacts,
}

impl Names for Above<'_> {
    fn known(&self, reference: &Reference) -> Known {
        let text = |text: &str| Known::Value(Value::Text(text.to_owned()));
        match reference.root.as_str() {
            "env" => text(self.env),
            "run" => Known::Map(BTreeMap::from([
                ("id".to_owned(), text(self.run.id.as_str())),
                ("started".to_owned(), Known::Value(Value::Time(self.run.started))),
                ("operator".to_owned(), text(&self.run.operator)),
            ])),
            name => match (self.values.get(name), self.host) {
                (Some(Bound::One(value)), _) => Known::Value(value.clone()),
                (Some(Bound::None), _) => Known::None,
                (Some(Bound::PerHost(values)), Some(host)) => {
                    values.get(host).cloned().map_or(Known::None, Known::Value)
                }
                (Some(Bound::PerHost(_)) | None, _) => Known::Undelivered,
            },
        }
    }
}
