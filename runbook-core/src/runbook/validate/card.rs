//! What a person is shown before something is lost.

use super::Validation;
use super::check::{Around, Standing};
use super::kind::Sort;
use super::scope::Scope;
use super::setting::Effective;
use crate::base::Spanned;
use crate::document;
use crate::document::OneOrMany;
use crate::runbook::step::{Card, Place, Proof};

impl Validation<'_> {
    /// The card of a step.
    pub(super) fn card(
        &self,
        step: usize,
        sort: Option<Sort>,
        place: &Place,
        effective: &Effective,
        scope: &Scope<'_, '_>,
    ) -> Card {
        let written = self.steps[step].0;
        let around = Around { scope, step: Some((place, effective)), standing: Standing::Other };
        let proofs = written.proof.value().map(OneOrMany::as_slice).unwrap_or_default();
        let proof = proofs.iter().filter_map(|proof| self.proof(proof, step, &around)).collect();
        if sort == Some(Sort::Destroy) {
            self.whole_card(step);
        }
        Card {
            affects: self.for_people(&written.affects, scope),
            loses: self.for_people(&written.loses, scope),
            confirm: self.for_program(&written.confirm, scope),
            proof,
            approvals: self.at_least_one(&written.approvals, "approvals", Some(step)),
        }
    }

    fn whole_card(&self, step: usize) {
        let written = self.steps[step].0;
        let way_back = written.undo.key().or(written.no_undo.key()).is_some();
        let message = match (written.affects.key().is_some(), way_back) {
            (true, true) => return,
            (false, true) => "a `destroy` says who is affected",
            (true, false) => "a `destroy` says how it is undone",
            (false, false) => "a `destroy` says who is affected and how it is undone",
        };
        if self.is_broken(written.extent.0) {
            return;
        }
        let missing = match (written.affects.key().is_some(), way_back) {
            (false, false) => "this step has neither `affects` nor `undo`",
            (false, true) => "this step has no `affects`",
            _ => "this step has neither `undo` nor `no_undo`",
        };
        let complaint = self.complaint("destroy-without-card", message);
        let complaint = complaint.at(written.destroy.key().unwrap_or_default(), missing);
        let help = "add `affects = \"who notices\"` and `undo = \"…\"`, or `no_undo = \"why not\"`";
        self.report(Some(step), complaint.help(help));
    }

    fn proof(
        &self,
        written: &Spanned<document::Proof>,
        step: usize,
        around: &Around<'_, '_, '_>,
    ) -> Option<Proof> {
        match &written.value {
            document::Proof::Check(check) => {
                let check = Spanned::new((**check).clone(), written.span);
                self.check(&check, around).map(|check| Proof::Check(Box::new(check)))
            }
            document::Proof::Step(id) => {
                let other = self.step_meant(Spanned::new(id.as_str(), written.span), step)?;
                self.proving_step(id, other, written, step);
                self.ids[other].clone().map(Proof::Step)
            }
        }
    }

    fn proving_step(
        &self,
        id: &str,
        other: usize,
        written: &Spanned<document::Proof>,
        step: usize,
    ) {
        if !self.graph.is_upstream(other, step) {
            let message = format!("`{id}` has not ended when this step asks");
            let complaint = self.complaint("not-known-there", message).at(written.span, "");
            let help = format!("put this step behind `{id}`, or add \"{id}\" to its `needs`");
            self.report(Some(step), complaint.help(help));
        } else if self.may_not_deliver(other)
            && (self.steps[other].0.when.is_absent()
                || self.steps[other].0.when.value() != self.steps[step].0.when.value())
        {
            let message = format!("`{id}` may be skipped, and then it proves nothing");
            let complaint = self.complaint("proof-may-be-skipped", message).at(written.span, "");
            let help = format!("guard this step with `when = \"steps.{id}.done\"`");
            let guarded = self.steps[step].0.when.value();
            if guarded.is_none_or(|when| !when.contains(&format!("steps.{id}.done"))) {
                self.report(Some(step), complaint.help(help));
            }
        }
    }
}
