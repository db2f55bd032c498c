//! Which names may stand at a place, and what they are there.

use super::Validation;
use super::names::{Entry, Origin};
use crate::runbook::rules::expression::{Kind, Resolved, Scope as Known, Type};
use crate::runbook::rules::nearest;
use crate::runbook::step::Place;

/// Whose values are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::runbook) enum Sight {
    /// Parameters, those before the how manieth.
    Params(usize),
    /// Parameters, in the goal, the preconditions and the lock.
    AllParams,
    /// Parameters and what lies upstream of the step.
    Before(usize),
    /// That, and what the step asked, the values before the how manieth.
    Asking(usize, usize),
    /// That, and the step's own captures before the how manieth.
    Capturing(usize, usize),
    /// That, and everything of the step itself.
    After(usize),
}

impl Sight {
    /// The step it is at.
    pub(in crate::runbook) fn step(self) -> Option<usize> {
        match self {
            Self::Params(_) | Self::AllParams => None,
            Self::Before(step)
            | Self::Asking(step, _)
            | Self::Capturing(step, _)
            | Self::After(step) => Some(step),
        }
    }
}

/// A place where text is computed.
#[derive(Clone)]
pub(in crate::runbook) struct Scope<'v, 'a> {
    pub(in crate::runbook) validation: &'v Validation<'a>,
    pub(in crate::runbook) sight: Sight,
    /// The place of the step, where something is computed for one host of it.
    pub(in crate::runbook) host: Option<Place>,
    /// Names that the step's own `when` has proven.
    pub(in crate::runbook) proven: Vec<String>,
}

impl<'v, 'a> Scope<'v, 'a> {
    pub(in crate::runbook) fn new(
        validation: &'v Validation<'a>,
        sight: Sight,
        host: Option<Place>,
    ) -> Self {
        Self { validation, sight, host, proven: Vec::new() }
    }

    /// The same place, with other names in sight.
    pub(in crate::runbook) fn seeing(&self, sight: Sight) -> Self {
        Self { sight, ..self.clone() }
    }

    /// The same names, where there is no single host.
    pub(in crate::runbook) fn for_the_step(&self) -> Self {
        Self { host: None, ..self.clone() }
    }

    pub(in crate::runbook) fn step(&self) -> Option<usize> {
        self.sight.step()
    }

    /// The entry of a name and whether its value can be there.
    pub(in crate::runbook) fn entry(&self, name: &str) -> Option<(&'v Entry, bool)> {
        let entry = self.validation.names.entries.get(name)?;
        Some((entry, self.sees(entry.origin)))
    }

    fn sees(&self, origin: Origin) -> bool {
        let above = |other: usize| {
            self.step().is_some_and(|step| self.validation.graph.is_upstream(other, step))
        };
        match (origin, self.sight) {
            (Origin::Param(at), Sight::Params(end)) => at < end,
            (Origin::Param(_), _) => true,
            (Origin::Capture(step, at), Sight::Capturing(here, end)) if step == here => at < end,
            (Origin::Asked(step, at), Sight::Asking(here, end)) if step == here => at < end,
            (Origin::Asked(step, _), Sight::Capturing(here, _)) if step == here => true,
            (Origin::Capture(step, _) | Origin::Asked(step, _) | Origin::Choice(step), sight) => {
                above(step) || matches!(sight, Sight::After(here) if here == step)
            }
        }
    }

    /// Whether one value of a name can be meant here.
    pub(in crate::runbook) fn is_one(&self, entry: &Entry) -> bool {
        match (&entry.per_host, &self.host) {
            (None, _) => true,
            (Some(role), Some(Place::Role(here))) => role == here,
            (Some(_), _) => false,
        }
    }

    fn named(&self, root: &str, rest: &[&str]) -> Resolved {
        let Some((entry, seen)) = self.entry(root) else { return self.unknown(root) };
        self.validation.note_use(root);
        if !seen {
            return self.out_of_sight(root, entry);
        }
        let mut found = entry.found.clone();
        if entry
            .origin
            .step()
            .is_some_and(|step| self.same_condition(step) || Some(step) == self.step())
        {
            found.maybe_undelivered = false;
        }
        if self.is_one(entry) {
            return Resolved::Is(found, 0);
        }
        if rest.is_empty() {
            return self.per_host(root, entry);
        }
        let map = Kind::Map(Box::new(found.clone()));
        Resolved::Is(Type { kind: map, words: None, ..found }, 0)
    }

    /// Whether that step has the same `when` as this one, which then holds for both.
    fn same_condition(&self, other: usize) -> bool {
        let steps = &self.validation.steps;
        let plain = {
            let other = steps[other].0;
            other.skip_if.is_absent()
                && other.items.is_absent()
                && other.on_failure.is_absent()
                && other.exactly.is_absent()
        };
        let own = self.step().and_then(|step| steps[step].0.when.value());
        plain && own.is_some() && own == steps[other].0.when.value()
    }

    fn out_of_sight(&self, name: &str, entry: &Entry) -> Resolved {
        let id = entry.origin.step().and_then(|step| self.validation.ids[step].as_ref());
        let id = id.map_or_else(String::new, ToString::to_string);
        let wrong =
            |message: String, help: String| Resolved::Wrong("not-known-there", message, vec![help]);
        match (entry.origin, self.sight) {
            (Origin::Param(_), _) => wrong(
                format!("`{name}` is defined below"),
                "a default uses the parameters above it: move it up".to_owned(),
            ),
            (_, Sight::Params(_) | Sight::AllParams) => wrong(
                format!("`{name}` comes from step `{id}`, and only parameters are known here"),
                "use a parameter, or move this into a step".to_owned(),
            ),
            (_, sight) if entry.origin.step() == sight.step() => wrong(
                format!("`{name}` is only known after this step"),
                "use it in `verify`, `stop_if`, `finish_if`, `undo` or a later step".to_owned(),
            ),
            _ => wrong(
                format!("`{name}` is not known there: this step does not need `{id}`"),
                format!("put the step behind `{id}`, or add \"{id}\" to its `needs`"),
            ),
        }
    }

    fn per_host(&self, name: &str, entry: &Entry) -> Resolved {
        let role = entry.per_host.as_ref().map_or_else(String::new, ToString::to_string);
        let message =
            format!("`{name}` has one value a host of `{role}`, and here is no such host");
        let help = vec![
            format!("take all of them with `all.{name}`, or one with `{name}['HOST']`"),
            "or make it one value: `same_on_all_hosts = true` on the capture, or `pick = 1` or \
             `exactly = 1` on its step, or `max = 1` on the role"
                .to_owned(),
        ];
        Resolved::Wrong("per-host-name", message, help)
    }

    fn unknown(&self, name: &str) -> Resolved {
        let known = self.validation.names.entries.keys().map(String::as_str);
        let words = ["host", "vars", "hosts", "env", "run", "steps", "all", "now"];
        let mut help = nearest(name, known.chain(words));
        if help.is_empty() {
            help.push("define it as a parameter, a capture or an asked value".to_owned());
        }
        let message = format!("there is no name `{name}`");
        Resolved::Wrong("unknown-name", message, help)
    }

    fn of_all(&self, rest: &[&str]) -> Resolved {
        let Some(name) = rest.first() else {
            let help = vec!["say which: `all.NAME`".to_owned()];
            return Resolved::Wrong("unknown-name", "`all` alone is no value".to_owned(), help);
        };
        let Some((entry, seen)) = self.entry(name) else { return self.unknown(name) };
        self.validation.note_use(name);
        if !seen {
            return self.out_of_sight(name, entry);
        }
        if entry.per_host.is_none() {
            let message = format!("`{name}` is one value, not one a host");
            let help = vec![format!("write `{name}`")];
            return Resolved::Wrong("per-host-name", message, help);
        }
        Resolved::Is(Type::list_of(Type { maybe_undelivered: false, ..entry.found.clone() }), 1)
    }

    fn of_steps(&self, rest: &[&str]) -> Resolved {
        const OUTCOMES: [&str; 7] =
            ["started", "done", "failed", "skipped", "declined", "unknown", "undone"];
        let (Some(id), Some(outcome)) = (rest.first(), rest.get(1)) else {
            let help = vec!["write `steps.ID.done`".to_owned()];
            return Resolved::Wrong("unknown-name", "`steps` alone is no value".to_owned(), help);
        };
        let v = self.validation;
        let Some(step) = v.step_named(id) else {
            let help = nearest(id, v.ids.iter().flatten().map(AsRef::as_ref));
            return Resolved::Wrong("unknown-step", format!("there is no step `{id}`"), help);
        };
        if !OUTCOMES.contains(outcome) {
            let mut help = nearest(outcome, OUTCOMES);
            help.push(format!("a step is {}", OUTCOMES.join(", ")));
            return Resolved::Wrong("unknown-name", format!("no step is ever `{outcome}`"), help);
        }
        let after = matches!(self.sight, Sight::After(here) if here == step);
        if !after && !self.step().is_some_and(|here| v.graph.is_upstream(step, here)) {
            let message = format!("what became of `{id}` is not known there");
            let help = vec![format!("put this behind `{id}`, or add \"{id}\" to `needs`")];
            return Resolved::Wrong("not-known-there", message, help);
        }
        Resolved::Is(Type::of(Kind::Bool), 2)
    }

    fn of_run(&self, rest: &[&str]) -> Resolved {
        let kind = match rest.first() {
            Some(&"id" | &"operator") => Kind::Text,
            Some(&"started" | &"goal_at") => Kind::Time,
            other => {
                let words = ["id", "started", "operator", "goal_at"];
                let help = nearest(other.unwrap_or(&""), words);
                let message = "`run` has `id`, `started`, `operator` and `goal_at`".to_owned();
                return Resolved::Wrong("unknown-name", message, [help, vec![]].concat());
            }
        };
        Resolved::Is(Type::of(kind), 1)
    }

    fn of_hosts(&self, rest: &[&str]) -> Resolved {
        let roles = &self.validation.roles;
        match rest.first() {
            Some(role) if *role == "[]" || roles.keys().any(|known| known == role) => {
                let host = Kind::Map(Box::new(Type::any()));
                Resolved::Is(Type::list_of(Type::of(host)), 1)
            }
            Some(role) => {
                let help = nearest(role, roles.keys().map(AsRef::as_ref));
                Resolved::Wrong("unknown-role", format!("there is no role `{role}`"), help)
            }
            None => Resolved::Is(Type::any(), 0),
        }
    }
}

impl Known for Scope<'_, '_> {
    fn resolve(&self, root: &str, rest: &[&str]) -> Resolved {
        match root {
            "host" | "env" => Resolved::Is(Type::of(Kind::Text), 0),
            "now" => Resolved::Is(Type::of(Kind::Time), 0),
            "vars" => Resolved::Is(Type::any(), rest.len()),
            "run" => self.of_run(rest),
            "hosts" => self.of_hosts(rest),
            "steps" => self.of_steps(rest),
            "all" => self.of_all(rest),
            _ => self.named(root, rest),
        }
    }

    fn delivered_by(&self, step: &str) -> Vec<String> {
        let Some(step) = self.validation.step_named(step) else { return Vec::new() };
        let entries = self.validation.names.entries.iter();
        entries
            .filter(|(_, entry)| entry.origin.step() == Some(step))
            .map(|(name, _)| name.clone())
            .collect()
    }
}
