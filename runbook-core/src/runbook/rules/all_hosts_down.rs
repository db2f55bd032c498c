//! `all-hosts-down`: a step that changes every host before a later step puts them right again
//! leaves none of several up in between.

use crate::document::{How, Step, Undo};
use crate::runbook::step::Place;
use crate::runbook::validate::Validation;

/// No later step does on all hosts what the undo of a change of all of them does.
pub(super) fn reversed_later(validation: &Validation<'_>) {
    let order = validation.graph.order();
    for (at, number) in order.iter().enumerate() {
        let step = validation.steps[*number].0;
        let (Some(key), Some(back)) = (step.change.key(), way_back(step)) else { continue };
        let Some(place @ Place::Role(role)) = &validation.place_of_step(*number) else { continue };
        if validation.is_single(*number, role) {
            continue;
        }
        let later = order[at + 1..].iter().find(|later| {
            let change = validation.steps[**later].0.change.value();
            change == Some(&How::Script(back.to_owned()))
                && validation.place_of_step(**later).as_ref() == Some(place)
        });
        let Some(later) = later else { continue };
        let message =
            format!("every host of `{role}` is changed here before any is put right again");
        let complaint = validation.complaint("all-hosts-down", message).at(key, "");
        let there = validation.steps[*later].0.change.key().unwrap_or(key);
        let complaint = complaint.also(there, "put right again here, when all of them are down");
        let help = "make one step of both, so that it goes host by host, or say why not: \
                    `allow = { all-hosts-down = \"reason\" }`";
        validation.report(Some(*number), complaint.help(help));
    }
}

/// The script that undoes a step.
fn way_back(step: &Step) -> Option<&str> {
    match step.undo.value()? {
        Undo::Script(text) => Some(text),
        Undo::Table(table) => match table.change.value()? {
            How::Script(text) => Some(text),
            _ => None,
        },
    }
}
