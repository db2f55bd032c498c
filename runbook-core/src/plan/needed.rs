//! Which roles a runbook cannot do without. Knows no hosts.

use std::collections::BTreeSet;

use crate::base::RoleName;
use crate::runbook::{Place, Runbook, Step, Undo};

/// The roles that a step, a check, a lock or a suggestion is on. A step that may remain without
/// hosts (`exactly = "0.."`) needs none of its own role.
pub(super) fn needed_roles(runbook: &Runbook) -> BTreeSet<&RoleName> {
    let mut places: Vec<&Place> = Vec::new();
    for step in &runbook.steps {
        places.extend(places_of(step));
    }
    places.extend(runbook.goal.iter().chain(&runbook.preconditions).map(|check| &check.place));
    let suggested = runbook.params.values().filter_map(|param| param.suggest.as_ref());
    places.extend(suggested.map(|suggest| &suggest.place));
    let locked = runbook.lock.iter().filter_map(|lock| lock.on.as_ref());
    places.into_iter().filter_map(role_of).chain(locked).collect()
}

const fn role_of(place: &Place) -> Option<&RoleName> {
    match place {
        Place::Role(role) => Some(role),
        Place::Local | Place::StepHost => None,
    }
}

fn places_of(step: &Step) -> Vec<&Place> {
    let mut places: Vec<&Place> = step.checks().map(|check| &check.place).collect();
    if step.exactly.min > 0 {
        places.push(&step.place);
    }
    if let Undo::Step(undo) = &step.undo {
        if step.exactly.min > 0 {
            places.push(&undo.place);
        }
        places.extend(undo.precondition.iter().chain(&undo.verify).map(|check| &check.place));
    }
    let asked = step.ask.values().filter_map(|param| param.suggest.as_ref());
    places.extend(asked.map(|suggest| &suggest.place));
    places
}
