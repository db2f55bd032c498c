//! What names stand for, for a step on a host, at this moment of a run.

use std::collections::BTreeMap;

use super::machine::Run;
use super::state::{Delivered, Phase};
use super::status::StepStatus;
use crate::base::{HostName, StepId, Value};
use crate::plan::Bound;
use crate::runbook::{Kind, Step};
use crate::template::{Known, Names, Reference};

/// The names as a step sees them on a host.
pub(super) struct Scope<'a> {
    pub(super) run: &'a Run,
    pub(super) step: Option<&'a Step>,
    pub(super) host: Option<&'a HostName>,
}

fn text(text: impl Into<String>) -> Known {
    Known::Value(Value::Text(text.into()))
}

impl Names for Scope<'_> {
    fn known(&self, reference: &Reference) -> Known {
        let first = reference.rest.first().map(String::as_str);
        match reference.root.as_str() {
            "host" => self.host.map_or(Known::Undelivered, |host| text(host.as_str())),
            "vars" => self.host.map_or(Known::Undelivered, |host| self.vars(host)),
            "hosts" => self.hosts(),
            "env" => text(self.run.plan().environment.name.as_ref().map_or("", |n| n.as_str())),
            "run" => self.run_facts(),
            "now" => {
                self.run.state().now.map_or(Known::Undelivered, |at| Known::Value(Value::Time(at)))
            }
            "steps" => first.map_or(Known::Undelivered, |id| self.step_flags(id)),
            "all" => first.map_or(Known::Undelivered, |name| self.all(name)),
            name => self.value(name),
        }
    }
}

impl Scope<'_> {
    fn vars(&self, host: &HostName) -> Known {
        let host = self.run.plan().hosts.get(host);
        Known::Map(
            host.into_iter()
                .flat_map(|host| &host.vars)
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
        )
    }

    fn hosts(&self) -> Known {
        let host = |name: &HostName| {
            Known::Map(BTreeMap::from([
                ("name".to_owned(), text(name.as_str())),
                ("vars".to_owned(), self.vars(name)),
            ]))
        };
        let roles = self.run.plan().roles.iter();
        Known::Map(
            roles
                .map(|(role, hosts)| {
                    (role.to_string(), Known::List(hosts.iter().map(host).collect()))
                })
                .collect(),
        )
    }

    fn run_facts(&self) -> Known {
        let run = &self.run.plan().run;
        let goal_at = self.run.state().goal_at;
        let goal_at = goal_at.map_or(Known::None, |at| Known::Value(Value::Time(at)));
        Known::Map(BTreeMap::from([
            ("id".to_owned(), text(run.id.as_str())),
            ("started".to_owned(), Known::Value(Value::Time(run.started))),
            ("operator".to_owned(), text(&run.operator)),
            ("goal_at".to_owned(), goal_at),
        ]))
    }

    /// `steps.ID`: `done` and `skipped` mean on every selected host, the others on any; after its
    /// undo a step is only `undone`.
    fn step_flags(&self, id: &str) -> Known {
        let state = self.run.state();
        let Some((id, step)) = state.steps.get_key_value(id).filter(|(_, s)| s.ended.is_some())
        else {
            return Known::NotYet(id.parse().ok());
        };
        let turns: Vec<_> = step.hosts.iter().flatten().map(|(_, turn)| turn).collect();
        let status = |turn: &super::state::Turn| match turn.undone {
            Some(Ok(())) => StepStatus::Undone,
            _ => turn.ended.as_ref().map_or(StepStatus::Cancelled, |(status, _)| *status),
        };
        let whole = state.status(id);
        let all = |wanted| whole == Some(wanted) && turns.iter().all(|turn| status(turn) == wanted);
        let any = |wanted| whole == Some(wanted) || turns.iter().any(|turn| status(turn) == wanted);
        let started = matches!(whole, Some(StepStatus::Done))
            || turns.iter().any(|turn| turn.attested)
            || self.run.has_started(id, None);
        let undone = any(StepStatus::Undone);
        let flags = [
            ("started", started && !undone),
            ("done", all(StepStatus::Done)),
            ("failed", any(StepStatus::Failed) && !undone),
            (
                "skipped",
                all(StepStatus::Skipped)
                    || (turns.is_empty() && whole == Some(StepStatus::Skipped)),
            ),
            ("declined", any(StepStatus::Declined) && !undone),
            ("unknown", any(StepStatus::Unknown) && !undone),
            ("undone", undone),
        ];
        let flags = flags.map(|(name, flag)| (name.to_owned(), Known::Value(Value::Bool(flag))));
        Known::Map(BTreeMap::from([(id.to_string(), Known::Map(BTreeMap::from(flags)))]))
    }

    /// `all.x`: the values in inventory order, hosts without one left out.
    fn all(&self, name: &str) -> Known {
        let list = match self.value_of_hosts(name) {
            Known::Map(map) => {
                let order = self.run.plan().hosts.keys();
                Known::List(order.filter_map(|host| map.get(host.as_str()).cloned()).collect())
            }
            Known::Value(value) => Known::List(vec![Known::Value(value)]),
            other => return other,
        };
        Known::Map(BTreeMap::from([(name.to_owned(), list)]))
    }

    /// A parameter, or what a step delivered.
    fn value(&self, name: &str) -> Known {
        match (self.value_of_hosts(name), self.host) {
            (Known::Map(map), Some(host)) if self.is_per_host(name) => {
                match map.get(host.as_str()) {
                    Some(known) => known.clone(),
                    None if map.is_empty() || self.is_at_home(name, host) => Known::Undelivered,
                    None => Known::Map(map),
                }
            }
            (known, _) => known,
        }
    }

    fn is_per_host(&self, name: &str) -> bool {
        matches!(self.run.plan().values.get(name), Some(Bound::PerHost(_)))
            || matches!(self.run.state().values.get(name), Some(Delivered::PerHost(_)))
    }

    /// Whether a name that a step delivers per host is this host's own: then it has no value where
    /// that step gave none, and is no map of the others'.
    fn is_at_home(&self, name: &str, host: &HostName) -> bool {
        let source = self.run.source_of(name).and_then(|id| self.run.plan().runbook.step(id));
        source.is_some_and(|step| self.run.place_hosts(&step.place).contains(host))
    }

    /// The same, with a value per host as a map.
    fn value_of_hosts(&self, name: &str) -> Known {
        match self.run.plan().values.get(name) {
            Some(Bound::One(value)) => return Known::Value(value.clone()),
            Some(Bound::None) => return Known::None,
            Some(Bound::PerHost(map)) => {
                let known = |(host, value): (&HostName, &Value)| {
                    (host.to_string(), Known::Value(value.clone()))
                };
                return Known::Map(map.iter().map(known).collect());
            }
            None => {}
        }
        let Some(source) = self.run.source_of(name) else { return Known::Undelivered };
        self.delivered(name, source)
    }

    /// What a step delivered: visible to itself at once, to others when it ended done.
    fn delivered(&self, name: &str, source: &StepId) -> Known {
        let state = self.run.state();
        let own = self.step.is_some_and(|step| step.id == *source);
        // What was undone since still delivers what its undo, and those behind it, need.
        let status = state.steps.get(source).and_then(super::state::StepState::ended_as);
        match status {
            None if !own => return Known::NotYet(Some(source.clone())),
            Some(StepStatus::Skipped) if self.is_choice(source) => return Known::None,
            _ => {}
        }
        let visible = |host: &HostName| {
            own || state.turn(source, host).is_some_and(|turn| {
                turn.ended.as_ref().is_some_and(|(status, _)| *status == StepStatus::Done)
            })
        };
        let known = |value: &Option<Value>| value.clone().map_or(Known::None, Known::Value);
        match state.values.get(name) {
            Some(Delivered::One(value)) if own || status == Some(StepStatus::Done) => known(value),
            Some(Delivered::PerHost(map)) => Known::Map(
                map.iter()
                    .filter(|(host, _)| visible(host))
                    .map(|(host, value)| (host.to_string(), known(value)))
                    .collect(),
            ),
            None if own && state.phase < Phase::Execution => Known::NotYet(Some(source.clone())),
            _ => Known::Undelivered,
        }
    }

    fn is_choice(&self, id: &StepId) -> bool {
        self.run
            .plan()
            .runbook
            .step(id)
            .is_some_and(|step| matches!(step.kind, Kind::Choose { .. }))
    }
}
