//! The way back from a step.

use std::time::Duration;

use super::Validation;
use super::check::{Around, Standing};
use super::kind::Sort;
use super::scope::Scope;
use super::setting::{Effective, Keys, NO_SHELL};
use super::text::borrowed;
use crate::base::{Span, Spanned};
use crate::document::{self, UndoTable};
use crate::runbook::rules::Use;
use crate::runbook::step::{Amount, OnFailure, Place, Undo, UndoAction, UndoStep};

const HALF_AN_HOUR: Amount<Duration> = Amount::Fixed(Duration::from_secs(30 * 60));

impl Validation<'_> {
    /// What is said of the way back.
    pub(super) fn undo(
        &self,
        step: usize,
        sort: Option<Sort>,
        place: &Place,
        effective: &Effective,
        scope: &Scope<'_, '_>,
    ) -> Undo {
        let written = self.steps[step].0;
        if let (Some(undo), Some(never)) = (written.undo.key(), written.no_undo.key()) {
            let message = "there is a way back, and there is none";
            let complaint = self.complaint("two-of-one", message).at(never, "");
            let complaint = complaint.also(undo, "the way back");
            self.report(Some(step), complaint.help("keep `undo` or `no_undo`"));
        }
        if let Some(why) = written.no_undo.written() {
            if why.value.trim().is_empty() {
                let complaint = self.complaint("empty-text", "this gives no reason");
                let help = "say why there is no way back: it is shown before an undo goes past it";
                self.report(Some(step), complaint.at(why.span, "").help(help));
            }
            return Undo::Never(why.value.clone());
        }
        let Some(undo) = written.undo.written() else { return Undo::Unsaid };
        let undone = match &undo.value {
            document::Undo::Script(text) => {
                let use_ = Use::undo(*place == Place::Local);
                let text = Spanned::new(text, undo.span);
                self.scripted(text, effective.shell, scope, &use_).map(|(how, _)| {
                    Undo::Step(Box::new(UndoStep {
                        action: UndoAction::Change(how),
                        place: Place::StepHost,
                        filter: None,
                        setting: effective.setting.clone(),
                        precondition: Vec::new(),
                        verify: Vec::new(),
                        affects: None,
                        confirm: None,
                        timeout: HALF_AN_HOUR,
                        after: None,
                    }))
                })
            }
            document::Undo::Table(table) => {
                self.undo_table(table, undo.span, (step, sort), (place, effective), scope)
            }
        };
        undone.unwrap_or(Undo::Unsaid)
    }

    /// What happens when a step fails; one that goes back has somewhere to go.
    pub(super) fn on_failure(&self, step: usize) -> Option<OnFailure> {
        use document::OnFailureWord as Word;
        let written = &self.steps[step].0.on_failure;
        match written.value()? {
            document::OnFailure::Word(Word::Ask) => Some(OnFailure::Ask),
            document::OnFailure::Word(Word::Stop) => Some(OnFailure::Stop),
            document::OnFailure::Word(Word::Continue) => Some(OnFailure::Continue),
            document::OnFailure::Word(Word::Undo) => {
                if !self.has_own_undo(step) {
                    let message = "a step without an undo of its own is to be undone";
                    let complaint = self.complaint("no-such-undo", message);
                    let complaint = complaint.at(written.span().unwrap_or_default(), "");
                    let help = "add `undo`, or go back further: `{ undo_to = STEP }`";
                    self.report(Some(step), complaint.help(help));
                }
                Some(OnFailure::Undo)
            }
            document::OnFailure::Back(back) => {
                self.missing(&back.undo_to, "undo_to", back.extent.0, Some(step));
                let to = back.undo_to.written()?;
                let other = self.step_meant(borrowed(to), step)?;
                self.goes_back_to(other, step, to.span);
                self.ids[other].clone().map(OnFailure::UndoTo)
            }
        }
    }

    /// A run goes back to a step that ended before this one began, and that can be undone.
    fn goes_back_to(&self, other: usize, step: usize, span: Span) {
        if other != step && !self.graph.is_upstream(other, step) {
            let message = "`undo_to` names a step that does not come before this one";
            let complaint = self.complaint("not-before", message).at(span, "");
            let help = "name a step that this one needs, directly or not";
            self.report(Some(step), complaint.help(help));
            return;
        }
        self.other_undo("undo_to", other, step, span);
    }

    /// Whether a step says how it is undone, and is not covered by another one.
    fn has_own_undo(&self, step: usize) -> bool {
        match self.steps[step].0.undo.value() {
            Some(document::Undo::Table(table)) => table.by.is_absent(),
            Some(document::Undo::Script(_)) => true,
            None => self.steps[step].0.undo.key().is_some(),
        }
    }

    fn undo_table(
        &self,
        table: &UndoTable,
        span: Span,
        (step, _): (usize, Option<Sort>),
        home: (&Place, &Effective),
        scope: &Scope<'_, '_>,
    ) -> Option<Undo> {
        if !self.one_way_back(table, span, step) {
            return None;
        }
        if let Some(by) = table.by.written() {
            return self.undone_by(borrowed(by), table, step);
        }
        let (place, effective) = self.undo_place(table, home, scope);
        let local = place == Place::Local || (place == Place::StepHost && *home.0 == Place::Local);
        let shell = effective.shell;
        let action = if let Some(change) = table.change.written() {
            let (how, _) = self.how(change, shell, scope, &Use::undo(local))?;
            UndoAction::Change(how)
        } else if let Some(destroy) = table.destroy.written() {
            let (how, _) = self.how(destroy, shell, scope, &Use::destroy(local))?;
            if table.affects.is_absent() && !self.is_broken(table.extent.0) {
                let message = "an undo that destroys says who is affected";
                let complaint = self.complaint("destroy-without-card", message);
                let complaint = complaint.at(table.destroy.key().unwrap_or_default(), "");
                self.report(Some(step), complaint.help("add `undo.affects = \"who notices\"`"));
            }
            UndoAction::Destroy(how)
        } else {
            UndoAction::Manual(self.for_people(&table.manual, scope)?)
        };
        let around = Around {
            scope,
            step: Some(if place == Place::StepHost { home } else { (&place, &effective) }),
            standing: Standing::Other,
        };
        let after = table.after.written().and_then(|after| {
            let other = self.step_meant(borrowed(after), step)?;
            self.other_undo("after", other, step, after.span);
            self.ids[other].clone()
        });
        Some(Undo::Step(Box::new(UndoStep {
            precondition: self.checks(&table.precondition, &around),
            verify: self.checks(&table.verify, &around),
            action,
            filter: self.condition(&table.filter, scope),
            affects: self.for_people(&table.affects, scope),
            confirm: self.for_program(&table.confirm, scope),
            timeout: self.duration(&table.timeout, scope).unwrap_or(HALF_AN_HOUR),
            after,
            setting: effective.setting.clone(),
            place: place.clone(),
        })))
    }

    fn one_way_back(&self, table: &UndoTable, span: Span, step: usize) -> bool {
        let ways: Vec<(&str, Span)> = [
            ("change", table.change.key()),
            ("destroy", table.destroy.key()),
            ("manual", table.manual.key()),
            ("by", table.by.key()),
        ]
        .into_iter()
        .filter_map(|(name, key)| key.map(|key| (name, key)))
        .collect();
        match ways.as_slice() {
            [] => {
                if !self.is_broken(table.extent.0) {
                    let complaint =
                        self.complaint("no-kind", "this undo does nothing").at(span, "");
                    let help = "add one of `change`, `destroy`, `manual` or `by`";
                    self.report(Some(step), complaint.help(help));
                }
                false
            }
            [_] => true,
            [(first, place), (second, again), ..] => {
                let message = format!("an undo is one thing: `{first}` or `{second}`");
                let complaint = self.complaint("two-kinds", message).at(*again, "");
                self.report(Some(step), complaint.also(*place, "the other").help("keep one"));
                false
            }
        }
    }

    fn undone_by(&self, by: Spanned<&str>, table: &UndoTable, step: usize) -> Option<Undo> {
        let beside = [
            (table.after.key(), "after"),
            (table.on.key(), "on"),
            (table.filter.key(), "where"),
            (table.sudo.key(), "sudo"),
            (table.cwd.key(), "cwd"),
            (table.env.key(), "env"),
            (table.precondition.key(), "precondition"),
            (table.verify.key(), "verify"),
            (table.affects.key(), "affects"),
            (table.confirm.key(), "confirm"),
            (table.timeout.key(), "timeout"),
        ];
        for (key, name) in beside {
            let Some(key) = key else { continue };
            let message = format!("`by` stands alone, without `{name}`");
            let complaint = self.complaint("not-for-this-kind", message).at(key, "");
            self.report(Some(step), complaint.help("leave it out: the other step's undo runs"));
        }
        let other = self.step_meant(by, step)?;
        self.other_undo("by", other, step, by.span);
        self.ids[other].clone().map(Undo::By)
    }

    /// The step an undo points at is another one, with an undo of its own.
    fn other_undo(&self, key: &str, other: usize, step: usize, span: Span) {
        if other == step || !self.has_own_undo(other) {
            let message = if other == step {
                format!("`{key}` names another step")
            } else {
                format!("the step that `{key}` names has no undo of its own")
            };
            let complaint = self.complaint("no-such-undo", message).at(span, "");
            self.report(Some(step), complaint.help("name a step that has an `undo`"));
        }
    }

    fn undo_place(
        &self,
        table: &UndoTable,
        (home, inherited): (&Place, &Effective),
        scope: &Scope<'_, '_>,
    ) -> (Place, Effective) {
        let said = self.place(&table.on, scope.step()).filter(|said| said != home);
        let (place, mut effective) = match said {
            None => (Place::StepHost, inherited.clone()),
            Some(other) => {
                let mut effective = self.default_setting(&other);
                effective.setting.env.extend(inherited.setting.env.clone());
                effective.shell = inherited.shell;
                (other, effective)
            }
        };
        let keys = Keys { cwd: &table.cwd, env: &table.env, sudo: &table.sudo, shell: &NO_SHELL };
        self.apply(&mut effective, keys, scope, true);
        (place, effective)
    }
}
