//! Parameters and asked values.

use super::Validation;
use super::names::{elements, entries};
use super::scope::{Scope, Sight};
use super::setting::{Keys, NO_SHELL};
use super::text::{borrowed, has_braces, scalar_text};
use crate::base::{Span, Spanned, Value, ValueName, ValueType};
use crate::document::{self, DefaultValue, Field, Scalar};
use crate::runbook::model::{Param, Suggest};
use crate::runbook::rules::Use;
use crate::runbook::rules::expression::Reading;
use crate::runbook::step::{Pattern, Place, Shell};
use crate::template::Template;

impl Validation<'_> {
    /// Every parameter.
    pub(super) fn params(&self) -> indexmap::IndexMap<ValueName, Param> {
        let mut params = indexmap::IndexMap::new();
        for (at, (name, field)) in entries(self.document.param.value()).enumerate() {
            let Some(written) = field.written() else { continue };
            let scope = Scope::new(self, Sight::Params(at), self.defaults.place.clone());
            let param = self.param(&written.value, written.span, &scope);
            params.extend(name.parse().ok().zip(param));
        }
        params
    }

    /// The values a step asks for.
    pub(super) fn asked(
        &self,
        step: usize,
        scope: &Scope<'_, '_>,
    ) -> indexmap::IndexMap<ValueName, Param> {
        let mut asked = indexmap::IndexMap::new();
        for (at, (name, field)) in entries(self.steps[step].0.ask.value()).enumerate() {
            let Some(written) = field.written() else { continue };
            let scope = scope.seeing(Sight::Asking(step, at));
            let param = self.param(&written.value, written.span, &scope);
            asked.extend(name.parse().ok().zip(param));
        }
        asked
    }

    fn param(&self, written: &document::Param, span: Span, scope: &Scope<'_, '_>) -> Option<Param> {
        let step = scope.step();
        let kind = self.whole_type(&written.kind, &written.of, span, step, false);
        let pattern = self.full_pattern(&written.pattern, step);
        let choices: Vec<String> =
            elements(written.choices.value()).iter().map(|choice| scalar_text(choice)).collect();
        let param = Param {
            kind: kind.clone().unwrap_or(ValueType::String),
            help: written.help.value().cloned(),
            default: self.default_value(&written.default, scope),
            optional: written.optional.value().copied().unwrap_or_default(),
            prompt: written.ask.value().cloned(),
            example: written.example.value().map(scalar_text),
            choices,
            pattern,
            min: kind.as_ref().and_then(|kind| self.bound(&written.min, kind, step)),
            max: kind.as_ref().and_then(|kind| self.bound(&written.max, kind, step)),
            role: written.role.written().and_then(|role| self.role(borrowed(role), step)),
            suggest: self.suggest(&written.suggest, scope),
            when: self.condition(&written.when, scope),
        };
        let kind = kind?;
        self.check_values(written, &param, &kind, step);
        Some(param)
    }

    /// The whole text must match.
    fn full_pattern(&self, field: &Field<String>, step: Option<usize>) -> Option<Pattern> {
        let pattern = self.pattern(field, step)?;
        regex::Regex::new(&format!("^(?:{})$", pattern.0.as_str())).ok().map(Pattern)
    }

    fn default_value(
        &self,
        field: &Field<DefaultValue>,
        scope: &Scope<'_, '_>,
    ) -> Option<Template> {
        let written = field.written()?;
        let text = match &written.value {
            DefaultValue::Text(text) => {
                let text = Spanned::new(text.as_str(), written.span);
                return self.template(text, scope, Reading::Program);
            }
            DefaultValue::Int(int) => int.to_string(),
            DefaultValue::Number(number) => number.to_string(),
            DefaultValue::Bool(flag) => flag.to_string(),
            DefaultValue::List(list) => {
                list.iter().map(|item| scalar_text(item)).collect::<Vec<_>>().join("\n")
            }
        };
        Some(Template::literal(&text))
    }

    fn bound(&self, field: &Field<Scalar>, kind: &ValueType, step: Option<usize>) -> Option<Value> {
        let written = field.written()?;
        let measured =
            if matches!(kind, ValueType::List(_)) { ValueType::Int } else { kind.clone() };
        if !measured.is_ordered() {
            let message = format!("a {} has no least and no greatest value", kind.name());
            let complaint = self.complaint("not-for-this-kind", message).at(written.span, "");
            self.report(step, complaint.help("use `choices` or `pattern`"));
            return None;
        }
        let parsed = measured.parse(&scalar_text(&written.value));
        if let Err(error) = &parsed {
            self.unfit(error, written.span, step);
        }
        parsed.ok()
    }

    fn unfit(&self, error: &crate::base::value::BadValue, span: Span, step: Option<usize>) {
        let complaint = self.complaint("type-does-not-fit", error.to_string()).at(span, "");
        self.report(step, complaint.help("write a value of that type"));
    }

    /// Whether default, example and choices are of the type and of each other.
    fn check_values(
        &self,
        written: &document::Param,
        param: &Param,
        kind: &ValueType,
        step: Option<usize>,
    ) {
        for choice in elements(written.choices.value()) {
            if let Err(error) = element(kind).parse(&scalar_text(choice)) {
                self.unfit(&error, choice.span, step);
            }
        }
        if let Some(example) = written.example.written() {
            self.check_value(&scalar_text(example), example.span, param, kind, step);
        }
        if let (Some(default), Some(template)) = (written.default.written(), &param.default) {
            if !has_braces(template.source()) {
                self.check_value(template.source(), default.span, param, kind, step);
            }
            if param.optional {
                let message = "a value with a default is never missing";
                let complaint = self.complaint("two-of-one", message).at(default.span, "");
                let key = written.optional.key().unwrap_or_default();
                let complaint = complaint.also(key, "and may be missing");
                self.report(step, complaint.help("keep `default` or `optional`"));
            }
        }
        if let (Some(min), Some(max)) = (&param.min, &param.max)
            && value_order(min, max) == Some(std::cmp::Ordering::Greater)
        {
            let complaint = self.complaint("bad-range", "`min` is greater than `max`");
            let complaint = complaint.at(written.min.span().unwrap_or_default(), "");
            self.report(step, complaint.help("exchange them"));
        }
        if let (Some(key), false) = (written.role.key(), *element(kind) == ValueType::Host) {
            let complaint = self.complaint("not-for-this-kind", "`role` belongs to a `host`");
            self.report(step, complaint.at(key, "").help("write `type = \"host\"`"));
        }
    }

    fn check_value(
        &self,
        text: &str,
        span: Span,
        param: &Param,
        kind: &ValueType,
        step: Option<usize>,
    ) {
        let value = match kind.parse(text) {
            Ok(value) => value,
            Err(error) => return self.unfit(&error, span, step),
        };
        let texts = match &value {
            Value::List(items) => items.iter().map(Value::text).collect(),
            value => vec![value.text()],
        };
        let size = match &value {
            Value::List(items) => i64::try_from(items.len()).ok().map(Value::Int),
            value => Some(value.clone()),
        };
        let beyond = |bound: &Option<Value>, wrong| {
            size.as_ref().zip(bound.as_ref()).and_then(|(size, bound)| value_order(size, bound))
                == Some(wrong)
        };
        let message = if texts
            .iter()
            .any(|text| !param.choices.is_empty() && !param.choices.contains(text))
        {
            format!("`{text}` is not among the choices")
        } else if param.pattern.as_ref().is_some_and(|p| texts.iter().any(|t| !p.0.is_match(t))) {
            format!("`{text}` does not match the pattern")
        } else if beyond(&param.min, std::cmp::Ordering::Less) {
            format!("`{text}` is less than `min`")
        } else if beyond(&param.max, std::cmp::Ordering::Greater) {
            format!("`{text}` is greater than `max`")
        } else {
            return;
        };
        let complaint = self.complaint("type-does-not-fit", message).at(span, "");
        self.report(step, complaint.help("write a value that a person could give"));
    }

    fn suggest(&self, field: &Field<document::Suggest>, scope: &Scope<'_, '_>) -> Option<Suggest> {
        let written = field.written()?;
        let table = match &written.value {
            document::Suggest::Table(table) => Some(&**table),
            _ => None,
        };
        let step = scope.step();
        let said = table.and_then(|table| self.place(&table.on, step));
        let usual = || match step {
            Some(_) => scope.host.clone(),
            None => self.defaults.place.clone(),
        };
        let place = said.or_else(usual).unwrap_or_else(|| {
            self.no_place(written.span, step);
            Place::Local
        });
        // What is asked with it is answered with it: only what lies upstream is known by then.
        let scope = &match step {
            Some(step) => {
                self.one_host(step, &place, written.span);
                Scope { host: Some(place.clone()), ..scope.seeing(Sight::Before(step)) }
            }
            None => scope.clone(),
        };
        let mut effective = self.default_setting(&place);
        let use_ = Use::read(place == Place::Local);
        let (how, _) = match &written.value {
            document::Suggest::Script(text) => {
                self.scripted(Spanned::new(text, written.span), effective.shell, scope, &use_)?
            }
            document::Suggest::Argv(words) => (self.argv(words, written.span, scope, &use_)?, None),
            document::Suggest::Table(table) => {
                let keys =
                    Keys { cwd: &table.cwd, env: &table.env, sudo: &table.sudo, shell: &NO_SHELL };
                self.apply(&mut effective, keys, scope, true);
                let Some(read) = table.read.written() else {
                    self.missing(&table.read, "read", written.span, step);
                    return None;
                };
                self.how(read, Shell::default(), scope, &use_)?
            }
        };
        Some(Suggest { read: how, place, setting: effective.setting })
    }

    /// What is offered with a step's question is read on one host, known when it is loaded.
    fn one_host(&self, step: usize, place: &Place, at: Span) {
        let Place::Role(role) = place else { return };
        let own = self.place_of_step(step).as_ref() == Some(place);
        let single = match own {
            true => self.is_single(step, role),
            false => self.roles.get(role).is_some_and(|role| role.max == Some(1)),
        };
        if single {
            return;
        }
        let message = format!("`suggest` reads on one host, and `{role}` may have several");
        let complaint = self.complaint("suggest-on-several", message).at(at, "");
        let way = match own {
            true => "say `pick = 1` on the step, `max = 1` on the role, or `on = \"local\"`",
            false => "say `max = 1` on the role, or another `on`",
        };
        self.report(Some(step), complaint.help(way));
    }
}

/// The type of what is chosen from `choices`.
fn element(kind: &ValueType) -> &ValueType {
    match kind {
        ValueType::List(of) => of,
        kind => kind,
    }
}

fn value_order(one: &Value, two: &Value) -> Option<std::cmp::Ordering> {
    match (one, two) {
        (Value::Int(one), Value::Int(two)) => Some(one.cmp(two)),
        (Value::Number(one), Value::Number(two)) => one.partial_cmp(two),
        (Value::Duration(one), Value::Duration(two)) => Some(one.cmp(two)),
        (Value::Bytes(one), Value::Bytes(two)) => Some(one.cmp(two)),
        (Value::Time(one), Value::Time(two)) => Some(one.cmp(two)),
        _ => None,
    }
}
