//! The laws of going back: nothing is undone twice or before what came after it, nothing without
//! consent, and nothing that was not done.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use runbook_core::base::{HostName, StepId};
use runbook_core::run::state::AttemptEnd;
use runbook_core::run::{Answer, AttemptId, Back, Effect, Event, Loss, Options, Part, Run, Topic};
use runbook_core::runbook::{Step, Undo};

/// What was seen of going back.
#[derive(Default)]
pub(crate) struct Witness {
    /// Where each step first started: sent, or done by a person.
    started: BTreeMap<(StepId, HostName), usize>,
    undone: BTreeSet<(StepId, HostName)>,
    /// What a person said to leave as it is.
    left: BTreeSet<(StepId, HostName)>,
    chosen: BTreeSet<StepId>,
    going: bool,
    agreed: bool,
    ended: bool,
}

impl Witness {
    /// Each fact, against the state before it.
    pub(crate) fn before(&mut self, event: &Event, run: &Run) -> Result<(), TestCaseError> {
        match event {
            Event::UndoBegan { .. } => {
                prop_assert!(!self.going || self.ended, "it goes back twice at once");
                (self.going, self.agreed, self.ended) = (true, false, false);
            }
            Event::UndoAgreed => self.agreed = true,
            Event::UndoEnded { .. } => self.ended = true,
            Event::Answered { question, answer, .. } => {
                self.answered(&run.state().questions[question].about, answer, run);
            }
            Event::UndoTurnBegan { step, host } => self.turn_began(step, host, run)?,
            Event::Undone { step, host, failure: None } => {
                let key = (step.clone(), host.clone());
                prop_assert!(self.started.contains_key(&key), "undone and never done: {key:?}");
                prop_assert!(self.undone.insert(key.clone()), "undone twice: {key:?}");
            }
            Event::Intended { attempt, effect, .. } => self.intended(attempt, *effect, run)?,
            _ => {}
        }
        Ok(())
    }

    fn answered(&mut self, about: &Topic, answer: &Answer, run: &Run) {
        match about {
            Topic::Manual { step } if matches!(answer, Answer::Done(_)) => {
                let turns = run.state().steps.get(step).and_then(|step| step.hosts.as_ref());
                let open = turns.into_iter().flatten().filter(|(_, turn)| turn.ended.is_none());
                open.for_each(|(host, _)| self.starts(step, host));
            }
            Topic::Obstacle { step, hosts } if *answer == Answer::PassOver => {
                self.left.extend(hosts.iter().map(|host| (step.clone(), host.clone())));
            }
            Topic::Destroy { step, .. } if *answer == Answer::PassOver => {
                let host = run.state().undoing(step).cloned();
                self.left.extend(host.map(|host| (step.clone(), host)));
            }
            Topic::Failure { step, .. } if *answer == Answer::Undo => {
                self.chosen.insert(step.clone());
            }
            _ => {}
        }
    }

    fn starts(&mut self, step: &StepId, host: &HostName) {
        let place = self.started.len();
        self.started.entry((step.clone(), host.clone())).or_insert(place);
    }

    fn intended(
        &mut self,
        attempt: &AttemptId,
        effect: Effect,
        run: &Run,
    ) -> Result<(), TestCaseError> {
        match attempt.part {
            Part::Main if effect > Effect::Read => {
                prop_assert!(!self.going, "something new while it goes back");
                self.starts(&attempt.step, &attempt.host);
            }
            Part::Undo => {
                let consent = self.chosen.contains(&attempt.step) || self.agreed;
                prop_assert!(consent, "an undo that nobody agreed to");
                prop_assert!(!self.ended, "an undo after going back has ended");
                let open = run.state().undoing(&attempt.step);
                let key = (attempt.step.clone(), open.expect("a host is undone").clone());
                prop_assert!(!self.undone.contains(&key), "it is undone: {key:?}");
                prop_assert!(!self.left.contains(&key), "it was to be left: {key:?}");
            }
            _ => {}
        }
        Ok(())
    }

    /// What started later is undone by now, or a person left it, or it goes behind another.
    fn turn_began(&self, step: &StepId, host: &HostName, run: &Run) -> Result<(), TestCaseError> {
        let runbook = &run.plan().runbook;
        let waits = |step: &Step| match &step.undo {
            Undo::Step(undo) => undo.after.is_some(),
            Undo::By(_) => true,
            _ => false,
        };
        let of = |id: &StepId| runbook.step(id).expect("a step of the plan");
        let key = (step.clone(), host.clone());
        let place = self.started[&key];
        if waits(of(step)) {
            return Ok(());
        }
        let back = run.state().back.as_ref().map(|going| &going.back);
        let only = matches!(back, Some(Back::Only(_)));
        let never = |step: &StepId, host: &HostName| {
            let attempts = run.state().attempts.iter();
            let mut ends = attempts
                .filter(|(id, _)| id.step == *step && id.host == *host && id.part == Part::Main)
                .map(|(_, attempt)| attempt.end.as_ref())
                .peekable();
            ends.peek().is_some()
                && ends.all(|end| matches!(end, Some(AttemptEnd::Lost(Loss::NotStarted(_)))))
        };
        let first = |step: &StepId| {
            let places = self.started.iter().filter(|((id, _), _)| id == step);
            places.map(|(_, place)| *place).min()
        };
        let written = |id: &StepId| runbook.steps.iter().position(|step| step.id == *id);
        // Down to a step that did not start, what stands before it in the text is not on the way.
        let is_on_the_way = |other: &StepId| match back {
            Some(Back::To(to)) => {
                let ran = self.started.keys().any(|(id, host)| id == to && !never(id, host));
                ran || written(other) >= written(to)
            }
            _ => true,
        };
        for ((other, on), later) in &self.started {
            let after = if other == step { *later > place } else { first(other) > first(step) };
            let aside = waits(of(other)) || !is_on_the_way(other) || (only && other != step);
            if !after || aside {
                continue;
            }
            let settled = (other.clone(), on.clone());
            let gone = self.undone.contains(&settled) || self.left.contains(&settled);
            let never = never(other, on);
            prop_assert!(gone || never, "{key:?} is undone before {settled:?}");
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(super::cases())]

    #[test]
    fn a_run_that_is_told_to_go_back_in_a_kind_world_undoes_all_of_it(
        sketch in super::plan_sketches(),
        after in 1usize..60,
    ) {
        let options = Options { person: true, ..Options::default() };
        let run = Run::new(super::plan(&sketch), options);
        let mut witness = super::Witness::new(run, super::World::new(Vec::new(), true));
        let asked = super::Input::UndoAsked { to: None, by: "ana".to_owned() };
        witness.finish_with(after, &asked)?;
        let state = witness.run.state();
        let Some(going) = &state.back else { return Ok(()) };
        prop_assert_eq!(going.ended.as_ref(), Some(&runbook_core::run::BackEnd::Complete));
        for one in &state.started {
            let turn = state.turn(&one.step, &one.host).expect("a turn");
            let has = match &witness.run.plan().runbook.step(&one.step).expect("a step").undo {
                Undo::Step(_) => true,
                Undo::By(_) | Undo::Never(_) | Undo::Unsaid => false,
            };
            prop_assert!(!has || turn.undone == Some(Ok(())), "{one:?} is not undone");
        }
    }
}
