//! A check: its one probe, where and how it asks, and how patiently.

use std::time::Duration;

use super::Validation;
use super::expect::Answer;
use super::scope::Scope;
use super::setting::{Effective, Keys};
use super::text::borrowed;
use crate::base::{Span, Spanned};
use crate::document::{self, Field, OneOrMany};
use crate::runbook::check::{Check, Patience, Probe};
use crate::runbook::rules::expression::Reading;
use crate::runbook::rules::shell::Facts;
use crate::runbook::rules::{Use, check_script};
use crate::runbook::step::{Amount, Place, Shell};

/// Where a check stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// In `[goal]`.
    Goal,
    /// In `finish_if` or `stop_if`.
    Ending,
    /// Anywhere else.
    Other,
}

/// What a check inherits: from its step, or nothing.
pub(super) struct Around<'s, 'v, 'a> {
    pub(super) scope: &'s Scope<'v, 'a>,
    /// The place and the settings of its step.
    pub(super) step: Option<(&'s Place, &'s Effective)>,
    pub(super) standing: Standing,
}

const SECOND: Duration = Duration::from_secs(1);

impl Validation<'_> {
    /// One check or several.
    pub(super) fn checks(
        &self,
        field: &Field<OneOrMany<document::Check>>,
        around: &Around<'_, '_, '_>,
    ) -> Vec<Check> {
        let checks = field.value().map(OneOrMany::as_slice).unwrap_or_default();
        checks.iter().filter_map(|check| self.check(check, around)).collect()
    }

    /// One check.
    pub(super) fn check(
        &self,
        written: &Spanned<document::Check>,
        around: &Around<'_, '_, '_>,
    ) -> Option<Check> {
        let (check, step) = (&written.value, around.scope.step());
        self.one_probe(check, written.span, step);
        let (place, effective) = self.check_place(check, written.span, around);
        let scope = around.scope;
        let (title, hint) =
            (self.for_people(&check.title, scope), self.for_people(&check.hint, scope));
        let when = self.condition(&check.when, scope);
        let patience = self.patience(check, scope);
        let (probe, facts) = self.probe(check, &place, effective.shell, around)?;
        let answer = match probe {
            Probe::Http(_) => Answer::Http,
            _ => Answer::Output,
        };
        let expect = self.expect(&check.expect, answer, scope);
        self.fitting_keys(check, &probe, around);
        if let Some(facts) = &facts {
            let span = check.read.span().unwrap_or(written.span);
            let text = match check.read.value() {
                Some(document::Program::Script(text)) => text.as_str(),
                _ => "",
            };
            check_script(self, Spanned::new(text, span), facts, effective.shell, &expect, step);
        }
        let minute = matches!(probe, Probe::Read(_));
        let default = if minute { 60 * SECOND } else { 10 * SECOND };
        Some(Check {
            title,
            hint,
            probe,
            expect,
            place,
            pick: self.at_least_one(&check.pick, "pick", step),
            setting: effective.setting,
            timeout: self.duration(&check.timeout, scope).unwrap_or(Amount::Fixed(default)),
            when,
            patience,
            span: check.extent.0,
        })
    }

    fn one_probe(&self, check: &document::Check, span: Span, step: Option<usize>) {
        let written: Vec<(&str, Span)> = probes(check).collect();
        match written.as_slice() {
            [] if !self.is_broken(check.extent.0) => {
                let complaint = self.complaint("no-probe", "a check asks something").at(span, "");
                let help = "add one of `read`, `http`, `tcp`, `that`, `ask` or `goal = true`";
                self.report(step, complaint.help(help));
            }
            [(first, place), (second, again), ..] => {
                let message = format!("a check asks one thing: `{first}` or `{second}`");
                let complaint = self.complaint("two-of-one", message).at(*again, "");
                let complaint = complaint.also(*place, "the other");
                self.report(step, complaint.help("write two checks: an array of tables"));
            }
            _ => {}
        }
    }

    /// Where a check is asked, and what it inherits there.
    fn check_place(
        &self,
        check: &document::Check,
        span: Span,
        around: &Around<'_, '_, '_>,
    ) -> (Place, Effective) {
        let (scope, step) = (around.scope, around.scope.step());
        let said = self.place(&check.on, step);
        let (place, mut effective) = match (said, around.step) {
            (said, Some((home, inherited))) if said.is_none() || said.as_ref() == Some(home) => {
                (Place::StepHost, inherited.clone())
            }
            (Some(other), Some((_, inherited))) => {
                let mut effective = self.default_setting(&other);
                effective.setting.env.extend(inherited.setting.env.clone());
                effective.shell = inherited.shell;
                (other, effective)
            }
            (said, _) => {
                let place = said.or_else(|| self.defaults.place.clone());
                let place = place.unwrap_or_else(|| {
                    self.needs_place(check, span, step);
                    Place::Local
                });
                let effective = self.default_setting(&place);
                (place, effective)
            }
        };
        let keys =
            Keys { cwd: &check.cwd, env: &check.env, sudo: &check.sudo, shell: &check.shell };
        self.apply(&mut effective, keys, scope, true);
        (place, effective)
    }

    fn needs_place(&self, check: &document::Check, span: Span, step: Option<usize>) {
        let asks_a_host =
            !check.read.is_absent() || !check.http.is_absent() || !check.tcp.is_absent();
        if asks_a_host && check.on.is_absent() && !self.is_broken(check.extent.0) {
            self.no_place(span, step);
        }
    }

    /// Complains that it is not said where something runs.
    pub(super) fn no_place(&self, span: Span, step: Option<usize>) {
        let message = "it is not said where this runs";
        let complaint = self.complaint("no-place", message).at(span, "");
        let help = match self.roles.len() {
            0 => "add a role, `[role.web]`, or say `on = \"local\"`",
            _ => "say `on = \"ROLE\"`, here or in `[defaults]`: there are several roles",
        };
        self.report(step, complaint.help(help));
    }

    fn probe(
        &self,
        check: &document::Check,
        place: &Place,
        shell: Shell,
        around: &Around<'_, '_, '_>,
    ) -> Option<(Probe, Option<Facts>)> {
        let (scope, step) = (around.scope, around.scope.step());
        if let Some(read) = check.read.written() {
            let home = around.step.map(|(home, _)| home);
            let local = *place == Place::Local
                || (*place == Place::StepHost && home == Some(&Place::Local));
            let use_ = Use::check(local);
            let (how, facts) = self.program(read, shell, scope, &use_)?;
            return Some((Probe::Read(how), facts));
        }
        if let Some(http) = check.http.written() {
            return self.request(http, scope, false).map(|request| (Probe::Http(request), None));
        }
        if let Some(tcp) = check.tcp.written() {
            let target = self.tcp(borrowed(tcp), scope)?;
            return Some((Probe::Tcp(target), None));
        }
        if !check.that.is_absent() {
            return self.condition(&check.that, scope).map(|that| (Probe::That(that), None));
        }
        if !check.ask.is_absent() {
            return self.for_people(&check.ask, scope).map(|ask| (Probe::Ask(ask), None));
        }
        let goal = check.goal.written()?;
        self.goal_probe(goal, around, step);
        Some((Probe::Goal, None))
    }

    fn tcp(&self, text: Spanned<&str>, scope: &Scope<'_, '_>) -> Option<crate::template::Template> {
        if !super::text::has_braces(text.value) {
            let port = text.value.rsplit_once(':').map(|(host, port)| {
                !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
            });
            if port != Some(true) {
                let complaint = self.complaint("bad-url", "this is no `host:port`");
                let help = "write a name or address and a port: `localhost:5432`";
                self.report(scope.step(), complaint.at(text.span, "").help(help));
            }
        }
        self.template(text, scope, Reading::Program)
    }

    fn goal_probe(&self, goal: &Spanned<bool>, around: &Around<'_, '_, '_>, step: Option<usize>) {
        let has_goal = !self.document.goal.is_absent();
        let wrong = if !goal.value {
            Some(("`goal = false` asks nothing", "write `goal = true`, or leave the check out"))
        } else if around.standing == Standing::Goal {
            Some(("the goal cannot ask for itself", "say what \"fixed\" means"))
        } else if !has_goal {
            Some(("this runbook has no goal", "add `[goal]`, or ask something else here"))
        } else {
            None
        };
        if let Some((message, help)) = wrong {
            let complaint = self.complaint("no-goal", message).at(goal.span, "");
            self.report(step, complaint.help(help));
        }
    }

    /// Keys that mean something for other probes, and questions where nobody can be asked.
    fn fitting_keys(&self, check: &document::Check, probe: &Probe, around: &Around<'_, '_, '_>) {
        let step = around.scope.step();
        let answers = matches!(probe, Probe::Read(_) | Probe::Http(_));
        if let (Some(key), false) = (check.expect.key(), answers) {
            let complaint =
                self.complaint("not-for-this-kind", "`expect` belongs to `read` and `http`");
            let help = "this probe holds or does not: leave `expect` out";
            self.report(step, complaint.at(key, "").help(help));
        }
        let patient = check.within.key().or(check.hold.key());
        let place = match (around.standing, patient) {
            (Standing::Goal, _) => "the goal",
            (Standing::Ending, _) => "`finish_if` and `stop_if`",
            (Standing::Other, Some(_)) => "`within` and `hold`",
            (Standing::Other, None) => return,
        };
        if let (Some(key), Probe::Ask(_)) = (check.ask.key(), probe) {
            let message = format!("a person is not asked under {place}");
            let complaint = self.complaint("ask-out-of-place", message).at(key, "");
            let help = "ask in a `precondition`, a `verify`, or a `manual` step";
            self.report(step, complaint.help(help));
        }
    }

    fn patience(&self, check: &document::Check, scope: &Scope<'_, '_>) -> Patience {
        let hold = self.duration(&check.hold, scope);
        let within = self.duration(&check.within, scope);
        let useless = [
            (check.every.key(), check.hold.is_absent() && check.within.is_absent(), "every"),
            (check.misses.key(), check.hold.is_absent(), "misses"),
        ];
        for (key, useless, name) in useless {
            if let (Some(key), true) = (key, useless) {
                let message = format!("`{name}` says nothing here: the check is asked once");
                let complaint = self.complaint("useless-key", message).at(key, "");
                self.report(
                    scope.step(),
                    complaint.help("add `within` or `hold`, or leave it out"),
                );
            }
        }
        let every = if check.hold.is_absent() { 2 * SECOND } else { 10 * SECOND };
        let every = self.duration(&check.every, scope).unwrap_or(Amount::Fixed(every));
        if every == Amount::Fixed(Duration::ZERO) {
            let complaint = self.complaint("bad-quantity", "`every` is more than nothing");
            let at = check.every.span().unwrap_or_default();
            self.report(scope.step(), complaint.at(at, "").help("write `1s` or more"));
        }
        Patience { within, every, hold, misses: check.misses.value().copied().unwrap_or_default() }
    }
}

/// The probes that are written.
fn probes(check: &document::Check) -> impl Iterator<Item = (&'static str, Span)> {
    [
        ("read", check.read.key()),
        ("http", check.http.key()),
        ("tcp", check.tcp.key()),
        ("that", check.that.key()),
        ("ask", check.ask.key()),
        ("goal", check.goal.key()),
    ]
    .into_iter()
    .filter_map(|(name, key)| key.map(|key| (name, key)))
}
