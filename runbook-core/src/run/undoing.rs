//! What each fact of going back does to the state. Only writes; decides nothing.

use super::back::{Back, BackEnd, GoingBack};
use super::question::Answer;
use super::state::{Started, State};
use crate::base::{HostName, StepId};

impl State {
    /// A step itself was sent, or done by a person: from now on there is something to undo there.
    pub(super) fn started(&mut self, step: &StepId, host: &HostName) {
        let items = self.turn(step, host).and_then(|turn| turn.items.clone()).unwrap_or_default();
        let place = self.started.iter().position(|one| one.step == *step && one.host == *host);
        let place = place.unwrap_or_else(|| {
            let (step, host) = (step.clone(), host.clone());
            self.started.push(Started { step, host, items: Vec::new() });
            self.started.len() - 1
        });
        let started = &mut self.started[place].items;
        // What an earlier go acted on is undone as well.
        started
            .extend(items.into_iter().filter(|item| !started.contains(item)).collect::<Vec<_>>());
    }

    /// A person did the work of a step where its turn is open.
    pub(super) fn started_by_hand(&mut self, step: &StepId) {
        let turns = self.steps.get(step).and_then(|step| step.hosts.as_ref());
        let open = turns.into_iter().flatten().filter(|(_, turn)| turn.ended.is_none());
        for host in open.map(|(host, _)| host.clone()).collect::<Vec<_>>() {
            self.started(step, &host);
        }
    }

    /// The run goes back. What an earlier going back could not undo is tried anew.
    pub(super) fn went_back(&mut self, back: &Back, why: &str) {
        let why = why.to_owned();
        let back = back.clone();
        self.back = Some(GoingBack { back, why, agreed: false, quit: None, ended: None });
        for turn in self.steps.values_mut().flat_map(|step| step.hosts.iter_mut().flatten()) {
            let turn = turn.1;
            turn.undo_passed = false;
            turn.undo_anyway = false;
            // What a person chose to undo where it failed, and is under way, comes to its end first.
            if turn.undone != Some(Ok(())) && turn.ended.is_some() {
                turn.undone = None;
                turn.undo_place = None;
            }
        }
    }

    /// The undo of a step begins on a host, for the first time or again.
    pub(super) fn undo_began(&mut self, step: &StepId, host: &HostName) {
        let turns = self.steps.values().flat_map(|step| step.hosts.iter().flatten());
        let place = turns.filter_map(|(_, turn)| turn.undo_place).max().map_or(0, |last| last + 1);
        // A card of an earlier go that was not approved is put again, and does not answer for this one.
        for asked in self.requests.values_mut().filter(|asked| asked.terms.step == *step) {
            asked.void = true;
        }
        self.change_turn(step, host, |turn| {
            turn.undo_place = Some(place);
            turn.undo_round += 1;
            turn.undo_attempts.clear();
            turn.undo_question = None;
            turn.undone = None;
        });
    }

    /// Going back has ended.
    pub(super) fn back_ended(&mut self, how: &BackEnd) {
        if let Some(back) = &mut self.back {
            back.ended = Some(how.clone());
        }
    }

    /// What a person said at an obstacle.
    pub(super) fn past_obstacle(&mut self, step: &StepId, hosts: &[HostName], answer: &Answer) {
        for host in hosts {
            self.change_turn(step, host, |turn| match answer {
                Answer::PassOver => turn.undo_passed = true,
                Answer::Undo if turn.undone.is_some() => {
                    turn.undone = None;
                    turn.undo_place = None;
                }
                Answer::Undo => turn.undo_anyway = true,
                _ => {}
            });
        }
        if !matches!(answer, Answer::PassOver | Answer::Undo) {
            self.quit_going_back(step);
        }
    }

    /// What a person said on the card of an undo that destroys.
    pub(super) fn past_undo_card(&mut self, step: &StepId, answer: &Answer) {
        if self.back.is_none() {
            return;
        }
        let host = self.undoing(step).cloned();
        match (answer, host) {
            (Answer::PassOver, Some(host)) => {
                self.change_turn(step, &host, |turn| turn.undo_passed = true);
            }
            (Answer::Quit, Some(_)) => self.quit_going_back(step),
            _ => {}
        }
    }

    fn quit_going_back(&mut self, step: &StepId) {
        if let Some(back) = &mut self.back {
            back.quit = Some(step.clone());
        }
    }
}
