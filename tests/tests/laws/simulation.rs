//! Seeds: a random plan in a world where links drop, outputs are lost, hosts are slow, refuse and start
//! anew, and the process dies and is taken up again. While faults go on, the laws hold; when they stop,
//! the run comes to its end.

use std::cell::Cell;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use runbook_core::report::audit;
use runbook_core::run::{AttemptId, Event, Input, Options, Part, Run};

use crate::hosts::Meanwhile;
use crate::plans::{PlanSketch, jiff_epoch, plan, plan_sketches};
use crate::world::World;
use crate::{Witness, cases};

/// One death of the process.
#[derive(Clone, Debug)]
struct Death {
    /// After so much news.
    after: u16,
    /// What is left of the last append, and what was done of its orders.
    left: u8,
    meanwhile: u8,
}

/// A seed.
#[derive(Clone, Debug)]
struct Seed {
    sketch: PlanSketch,
    chance: Vec<u8>,
    person: bool,
    yes: bool,
    deaths: Vec<Death>,
}

fn seeds() -> impl Strategy<Value = Seed> {
    let death = (0u16..25, any::<u8>(), any::<u8>()).prop_map(|(after, left, meanwhile)| Death {
        after,
        left,
        meanwhile,
    });
    let deaths = prop::collection::vec(death, 0..4);
    let chance = prop::collection::vec(any::<u8>(), 0..300);
    (plan_sketches(), chance, prop::bool::weighted(0.8), any::<bool>(), deaths).prop_map(
        |(sketch, chance, person, yes, deaths)| Seed { sketch, chance, person, yes, deaths },
    )
}

/// A run with its journal, over several processes.
struct Story {
    witness: Witness,
    options: Options,
    journal: Vec<Event>,
    synced: usize,
    died: usize,
}

impl Story {
    fn new(seed: &Seed) -> Self {
        let options = Options { person: seed.person, yes: seed.yes, ..Options::default() };
        let run = Run::new(plan(&seed.sketch), options.clone());
        let witness = Witness::new(run, World::new(seed.chance.clone(), false));
        Self { witness, options, journal: Vec::new(), synced: 0, died: 0 }
    }

    /// One process: to its end, or to its death.
    fn live(&mut self, first: Input, death: Option<&Death>) -> Result<(), TestCaseError> {
        let mut next = Some(first);
        for count in 0..20_000 {
            let Some(input) = next.take() else {
                let state = self.witness.run.state();
                return Err(TestCaseError::fail(format!("stands still: {state:#?}")));
            };
            if let Some(death) = death.filter(|death| death.after == count) {
                return self.die(input, death);
            }
            let turn = self.witness.run.accept(input, jiff_epoch());
            self.witness.judge(&turn)?;
            let durable = turn.events.iter().any(Event::must_be_durable);
            self.journal.extend(turn.events);
            if durable {
                self.synced = self.journal.len();
            }
            turn.actions.into_iter().for_each(|action| self.witness.world.take(action));
            if self.witness.world.closed {
                return Ok(());
            }
            next = self.witness.world.news();
        }
        Err(TestCaseError::fail("does not end"))
    }

    /// The process dies while it takes this news in.
    fn die(&mut self, input: Input, death: &Death) -> Result<(), TestCaseError> {
        self.died += 1;
        let start = self.journal.len();
        let turn = self.witness.run.accept(input, jiff_epoch());
        self.journal.extend(turn.events.iter().cloned());
        match death.left % 5 {
            0 => self.journal.truncate(start),
            1 => self.journal.truncate(self.synced),
            2 => self.journal.truncate(start + turn.events.len() / 2),
            3 => {}
            _ => turn.actions.into_iter().for_each(|action| self.witness.world.take(action)),
        }
        self.synced = self.journal.len();
        let meanwhile = [Meanwhile::RunOn, Meanwhile::End, Meanwhile::Reboot];
        let intended: Vec<AttemptId> = self.journal.iter().filter_map(intent).cloned().collect();
        for effect in &self.witness.world.hosts.effects {
            prop_assert!(intended.contains(effect), "{effect} was sent and its intent is lost");
        }
        let meanwhile = meanwhile[usize::from(death.meanwhile % 3)];
        self.witness.world.hosts.left_alone(meanwhile, &intended);
        Ok(())
    }

    /// Another process takes it up; whether there was anything to go on with.
    fn resume(&mut self, death: Option<&Death>) -> Result<bool, TestCaseError> {
        let plan = Arc::new(self.witness.run.plan().clone());
        let run = Run::replay(Arc::clone(&plan), Options::default(), &self.journal);
        let resumable = run.may_resume().is_ok();
        let mut world = self.witness.world.clone();
        world.forget();
        // The witness reads the journal again, as if it had seen all of it happen.
        self.witness = Witness::new(Run::new(plan, Options::default()), world);
        for event in &self.journal {
            self.witness.before(event)?;
            self.witness.mirror.follow(event);
        }
        self.witness.ended = false;
        self.witness.run = run;
        if resumable {
            let (by, options) = ("ben".to_owned(), self.options.clone());
            self.live(Input::Resume { by, options }, death)?;
        }
        Ok(resumable)
    }

    /// What holds of what is recorded, whatever happened.
    fn laws(&self) -> Result<(), TestCaseError> {
        let world = &self.witness.world;
        prop_assert!(world.hosts.wrong.is_empty(), "{:?}", world.hosts.wrong);
        let plan = Arc::new(self.witness.run.plan().clone());
        let audit = audit(&plan, &self.journal);
        prop_assert!(audit.findings.is_empty(), "{:?}\n{:#?}", audit.findings, self.journal);
        for ((step, host, part), times) in world.hosts.tally() {
            let idempotent = plan.runbook.step(&step).is_some_and(|step| step.idempotent);
            let key = (step.to_string(), host.to_string());
            let words = self.witness.retried.get(&key).copied().unwrap_or(0) as usize;
            let once = part != Part::Main || idempotent || times <= 1 + words;
            prop_assert!(once, "{step} on {host}: {times} times");
        }
        Ok(())
    }
}

fn intent(event: &Event) -> Option<&AttemptId> {
    match event {
        Event::Intended { attempt, .. } => Some(attempt),
        _ => None,
    }
}

/// Faults to the end, then none: how often the process died.
fn simulate(seed: &Seed) -> Result<usize, TestCaseError> {
    let mut story = Story::new(seed);
    let mut deaths = seed.deaths.iter();
    story.live(Input::Begin, deaths.next())?;
    for death in deaths.map(Some).chain([None]) {
        story.laws()?;
        story.resume(death)?;
    }
    story.laws()?;
    // Faults stop.
    story.witness.world.be_kind();
    for _ in 0..4 {
        if !story.resume(None)? {
            break;
        }
        story.laws()?;
        let code = story.witness.run.state().ended;
        prop_assert!(!matches!(code, None | Some(6 | 8 | 9)), "{code:?} in a kind world");
    }
    Ok(story.died)
}

#[test]
fn the_laws_hold_while_faults_go_on_and_when_they_stop_it_finishes() {
    let (seeds_run, deaths) = (Cell::new(0), Cell::new(0));
    // The same seeds each time, so that a change is judged by what it did; others where more are asked
    // for than usual.
    let mut runner = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => TestRunner::new(cases()),
        None => {
            let same = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
            TestRunner::new_with_rng(cases(), same)
        }
    };
    let result = runner.run(&seeds(), |seed| {
        deaths.set(deaths.get() + simulate(&seed)?);
        seeds_run.set(seeds_run.get() + 1);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    println!("proof: {} seeds, {} deaths of the process", seeds_run.get(), deaths.get());
}
