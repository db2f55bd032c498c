//! What a step is, and which keys go with that.

use indexmap::IndexMap;

use super::Validation;
use super::check::{Around, Standing};
use super::names::entries;
use super::scope::Scope;
use super::setting::Effective;
use super::text::borrowed;
use crate::base::{Span, Spanned};
use crate::document::{self, Answer, Step as WrittenStep};
use crate::runbook::rules::Use;
use crate::runbook::rules::expression::Reading;
use crate::runbook::rules::shell::Facts;
use crate::runbook::step::{Choice, Kind, Place};

/// The kinds of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Read,
    Change,
    Destroy,
    Check,
    Manual,
    Choose,
}

impl Sort {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Change => "change",
            Self::Destroy => "destroy",
            Self::Check => "check",
            Self::Manual => "manual",
            Self::Choose => "choose",
        }
    }

    /// Whether it runs something of its own.
    pub(super) fn acts(self) -> bool {
        matches!(self, Self::Read | Self::Change | Self::Destroy)
    }
}

/// The kinds that are written, with their keys.
pub(super) fn sorts(step: &WrittenStep) -> Vec<(Sort, Span)> {
    [
        (Sort::Read, step.read.key()),
        (Sort::Change, step.change.key()),
        (Sort::Destroy, step.destroy.key()),
        (Sort::Check, step.check.key()),
        (Sort::Manual, step.manual.key()),
        (Sort::Choose, step.choose.key()),
    ]
    .into_iter()
    .filter_map(|(sort, key)| key.map(|key| (sort, key)))
    .collect()
}

impl Validation<'_> {
    /// The one kind of a step.
    pub(super) fn sort(&self, step: usize) -> Option<Sort> {
        let written = self.steps[step].0;
        let sorts = sorts(written);
        match sorts.as_slice() {
            [] => {
                if !self.is_broken(written.extent.0) {
                    let at = written.id.span().unwrap_or(self.steps[step].1);
                    let complaint = self.complaint("no-kind", "this step does nothing").at(at, "");
                    let help =
                        "add one of `read`, `check`, `change`, `destroy`, `manual`, `choose`";
                    self.report(Some(step), complaint.help(help));
                }
                None
            }
            [(sort, _)] => Some(*sort),
            [(first, place), (second, again), ..] => {
                let message =
                    format!("a step is one thing: `{}` or `{}`", first.name(), second.name());
                let complaint = self.complaint("two-kinds", message).at(*again, "");
                let complaint = complaint.also(*place, "the other");
                self.report(Some(step), complaint.help("make two steps of it"));
                Some(*first)
            }
        }
    }

    /// What the step is, with everything that belongs to its verb.
    pub(super) fn kind(
        &self,
        step: usize,
        sort: Sort,
        place: &Place,
        effective: &Effective,
        scope: &Scope<'_, '_>,
    ) -> Option<(Kind, Option<Facts>)> {
        let written = self.steps[step].0;
        let local = *place == Place::Local;
        let act = |field: &document::Field<document::How>, use_: Use| {
            self.how(field.written()?, effective.shell, scope, &use_)
        };
        Some(match sort {
            Sort::Read => {
                let (how, facts) = act(&written.read, Use::read(local))?;
                (Kind::Read(how), facts)
            }
            Sort::Change => {
                let (how, facts) = act(&written.change, Use::change(local))?;
                (Kind::Change(how), facts)
            }
            Sort::Destroy => {
                let (how, facts) = act(&written.destroy, Use::destroy(local))?;
                (Kind::Destroy(how), facts)
            }
            Sort::Check => {
                let around =
                    Around { scope, step: Some((place, effective)), standing: Standing::Other };
                let checks = self.checks(&written.check, &around);
                self.some_checks(step);
                (Kind::Check(checks), None)
            }
            Sort::Manual => (Kind::Manual(self.for_people(&written.manual, scope)?), None),
            Sort::Choose => {
                let text = self.for_people(&written.choose, scope)?;
                (Kind::Choose { text, options: self.options(step, scope) }, None)
            }
        })
    }

    fn some_checks(&self, step: usize) {
        let Some(checks) = self.steps[step].0.check.written() else { return };
        if checks.value.as_slice().is_empty() && !self.is_broken(checks.span) {
            let complaint = self.complaint("no-probe", "there is nothing to check");
            let help = "add a check: `{ read = \"…\", expect = \"…\" }`";
            self.report(Some(step), complaint.at(checks.span, "").help(help));
        }
    }

    fn options(&self, step: usize, scope: &Scope<'_, '_>) -> IndexMap<String, Choice> {
        let written = self.steps[step].0;
        let mut options = IndexMap::new();
        if written.options.value().is_none_or(IndexMap::is_empty)
            && !self.is_broken(written.extent.0)
        {
            let at = written.options.key().or(written.choose.key()).unwrap_or_default();
            let complaint = self.complaint("no-options", "there is nothing to choose from");
            let help = "add `options.KEY = \"what it means\"` for each answer";
            self.report(Some(step), complaint.at(at, "").help(help));
        }
        for (key, field) in entries(written.options.value()) {
            let fits = key.starts_with(|c: char| c.is_ascii_alphabetic())
                && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            if !fits {
                let message = format!("`{key}` is not the key of an answer");
                let complaint = self.complaint("bad-name", message);
                let complaint = complaint.at(field.key().unwrap_or_default(), "");
                self.report(
                    Some(step),
                    complaint.help("use a letter, then letters, digits, `_`, `-`"),
                );
            }
            let Some(answer) = field.written() else { continue };
            let (label, stop) = match &answer.value {
                Answer::Label(label) => {
                    let label = Spanned::new(label.as_str(), answer.span);
                    (self.template(label, scope, Reading::Person), false)
                }
                Answer::Table(table) => {
                    self.missing(&table.label, "label", answer.span, Some(step));
                    let label = table.label.written();
                    let label = label
                        .and_then(|label| self.template(borrowed(label), scope, Reading::Person));
                    (label, table.stop.value().copied().unwrap_or_default())
                }
            };
            options.extend(label.map(|label| (key.clone(), Choice { label, stop })));
        }
        options
    }

    /// Keys that mean something for other kinds.
    pub(super) fn keys_of(&self, step: usize, sort: Sort) {
        let s = self.steps[step].0;
        let (acts, people) = (sort.acts(), matches!(sort, Sort::Manual | Sort::Choose));
        let (changes, carded) = (
            matches!(sort, Sort::Change | Sort::Destroy | Sort::Manual),
            matches!(sort, Sort::Destroy | Sort::Manual),
        );
        let hosts = "`read`, `change` and `destroy`";
        let keys: [(Option<Span>, &str, bool, &str); 19] = [
            (s.options.key(), "options", sort == Sort::Choose, "`choose`"),
            (s.ask.key(), "ask", people, "`manual` and `choose`"),
            (s.stdin.key(), "stdin", acts, hosts),
            (s.expect.key(), "expect", acts, hosts),
            (s.capture.key(), "capture", acts || sort == Sort::Check, "steps that print something"),
            (s.items.key(), "items", acts, hosts),
            (s.max_items.key(), "max_items", acts, hosts),
            (s.timeout.key(), "timeout", acts, hosts),
            (s.idempotent.key(), "idempotent", sort == Sort::Change, "`change`"),
            (
                s.retry.key(),
                "retry",
                matches!(sort, Sort::Read | Sort::Change),
                "`read` and `change`",
            ),
            (s.undo.key(), "undo", changes, "`change`, `destroy` and `manual`"),
            (s.no_undo.key(), "no_undo", changes, "`change`, `destroy` and `manual`"),
            (s.affects.key(), "affects", changes, "`change`, `destroy` and `manual`"),
            (s.loses.key(), "loses", carded, "`destroy` and `manual`"),
            (s.confirm.key(), "confirm", carded, "`destroy` and `manual`"),
            (s.proof.key(), "proof", carded, "`destroy` and `manual`"),
            (s.approvals.key(), "approvals", carded, "`destroy` and `manual`"),
            (s.verify.key(), "verify", sort != Sort::Choose, "steps that do something"),
            (s.keep.key(), "keep", acts || sort == Sort::Check, "steps that print something"),
        ];
        for (key, name, fits, of) in keys {
            let (Some(key), false) = (key, fits) else { continue };
            let message = format!("`{name}` belongs to {of}, and this is a `{}`", sort.name());
            let help = match (name, sort) {
                ("timeout", Sort::Check) => {
                    "use `within` or `hold` on the check, or its own `timeout` for one probe"
                }
                ("retry", Sort::Destroy) => {
                    "a destroy is never tried again by itself: leave it out"
                }
                _ => "leave it out",
            };
            let complaint = self.complaint("not-for-this-kind", message).at(key, "");
            self.report(Some(step), complaint.help(help));
        }
    }
}
