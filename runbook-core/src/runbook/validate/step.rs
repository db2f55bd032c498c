//! One step, with every default filled in.

use std::time::Duration;

use super::Validation;
use super::check::{Around, Standing};
use super::expect::Answer;
use super::kind::Sort;
use super::names::entries;
use super::scope::{Scope, Sight};
use super::setting::{Effective, Keys};
use super::text::has_braces;
use crate::base::Spanned;
use crate::document::{self, How as WrittenHow};
use crate::runbook::rules::expression::{Kind as Computed, Reading, proven};
use crate::runbook::rules::shell::Facts;
use crate::runbook::rules::{self, Use};
use crate::runbook::step::{Amount, How, Items, Kind, Place, Retry, Step};

const MINUTE: Duration = Duration::from_secs(60);

impl Validation<'_> {
    /// The step of that number.
    pub(super) fn step(&self, step: usize) -> Option<Step> {
        let (written, span) = self.steps[step];
        let sort = self.sort(step);
        let place = self.step_place(step, sort);
        let mut scope = Scope::new(self, Sight::Before(step), Some(place.clone()));
        let when = self.condition(&written.when, &scope.for_the_step());
        if let Some(when) = written.when.value() {
            scope.proven = proven(when, &scope);
        }
        let mut effective = self.default_setting(&place);
        self.apply(&mut effective, step_keys(written), &scope, true);
        if let Some(sort) = sort {
            self.keys_of(step, sort);
        }
        let around =
            Around { scope: &scope, step: Some((&place, &effective)), standing: Standing::Other };
        let kind = sort.and_then(|sort| self.kind(step, sort, &place, &effective, &scope));
        let (kind, facts) = kind.map_or((None, None), |(kind, facts)| (Some(kind), facts));
        let own = scope.seeing(Sight::After(step));
        let after =
            Around { scope: &own, step: Some((&place, &effective)), standing: Standing::Other };
        let ending =
            Around { scope: &own, step: Some((&place, &effective)), standing: Standing::Ending };
        let answer = match kind.as_ref().and_then(acting) {
            Some(How::Request(_)) => Answer::Http,
            _ => Answer::Output,
        };
        self.allowed(step);
        let items = self.items(step, facts.as_ref(), &effective, &place, &scope);
        let changes = matches!(sort, Some(Sort::Change | Sort::Destroy));
        let ask = self.asked(step, &scope);
        let built = Step {
            id: self.ids[step].clone().unwrap_or_else(|| "unnamed".parse().expect("an id")),
            title: self.for_people(&written.title, &scope.for_the_step()),
            help: written.help.value().cloned(),
            needs: self
                .graph
                .needs(step)
                .iter()
                .filter_map(|need| self.ids[*need].clone())
                .collect(),
            filter: self.filter(step, &place, &scope),
            pick: self.at_least_one(&written.pick, "pick", Some(step)),
            exactly: self.exactly(step),
            at_once: self.at_once(step, changes),
            max_failed: self.max_failed(step, written),
            stdin: self.for_program(&written.stdin, &scope),
            when,
            skip_if: self.checks(&written.skip_if, &around),
            precondition: self.checks(&written.precondition, &around),
            expect: self.expect(&written.expect, answer, &scope),
            verify: self.checks(&written.verify, &after),
            capture: self.captures(step, kind.as_ref(), &scope),
            keep: written.keep.value().cloned(),
            finish_if: self.checks(&written.finish_if, &ending),
            stop_if: self.checks(&written.stop_if, &ending),
            timeout: self.timeout(step, sort, &scope),
            retry: self.retry(step, sort, &scope),
            idempotent: match sort {
                Some(Sort::Read | Sort::Check) => true,
                _ => written.idempotent.value().copied().unwrap_or_default(),
            },
            on_failure: self.on_failure(step),
            diagnose: self.diagnose(step, &effective, &place, &own),
            undo: self.undo(step, sort, &place, &effective, &own),
            items,
            max_items: self.at_least_one(&written.max_items, "max_items", Some(step)),
            card: self.card(step, sort, &place, &effective, &scope),
            takes: self.duration(&written.takes, &scope),
            ask,
            span,
            setting: effective.setting.clone(),
            place: place.clone(),
            kind: kind?,
        };
        rules::of_step(self, step, &built, facts.as_ref());
        Some(built)
    }

    fn step_place(&self, step: usize, sort: Option<Sort>) -> Place {
        let (written, span) = self.steps[step];
        if !written.on.is_absent() {
            return self.place(&written.on, Some(step)).unwrap_or(Place::Local);
        }
        self.place_of_step(step).unwrap_or_else(|| {
            if sort.is_some_and(Sort::acts) && !self.is_broken(written.extent.0) {
                self.no_place(written.id.span().unwrap_or(span), Some(step));
            } else if let (Some(Sort::Check), Some(checks)) = (sort, written.check.value()) {
                checks.as_slice().iter().for_each(|check| self.check_needs_place(check, step));
            }
            Place::Local
        })
    }

    fn check_needs_place(&self, check: &Spanned<document::Check>, step: usize) {
        let asks_a_host =
            !check.read.is_absent() || !check.http.is_absent() || !check.tcp.is_absent();
        if asks_a_host && check.on.is_absent() && !self.is_broken(check.extent.0) {
            self.no_place(check.span, Some(step));
        }
    }

    fn filter(
        &self,
        step: usize,
        place: &Place,
        scope: &Scope<'_, '_>,
    ) -> Option<crate::template::Expression> {
        let own = &self.steps[step].0.filter;
        if own.is_absent() {
            let text = self.default_filter(place)?.value()?;
            return crate::template::Expression::parse(text).ok();
        }
        self.condition(own, scope)
    }

    fn timeout(
        &self,
        step: usize,
        sort: Option<Sort>,
        scope: &Scope<'_, '_>,
    ) -> Option<Amount<Duration>> {
        let fixed = match sort {
            Some(Sort::Read) => 2 * MINUTE,
            Some(Sort::Change | Sort::Destroy) => 30 * MINUTE,
            _ => return None,
        };
        let own = self.duration(&self.steps[step].0.timeout, scope);
        own.or_else(|| self.quiet_duration(self.default_timeout()?)).or(Some(Amount::Fixed(fixed)))
    }

    /// A duration of `[defaults]`, which is complained of once and not on every step.
    fn quiet_duration(&self, field: &document::Field<String>) -> Option<Amount<Duration>> {
        let text = field.value()?;
        if has_braces(text) {
            return crate::template::Template::parse(text).ok().map(Amount::From);
        }
        crate::base::units::parse_duration(text).ok().map(Amount::Fixed)
    }

    fn retry(&self, step: usize, sort: Option<Sort>, scope: &Scope<'_, '_>) -> Retry {
        let written = self.steps[step].0;
        let none = Retry { times: 0, wait: Amount::Fixed(Duration::from_secs(1)), backoff: 1 };
        let document::Field::Written { key, value: retry } = &written.retry else { return none };
        let idempotent = written.idempotent.value() == Some(&true);
        if sort == Some(Sort::Change) && !idempotent {
            let message = "a change that is tried again must be as good twice as once";
            let complaint = self.complaint("retry-not-idempotent", message).at(*key, "");
            let help = "add `idempotent = true` if it is, or leave `retry` out";
            self.report(Some(step), complaint.help(help));
        }
        self.missing(&retry.times, "times", retry.span, Some(step));
        Retry {
            times: retry.times.value().copied().unwrap_or_default(),
            wait: self.duration(&retry.wait, scope).unwrap_or(none.wait),
            backoff: self.at_least_one(&retry.backoff, "backoff", Some(step)).unwrap_or(1),
        }
    }

    fn diagnose(
        &self,
        step: usize,
        effective: &Effective,
        place: &Place,
        scope: &Scope<'_, '_>,
    ) -> Vec<How> {
        let use_ = Use::read(*place == Place::Local);
        let reads = super::names::elements(self.steps[step].0.diagnose.value());
        reads
            .iter()
            .filter_map(|read| self.how(read, effective.shell, scope, &use_).map(|(how, _)| how))
            .collect()
    }

    fn items(
        &self,
        step: usize,
        facts: Option<&Facts>,
        effective: &Effective,
        place: &Place,
        scope: &Scope<'_, '_>,
    ) -> Option<Items> {
        let written = self.steps[step].0;
        if let (Some(key), true) = (written.max_items.key(), written.items.is_absent()) {
            let complaint = self.complaint("useless-key", "there are no `items` to count");
            self.report(Some(step), complaint.at(key, "").help("add `items`, or leave it out"));
        }
        let items = written.items.written()?;
        if facts.is_some_and(|facts| facts.syntax.is_none() && !facts.uses_arguments) {
            let complaint = self.complaint("unused-items", "the script does not use the items");
            let at = written.items.key().unwrap_or_default();
            let help = "they are its arguments: write `\"$@\"`";
            self.report(Some(step), complaint.at(at, "").help(help));
        }
        if let WrittenHow::Script(text) = &items.value
            && let Some(list) = self.item_list(Spanned::new(text.as_str(), items.span), scope)
        {
            return Some(Items::Value(list));
        }
        if let WrittenHow::Request(_) = &items.value {
            let complaint = self.complaint("not-for-this-kind", "`items` are read or are a list");
            let help = "write a script that prints them, a line each";
            self.report(Some(step), complaint.at(items.span, "").help(help));
        }
        let use_ = Use::items(*place == Place::Local);
        let (how, facts) = self.how(items, effective.shell, scope, &use_)?;
        if let (Some(facts), WrittenHow::Script(text)) = (facts, &items.value) {
            let text = Spanned::new(text.as_str(), items.span);
            rules::items_script(self, text, &facts, effective.shell, step);
        }
        Some(Items::Read(how))
    }

    /// `items = "{{ name }}"` of a list.
    fn item_list(
        &self,
        text: Spanned<&str>,
        scope: &Scope<'_, '_>,
    ) -> Option<crate::template::Template> {
        let parsed = crate::template::Template::parse(text.value).ok()?;
        parsed.only_name()?;
        let (template, found) = self.typed(text, scope, Reading::Program)?;
        if !matches!(found.kind, Computed::List(_) | Computed::Any) {
            let message = format!("this is {}, and items are a list", found.kind.name());
            let complaint = self.complaint("type-does-not-fit", message).at(text.span, "");
            self.report(scope.step(), complaint.help("name a list, or write a read"));
        }
        Some(template)
    }

    /// Every rule that is answered exists, is a warning, and has a reason.
    fn allowed(&self, step: usize) {
        for (code, field) in entries(self.steps[step].0.allow.value()) {
            let key = field.key().unwrap_or_default();
            if !rules::is_warning(code) {
                let message = if rules::exists(code) {
                    format!("`{code}` is an error, which no reason makes good")
                } else {
                    format!("there is no rule `{code}`")
                };
                let complaint = self.complaint("unknown-rule", message).at(key, "");
                let mut help = rules::nearest(code, rules::warnings());
                if help.is_empty() {
                    help.push("only warnings are answered; `docs/rules.md` lists them".to_owned());
                }
                let complaint = help.into_iter().fold(complaint, crate::base::Diagnostic::help);
                self.report(Some(step), complaint);
            }
            if let Some(reason) = field.written().filter(|reason| reason.value.trim().is_empty()) {
                let complaint = self.complaint("empty-text", "this gives no reason");
                let complaint = complaint.at(reason.span, "");
                self.report(Some(step), complaint.help("say why the warning is no matter here"));
            }
        }
    }
}

fn step_keys(written: &document::Step) -> Keys<'_> {
    Keys { cwd: &written.cwd, env: &written.env, sudo: &written.sudo, shell: &written.shell }
}

fn acting(kind: &Kind) -> Option<&How> {
    match kind {
        Kind::Read(how) | Kind::Change(how) | Kind::Destroy(how) => Some(how),
        _ => None,
    }
}
