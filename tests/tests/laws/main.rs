//! Laws that hold for every plan, in every world: 10,000 random ones a run, and as many as
//! `PROPTEST_CASES` says.

mod bundled;
mod crash;
mod hosts;
mod plans;
mod simulation;
mod steady;
mod undo;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use runbook_core::run::state::AttemptEnd;
use runbook_core::run::{
    Action, Answer, Approval, Effect, Ending, Event, How, Input, Options, Part, Run, StepStatus,
    Topic, Turn,
};
use runbook_core::runbook::{Kind, OnFailure};

use plans::{jiff_epoch, plan, plan_sketches};
use world::World;

/// What was seen of one run, and what must never be.
struct Witness {
    run: Run,
    mirror: Run,
    world: World,
    approvals: Vec<Approval>,
    used: BTreeSet<String>,
    retried: BTreeMap<(String, String), u32>,
    /// The hosts that lost the lock and do not hold it again.
    unlocked: BTreeSet<String>,
    undo: undo::Witness,
    agreed: bool,
    ended: bool,
}

impl Witness {
    fn new(run: Run, world: World) -> Self {
        Self {
            mirror: run.clone(),
            run,
            world,
            approvals: Vec::new(),
            used: BTreeSet::new(),
            retried: BTreeMap::new(),
            unlocked: BTreeSet::new(),
            undo: undo::Witness::default(),
            agreed: false,
            ended: false,
        }
    }

    fn tell(&mut self, input: Input) -> Result<(), TestCaseError> {
        let turn = self.run.accept(input.clone(), jiff_epoch());
        self.judge(&turn)?;
        for action in turn.actions {
            self.world.take(action);
        }
        if !matches!(input, Input::StopAsked { .. }) {
            let again = self.run.accept(input, jiff_epoch());
            prop_assert_eq!(again, Turn::default(), "the same news twice");
        }
        Ok(())
    }

    fn judge(&mut self, turn: &Turn) -> Result<(), TestCaseError> {
        prop_assert!(!self.ended || turn.events.is_empty(), "something after the end");
        let intended: BTreeSet<_> = turn.events.iter().filter_map(intended_digest).collect();
        for action in &turn.actions {
            let order = match action {
                Action::Start(order) => {
                    prop_assert!(order.effect < Effect::Destroy, "a destroy without an approval");
                    order
                }
                Action::Destroy(approved) => approved.order(),
                _ => continue,
            };
            prop_assert!(intended.contains(&order.digest()), "sent without an intent");
        }
        for event in &turn.events {
            self.before(event)?;
            self.mirror.follow(event);
            let line = serde_json::to_string(event).expect("an event is a line");
            let back: Event = serde_json::from_str(&line).expect("and comes back");
            prop_assert_eq!(&back, event);
        }
        prop_assert_eq!(self.mirror.state(), self.run.state(), "replay is not the live state");
        Ok(())
    }

    /// Each fact, against the state before it.
    fn before(&mut self, event: &Event) -> Result<(), TestCaseError> {
        self.undo.before(event, &self.mirror)?;
        match event {
            Event::Agreed => self.agreed = true,
            Event::Ended { .. } => self.ended = true,
            Event::LockLost { host, .. } => {
                self.unlocked.insert(host.to_string());
            }
            Event::LockTaken { host: Some(host), .. } => {
                self.unlocked.remove(host.as_str());
            }
            Event::Approved { approval } => self.approvals.push(approval.clone()),
            Event::Answered { question, answer: Answer::Retry | Answer::Again, .. } => {
                let (step, host) = match &self.mirror.state().questions[question].about {
                    Topic::Failure { step, host } => (step, host),
                    Topic::Unknown { attempt } => (&attempt.step, &attempt.host),
                    _ => return Ok(()),
                };
                *self.retried.entry((step.to_string(), host.to_string())).or_default() += 1;
            }
            Event::Intended { attempt, effect, digest, .. } => {
                let plan = self.mirror.plan();
                let step = plan.runbook.step(&attempt.step).expect("a step of the plan");
                let known = plan.hosts.contains_key(&attempt.host) || attempt.host == "local";
                prop_assert!(known, "a host outside the plan");
                prop_assert!(!self.mirror.state().attempts.contains_key(attempt), "a number twice");
                if *effect > Effect::Read {
                    prop_assert!(self.agreed, "a change before the yes");
                    prop_assert!(!self.mirror.options().preview_only, "a change in a preview");
                }
                if *effect == Effect::Destroy {
                    let needed = plan.environment.approvals_for(step.card.approvals);
                    let people = self.people_for(attempt, digest);
                    prop_assert!(people >= needed as usize, "{people} of {needed} approved it");
                    prop_assert!(self.used.insert(digest.to_string()), "an approval used twice");
                }
                // What goes back does not wait for what goes forward.
                let may_come_early = attempt.part == Part::Undo
                    || matches!(attempt.part, Part::Items) && matches!(step.kind, Kind::Destroy(_));
                if !may_come_early {
                    for need in &step.needs {
                        let status = self.mirror.state().status(need);
                        prop_assert!(status.is_some(), "{} before {need}", step.id);
                        let tolerated = plan.runbook.step(need).unwrap().on_failure
                            == Some(OnFailure::Continue);
                        let blocks = match status.unwrap() {
                            StepStatus::Failed => !tolerated,
                            StepStatus::Declined
                            | StepStatus::Unknown
                            | StepStatus::Blocked
                            | StepStatus::Cancelled => true,
                            _ => false,
                        };
                        prop_assert!(!blocks, "{} after {need}, which is {:?}", step.id, status);
                    }
                }
                if attempt.part == Part::Main && *effect > Effect::Read && attempt.number.0 > 1 {
                    let key = (attempt.step.to_string(), attempt.host.to_string());
                    let by_person = self.retried.get(&key).copied().unwrap_or(0);
                    let may_have_run = self.mirror.state().attempts.iter().filter(|(id, state)| {
                        let lost = matches!(
                            state.end,
                            Some(AttemptEnd::Lost(runbook_core::run::Loss::NotStarted(_)))
                        );
                        id.step == attempt.step
                            && id.host == attempt.host
                            && id.part == Part::Main
                            && !lost
                    });
                    let before = u32::try_from(may_have_run.count()).unwrap_or(u32::MAX);
                    prop_assert!(
                        step.idempotent || before <= by_person,
                        "a change again, by itself"
                    );
                }
                if attempt.part == Part::Main {
                    prop_assert!(self.unlocked.is_empty(), "something new without the lock");
                    prop_assert!(
                        self.mirror.state().ending.is_none(),
                        "something new after the end began"
                    );
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// How many people, with a key of their own where it takes several, approved exactly this order in
    /// this session of the run, by the last request that names it.
    fn people_for(
        &self,
        attempt: &runbook_core::run::AttemptId,
        digest: &runbook_core::base::Digest,
    ) -> usize {
        let names = |approval: &&Approval| {
            let terms = approval.terms().expect("an approval has terms");
            let bound = terms.hosts.iter().find(|bound| bound.host == attempt.host);
            terms.step == attempt.step && bound.is_some_and(|bound| bound.order == Some(*digest))
        };
        let all: Vec<&Approval> = self.approvals.iter().filter(names).collect();
        let Some(request) = all.last().and_then(|last| last.request()) else { return 0 };
        let of_it = all.iter().filter(|approval| approval.request() == Some(request));
        let people: BTreeSet<String> = of_it
            .map(|approval| match approval.how() {
                How::Signed(signature) => format!("{} {}", signature.by(), signature.key()),
                _ => "typed".to_owned(),
            })
            .collect();
        people.len()
    }

    /// Runs to the end, or says what it stands still at.
    fn finish(&mut self) -> Result<(), TestCaseError> {
        self.finish_with(usize::MAX, &Input::Begin)
    }

    /// The same, and this news comes after so many others.
    fn finish_with(&mut self, after: usize, input: &Input) -> Result<(), TestCaseError> {
        self.tell(Input::Begin)?;
        for turn in 0..20_000 {
            if turn == after {
                self.tell(input.clone())?;
            }
            if self.world.closed {
                return self.verdict();
            }
            let Some(news) = self.world.news() else {
                return Err(TestCaseError::fail(format!("stands still: {:#?}", self.run.state())));
            };
            self.tell(news)?;
        }
        Err(TestCaseError::fail("does not end"))
    }

    fn verdict(&self) -> Result<(), TestCaseError> {
        let state = self.run.state();
        let code = state.ended.expect("an exit code");
        let sent = |effect| self.world.sent.iter().any(|(order, _)| order.effect == effect);
        let changed = sent(Effect::Change) || sent(Effect::Destroy);
        prop_assert!(!(changed && [3, 6, 7, 8].contains(&code)), "code {code} after a change");
        let unknown = state.attempts.values().any(|attempt| {
            attempt.effect > Effect::Read
                && matches!(
                    attempt.end,
                    Some(AttemptEnd::Lost(runbook_core::run::Loss::Unknown(_)))
                )
        });
        prop_assert_eq!(code == 5, unknown, "unknown and code 5 are the same");
        let stuck = matches!(&state.ending, Some(Ending::PersonNeeded { sentence }) if sentence.contains("nothing can go on"));
        prop_assert!(!stuck, "stands still: {:#?}", state);
        // That a run was taken back as a person wanted is no word on its goal or on what failed.
        let went_back = matches!(state.ending, Some(Ending::WentBack { .. }));
        if code == 0 && !self.run.options().preview_only && !went_back {
            let goal = state.inquiries.get(&runbook_core::run::About::GoalAtEnd);
            let holds = goal.is_none_or(|goal| {
                goal.verdict.as_ref().is_some_and(runbook_core::plan::Verdict::held)
            });
            prop_assert!(holds, "a success whose goal does not hold");
            let failed = self.run.plan().runbook.steps.iter().any(|step| {
                state.status(&step.id) == Some(StepStatus::Failed)
                    && step.on_failure != Some(OnFailure::Continue)
            });
            prop_assert!(!failed, "a success with a failed step");
        }
        Ok(())
    }
}

fn intended_digest(event: &Event) -> Option<runbook_core::base::Digest> {
    match event {
        Event::Intended { digest, .. } => Some(*digest),
        _ => None,
    }
}

fn cases() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000);
    ProptestConfig {
        cases,
        max_shrink_iters: 4_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn laws_hold_in_a_world_where_anything_fails(
        sketch in plan_sketches(),
        chance in prop::collection::vec(any::<u8>(), 0..200),
        person in prop::bool::weighted(0.8),
        yes in any::<bool>(),
        preview_only in prop::bool::weighted(0.2),
    ) {
        let options = Options { preview_only, person, yes, ..Options::default() };
        let run = Run::new(plan(&sketch), options);
        Witness::new(run, World::new(chance, false)).finish()?;
    }

    #[test]
    fn a_kind_world_ends_well_and_a_preview_of_it_changes_nothing(sketch in plan_sketches()) {
        let options = Options { person: true, ..Options::default() };
        let mut witness = Witness::new(Run::new(plan(&sketch), options), World::new(Vec::new(), true));
        witness.finish()?;
        let code = witness.run.state().ended;
        prop_assert!(matches!(code, Some(0 | 3 | 1 | 4)), "{code:?}");
        let options = Options { preview_only: true, ..Options::default() };
        let mut preview = Witness::new(Run::new(plan(&sketch), options), World::new(Vec::new(), true));
        preview.finish()?;
        prop_assert!(preview.world.sent.iter().all(|(order, _)| order.effect == Effect::Read));
    }
}
