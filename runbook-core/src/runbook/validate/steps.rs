//! The steps as a whole: ids, what needs what, and the order.

use std::collections::HashMap;

use super::Validation;
use super::names::elements;
use crate::base::{Diagnostic, StepId};
use crate::runbook::graph::Graph;
use crate::runbook::rules::nearest;
use crate::runbook::step::{Place, Step};

impl Validation<'_> {
    pub(in crate::runbook) fn all_ids(&self) -> Vec<Option<StepId>> {
        if self.steps.is_empty() && self.document.step.key().is_none() {
            let complaint = self.complaint("missing-key", "a runbook has at least one step");
            self.report(
                None,
                complaint.at(crate::base::Span::default(), "").help("add `[[step]]`"),
            );
        }
        let mut first: HashMap<&str, crate::base::Span> = HashMap::new();
        let mut ids = Vec::with_capacity(self.steps.len());
        for (at, (step, span)) in self.steps.iter().enumerate() {
            let Some(id) = step.id.written() else {
                self.missing(&step.id, "id", step.extent.0, Some(at));
                ids.push(None);
                continue;
            };
            if let Some(other) = first.insert(&id.value, id.span) {
                let message = format!("there are two steps `{}`", id.value);
                let complaint = self.complaint("defined-twice", message).at(id.span, "again here");
                let help = "give one of them another id";
                self.report(Some(at), complaint.also(other, "first here").help(help));
            }
            debug_assert!(span.start <= span.end);
            match id.value.parse() {
                Ok(parsed) => ids.push(Some(parsed)),
                Err(error) => {
                    let complaint = self.complaint("bad-name", format!("{error}"));
                    let complaint = complaint.at(id.span, "");
                    self.report(Some(at), complaint.help("rename it"));
                    ids.push(None);
                }
            }
        }
        ids
    }

    /// The number of the step of that id.
    pub(in crate::runbook) fn step_named(&self, id: &str) -> Option<usize> {
        self.numbers.get(id).copied()
    }

    /// The step that is meant, or a complaint.
    pub(in crate::runbook) fn step_meant(
        &self,
        id: crate::base::Spanned<&str>,
        here: usize,
    ) -> Option<usize> {
        let found = self.step_named(id.value);
        if found.is_none() {
            let message = format!("there is no step `{}`", id.value);
            let complaint = self.complaint("unknown-step", message).at(id.span, "");
            let mut help = nearest(id.value, self.ids.iter().flatten().map(AsRef::as_ref));
            if help.is_empty() {
                help.push("name the `id` of a step of this runbook".to_owned());
            }
            self.report(Some(here), help.into_iter().fold(complaint, Diagnostic::help));
        }
        found
    }

    pub(in crate::runbook) fn whole_graph(&self) -> Graph {
        let needs = (0..self.steps.len()).map(|step| self.needs(step)).collect();
        let graph = Graph::new(needs);
        for ring in graph.rings() {
            self.ring(ring);
        }
        graph
    }

    fn needs(&self, step: usize) -> Vec<usize> {
        let written = self.steps[step].0;
        if written.needs.is_absent() {
            return step.checked_sub(1).into_iter().collect();
        }
        let mut needs = Vec::new();
        for id in elements(written.needs.value()) {
            let id = crate::base::Spanned::new(id.value.as_str(), id.span);
            if let Some(need) = self.step_meant(id, step)
                && !needs.contains(&need)
            {
                needs.push(need);
            }
        }
        needs
    }

    fn ring(&self, ring: &[usize]) {
        let name = |step: &usize| {
            self.steps[*step].0.id.value().map_or("a step without an id", String::as_str)
        };
        let mut names: Vec<&str> = ring.iter().map(name).collect();
        names.push(names[0]);
        let place = |step: usize| {
            let written = self.steps[step].0;
            written.needs.key().or(written.id.span()).unwrap_or(self.steps[step].1)
        };
        let message = format!("these steps wait for each other: {}", names.join(" needs "));
        let complaint = self.complaint("cycle", message).at(place(ring[0]), "");
        let complaint =
            ring[1..].iter().fold(complaint, |complaint, step| complaint.also(place(*step), ""));
        let help = "a step without `needs` needs the one above it; write `needs` on one of them";
        self.report(Some(ring[0]), complaint.help(help));
    }

    /// Where a step runs; none where that is not said and cannot be known.
    pub(in crate::runbook) fn place_of_step(&self, step: usize) -> Option<Place> {
        let written = self.steps[step].0;
        match written.on.value().map(String::as_str) {
            Some("local") => return Some(Place::Local),
            Some(role) => {
                let role = self.roles.get_key_value(role)?.0;
                return Some(Place::Role(role.clone()));
            }
            None => {}
        }
        let request = [&written.change, &written.destroy]
            .iter()
            .any(|how| matches!(how.value(), Some(crate::document::How::Request(_))));
        if request { Some(Place::Local) } else { self.defaults.place.clone() }
    }

    /// Every step, none before what it needs.
    pub(in crate::runbook) fn all_steps(&self) -> Option<Vec<Step>> {
        let mut steps: Vec<Option<Step>> =
            (0..self.steps.len()).map(|step| self.step(step)).collect();
        self.graph.order().iter().map(|step| steps[*step].take()).collect()
    }
}
