//! Reading the preview off a run: what was read, what would be done, what is not known yet.

use super::about::About;
use super::attempt::Payload;
use super::decide::is_destroying;
use super::inquiry::{checks, title};
use super::machine::Run;
use super::preview::{CheckLine, Ledger, Preview, PreviewStep, What};
use super::render::Unrendered;
use super::state::{Decision, Delivered, Link, Turn};
use super::status::{Ending, StepStatus};
use crate::base::{HostName, StepId, Value, ValueName};
use crate::runbook::{Kind, Probe, Rung, Step, Undo};

impl Run {
    /// The preview, as far as it is known by now.
    #[must_use]
    pub fn preview(&self) -> Preview {
        let steps: Vec<PreviewStep> = (1..)
            .zip(&self.plan().runbook.steps)
            .map(|(number, step)| self.preview_step(number, step))
            .collect();
        Preview {
            hosts: self.preview_hosts_seen(),
            goal: self.check_lines(&About::GoalAtStart),
            preconditions: self.check_lines(&About::Preconditions { again: false }),
            ledger: self.ledger(&steps),
            ended: self.ended_early(),
            steps,
        }
    }

    fn preview_hosts_seen(&self) -> Vec<(HostName, Option<crate::plan::Identity>)> {
        let identity = |host: &HostName| match self.link(host) {
            Some(Link::Up(identity)) => Some(identity.clone()),
            _ => None,
        };
        self.plan().hosts.keys().map(|host| (host.clone(), identity(host))).collect()
    }

    pub(super) fn check_lines(&self, about: &About) -> Vec<CheckLine> {
        let scope = self.scope(None, None);
        let state = self.state().inquiries.get(about);
        (0..)
            .zip(checks(&self.plan().runbook, about))
            .map(|(index, check)| CheckLine {
                title: title(check, &scope),
                verdict: state
                    .and_then(|inquiry| inquiry.checks.get(&index)?.settled.clone())
                    .flatten(),
                hint: check.hint.as_ref().map(|hint| hint.for_person(&scope)),
            })
            .collect()
    }

    fn preview_step(&self, number: usize, step: &Step) -> PreviewStep {
        let scope = self.scope(Some(step), None);
        let hosts = self.step_hosts(step);
        let what = self.what(step);
        let (undo, verb) = (undo(step), step.kind.verb());
        PreviewStep {
            number,
            id: step.id.clone(),
            title: step.title.as_ref().map_or_else(String::new, |title| title.for_person(&scope)),
            verb,
            at_once: at_once(step, hosts.len()),
            payloads: self.payloads(step, &hosts),
            items: self.preview_items(step),
            affects: step.card.affects.as_ref().map(|text| text.for_person(&scope)),
            verify: !step.verify.is_empty(),
            hosts,
            what,
            undo,
        }
    }

    fn step_hosts(&self, step: &Step) -> Vec<HostName> {
        if matches!(step.kind, Kind::Choose { .. }) {
            return Vec::new();
        }
        match self.state().steps.get(&step.id).and_then(|state| state.hosts.as_ref()) {
            Some(hosts) => hosts.keys().cloned().collect(),
            None => self.place_hosts(&step.place),
        }
    }

    fn payloads(&self, step: &Step, hosts: &[HostName]) -> Vec<(HostName, Payload)> {
        let fresh = Turn::default();
        hosts
            .iter()
            .filter_map(|host| {
                let turn = self.state().turn(&step.id, host).unwrap_or(&fresh);
                let order = self.main_order(step, host, turn).ok().flatten()?;
                Some((host.clone(), order.payload))
            })
            .collect()
    }

    fn preview_items(&self, step: &Step) -> Vec<(HostName, Vec<String>)> {
        let Some(state) = self.state().steps.get(&step.id) else { return Vec::new() };
        state.preview_items.iter().map(|(host, items)| (host.clone(), items.clone())).collect()
    }

    fn what(&self, step: &Step) -> What {
        let state = self.state().steps.get(&step.id);
        if let Some((status, why)) = state.and_then(|state| state.ended.as_ref()) {
            let captured = self.captured(step);
            return What::Ran { status: *status, why: why.clone(), captured };
        }
        let after = self.unended_need(step);
        if state.and_then(|state| state.decision.as_ref()) != Some(&Decision::Runs)
            && let Some(when) = &step.when
        {
            match when.holds(&self.scope(Some(step), None)).map_err(Unrendered::from) {
                Err(Unrendered::NotYet(after)) => return What::NotKnown { after },
                Ok(false) => {
                    let why = Some(format!("`{}` is false", when.source()));
                    return What::Ran { status: StepStatus::Skipped, why, captured: Vec::new() };
                }
                _ => {}
            }
        }
        if let Some(why) = self.keeps_asking(step) {
            return What::Waits { why };
        }
        match &step.kind {
            Kind::Check(checks) if checks.iter().any(|c| matches!(c.probe, Probe::Ask(_))) => {
                What::WouldAsk
            }
            Kind::Read(_) | Kind::Check(_) => What::NotRun { after },
            Kind::Choose { .. } | Kind::Manual(_) => What::WouldAsk,
            Kind::Change(_) | Kind::Destroy(_) => What::Would,
        }
    }

    /// What a preview asked of a step that a run would ask again.
    pub(super) fn keeps_asking(&self, step: &Step) -> Option<String> {
        let mut lists = self.state().inquiries.keys();
        lists.find_map(|about| match about {
            About::Step { step: id, .. } if *id == step.id => self.would_keep_asking(about),
            _ => None,
        })
    }

    /// The first step that a step waits for; else the last change before it.
    fn unended_need(&self, step: &Step) -> Option<StepId> {
        let need = step.needs.iter().find(|need| self.state().status(need).is_none())?;
        let needed = self.plan().runbook.step(need)?;
        if needed.kind.changes() || matches!(needed.kind, Kind::Choose { .. }) {
            return Some(need.clone());
        }
        self.unended_need(needed).or_else(|| Some(need.clone()))
    }

    fn captured(&self, step: &Step) -> Vec<(ValueName, Option<HostName>, Option<Value>)> {
        let own = step.id.as_str().parse::<ValueName>().ok();
        let choice = own.filter(|_| matches!(step.kind, Kind::Choose { .. }));
        let names = step.capture.keys().chain(step.ask.keys()).cloned().chain(choice);
        names
            .flat_map(|name| match self.state().values.get(&name) {
                Some(Delivered::One(value)) => vec![(name, None, value.clone())],
                Some(Delivered::PerHost(map)) => map
                    .iter()
                    .map(|(host, value)| (name.clone(), Some(host.clone()), value.clone()))
                    .collect(),
                None => Vec::new(),
            })
            .collect()
    }

    fn ledger(&self, steps: &[PreviewStep]) -> Ledger {
        let mut ledger = Ledger { reads: self.state().reads, ..Ledger::default() };
        for (step, shown) in self.plan().runbook.steps.iter().zip(steps) {
            match (&shown.what, &step.kind) {
                (What::NotKnown { .. } | What::Waits { .. }, _) => ledger.unknown += 1,
                (What::Would | What::WouldAsk, _) if is_destroying(step) => ledger.destroys += 1,
                (What::Would, _) => ledger.changes += 1,
                _ => {}
            }
        }
        ledger
    }

    fn ended_early(&self) -> Option<String> {
        match self.state().ending.as_ref()? {
            Ending::Finished { sentence, .. }
            | Ending::Stopped { sentence, .. }
            | Ending::Precondition { sentence }
            | Ending::Unreachable { sentence }
            | Ending::Locked { sentence }
            | Ending::Stale { sentence, .. }
            | Ending::PersonNeeded { sentence } => Some(sentence.clone()),
            Ending::Failed { step, sentence } => Some(format!("`{step}` failed: {sentence}")),
            _ => None,
        }
    }
}

fn undo(step: &Step) -> Option<bool> {
    step.kind.changes().then_some(matches!(step.undo, Undo::Step(_) | Undo::By(_)))
}

fn at_once(step: &Step, hosts: usize) -> usize {
    match step.at_once.first() {
        Some(Rung::Count(count)) => (*count as usize).min(hosts),
        Some(Rung::Percent(percent)) => (hosts * *percent as usize).div_ceil(100),
        Some(Rung::All) | None => hosts,
    }
}
