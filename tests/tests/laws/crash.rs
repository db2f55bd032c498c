//! The proof that a crash loses nothing and does nothing twice: every bundled runbook, in every world,
//! is cut off at each record of its journal in each state a write can be left in, taken up again, and
//! held against the run that was not cut off.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use runbook_core::base::{Digest, StepId};
use runbook_core::plan::Plan;
use runbook_core::report::audit;
use runbook_core::run::state::{AttemptEnd, Phase};
use runbook_core::run::{
    AttemptId, Effect, Event, Foreseen, Input, Loss, Options, Premise, Run, StepStatus, Turn,
};

use crate::bundled;
use crate::hosts::Meanwhile;
use crate::plans::jiff_epoch;
use crate::steady::{Steady, Trouble, changing};

const TROUBLES: [Trouble; 4] =
    [Trouble::FailsOnce, Trouble::Fails, Trouble::NotSent, Trouble::LinkGone];

/// How a crash at a record leaves the journal and the orders of its append.
#[derive(Clone, Copy, Debug)]
enum Written {
    /// Nothing of the append is there.
    Before,
    /// What stands before the record is.
    Torn,
    /// Everything since the last synced append is lost, though its orders were carried out.
    Unsynced,
    /// All is there, and no order was carried out.
    Synced,
    /// All is there, all orders were carried out, and nothing was heard.
    Sent,
}

/// A crash: how many records are left, and whether the orders of the append were carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Crash {
    records: usize,
    sent: bool,
    meanwhile: Meanwhile,
}

/// A run in its world, and what was recorded of it.
#[derive(Clone)]
struct Life {
    plan: Arc<Plan>,
    run: Run,
    world: Steady,
    journal: Vec<Event>,
    /// How many records a crash of the machine cannot take away.
    synced: usize,
}

/// What a run came to.
#[derive(Debug, PartialEq)]
struct End {
    code: u8,
    steps: BTreeMap<StepId, Option<StepStatus>>,
}

impl Life {
    fn new(plan: &Arc<Plan>, world: Steady, foreseen: Option<Foreseen>) -> Self {
        let options = Options { person: true, foreseen, ..Options::default() };
        let run = Run::new(Arc::clone(plan), options);
        Self { plan: Arc::clone(plan), run, world, journal: Vec::new(), synced: 0 }
    }

    /// Lives until it ends; `seen` sees each turn before it is recorded.
    fn live(&mut self, first: Input, mut seen: impl FnMut(&Self, &Turn)) {
        let mut next = Some(first);
        for _ in 0..5_000 {
            let input = next.take().unwrap_or_else(|| panic!("stands still: {:#?}", self.run));
            let turn = self.run.accept(input, jiff_epoch());
            seen(self, &turn);
            let durable = turn.events.iter().any(Event::must_be_durable);
            self.journal.extend(turn.events);
            if durable {
                self.synced = self.journal.len();
            }
            turn.actions.into_iter().for_each(|action| self.world.take(action));
            if self.world.closed {
                return;
            }
            next = self.world.next(&self.plan);
        }
        panic!("does not end");
    }

    /// Taken up again until it has ended, and nothing is unknown, or failed, only for a connection
    /// that is back.
    fn settle(&mut self) -> End {
        for _ in 0..4 {
            let dropped = self.world.drops();
            let ended = self.run.state().ended;
            if ended.is_some_and(|code| code != 5 && !(code == 1 && dropped)) {
                break;
            }
            self.world.forget();
            self.run = self.replayed();
            assert_eq!(self.run.may_resume(), Ok(()));
            let (by, options) = ("ben".to_owned(), Options { person: true, ..Options::default() });
            self.live(Input::Resume { by, options }, |_, _| ());
        }
        assert_eq!(self.replayed().state(), self.run.state(), "a replay is the same");
        assert_eq!(audit(&self.plan, &self.journal).findings, [], "{:#?}", self.journal);
        let state = self.run.state();
        let steps = &self.plan.runbook.steps;
        End {
            code: state.ended.expect("it ended"),
            steps: steps.iter().map(|step| (step.id.clone(), state.status(&step.id))).collect(),
        }
    }

    fn replayed(&self) -> Run {
        Run::replay(Arc::clone(&self.plan), Options::default(), &self.journal)
    }

    /// Whether its hosts may know of something that its journal does not.
    fn is_open(&self) -> bool {
        self.run.state().attempts.values().any(|attempt| {
            let unknown = matches!(attempt.end, None | Some(AttemptEnd::Lost(Loss::Unknown(_))));
            attempt.effect > Effect::Read && unknown
        })
    }

    /// The same run, cut off while this turn was being recorded.
    fn cut(&self, turn: &Turn, crash: Crash) -> Self {
        let mut cut = self.clone();
        cut.journal.extend(turn.events.iter().cloned());
        cut.journal.truncate(crash.records);
        if crash.sent {
            turn.actions.iter().cloned().for_each(|action| cut.world.take(action));
        }
        let intended: Vec<AttemptId> = cut.journal.iter().filter_map(intent).cloned().collect();
        for effect in &cut.world.hosts.effects {
            assert!(intended.contains(effect), "{effect} was sent and its intent is lost");
        }
        cut.world.hosts.left_alone(crash.meanwhile, &intended);
        cut.run = cut.replayed();
        cut
    }
}

fn intent(event: &Event) -> Option<&AttemptId> {
    match event {
        Event::Intended { attempt, .. } => Some(attempt),
        _ => None,
    }
}

/// Every crash while this turn is recorded; the same one may come of several records and states.
fn crashes(life: &Life, turn: &Turn) -> Vec<Crash> {
    use Written::{Before, Sent, Synced, Torn, Unsynced};
    let start = life.journal.len();
    let mut crashes = Vec::new();
    for place in 0..turn.events.len() {
        for written in [Before, Torn, Unsynced, Synced, Sent] {
            let (records, sent) = match written {
                Before => (start, false),
                Torn => (start + place, false),
                Unsynced => (life.synced, false),
                Synced => (start + turn.events.len(), false),
                Sent => (start + turn.events.len(), true),
            };
            for meanwhile in [Meanwhile::RunOn, Meanwhile::End, Meanwhile::Reboot] {
                crashes.push(Crash { records, sent, meanwhile });
            }
        }
    }
    crashes
}

/// What a crash must come to, given what the run came to without one.
fn judge(whole: &Life, end: &End, mut cut: Life, crash: Crash) {
    if cut.run.state().phase == Phase::Fresh {
        assert!(
            cut.world.hosts.effects.is_empty(),
            "something was sent before anything was planned"
        );
        return;
    }
    let story = |cut: &Life| {
        let lines = cut.journal[crash.records..].iter().map(|event| format!("{event:?}\n"));
        format!("{crash:?}\n{}", lines.collect::<String>())
    };
    let came = cut.settle();
    let accepted = &cut.world.accepted;
    let expected = End {
        code: if end.code == 0 && !accepted.is_empty() { 10 } else { end.code },
        steps: end
            .steps
            .iter()
            .map(|(step, status)| {
                let by_hand = *status == Some(StepStatus::Done) && accepted.contains(step);
                (step.clone(), if by_hand { Some(StepStatus::Accepted) } else { *status })
            })
            .collect(),
    };
    // Where a person had a failure run again that nobody could tell of, it may end better.
    assert!(came == expected || cut.world.redone, "{came:?}\n{expected:?}\n{}", story(&cut));
    assert!(cut.world.hosts.wrong.is_empty(), "{:?}\n{}", cut.world.hosts.wrong, story(&cut));
    let rebooted = crash.meanwhile == Meanwhile::Reboot;
    assert!(accepted.is_empty() || rebooted, "the host could tell\n{}", story(&cut));
    let (tally, once) = (cut.world.hosts.tally(), whole.world.hosts.tally());
    assert!(once.keys().eq(tally.keys()), "lost or new: {once:?} {tally:?}\n{}", story(&cut));
    for ((step, host, part), times) in tally {
        let words = cut.world.words.iter().filter(|(s, h)| (s, h) == (&step, &host)).count();
        let step = whole.plan.runbook.step(&step).expect("a step of the plan");
        if step.idempotent {
            continue;
        }
        let id = &step.id;
        assert!(times <= 1 + words, "{id} on {host} {times} times\n{}", story(&cut));
        let same = once[&(id.clone(), host.clone(), part)] == times;
        assert!(same || rebooted, "{id} on {host} {times} times\n{}", story(&cut));
    }
}

/// How many crash points there are in this world, and how many of them differ.
fn prove(plan: &Arc<Plan>, world: Steady, foreseen: Option<Foreseen>) -> (usize, usize) {
    let mut whole = Life::new(plan, world, foreseen);
    let mut mirror = whole.run.clone();
    let mut cuts = Vec::new();
    let mut points = 0;
    let mut seen = BTreeSet::new();
    // Until its trouble comes, a world is the one without any.
    let mut begun = whole.world.is_calm();
    whole.live(Input::Begin, |life, turn| {
        turn.events.iter().for_each(|event| mirror.follow(event));
        assert_eq!(mirror.state(), life.run.state(), "a replay is the same");
        begun |= turn.events.iter().filter_map(intent).any(|id| life.world.is_troubled(id));
        for crash in crashes(life, turn).into_iter().filter(|_| begun) {
            points += 1;
            if !seen.insert((life.journal.len(), crash)) {
                continue;
            }
            let cut = life.cut(turn, crash);
            if crash.meanwhile == Meanwhile::RunOn || cut.is_open() {
                cuts.push((cut, crash));
            }
        }
    });
    let end = whole.settle();
    assert!(whole.world.hosts.wrong.is_empty(), "{:?}", whole.world.hosts.wrong);
    let different = cuts.len();
    cuts.into_iter().for_each(|(cut, crash)| judge(&whole, &end, cut, crash));
    (points, different)
}

#[test]
fn a_crash_at_any_record_loses_nothing_and_does_nothing_twice() {
    let worlds: Vec<_> = bundled::plans().iter().flat_map(worlds).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = &|core: usize| {
        let mine = worlds.iter().skip(core).step_by(cores);
        mine.map(|(plan, world)| prove(plan, world.clone(), None))
            .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    };
    let shares = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|core| scope.spawn(move || share(core))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a proof")).collect::<Vec<_>>()
    });
    let points: usize = shares.iter().map(|share| share.0).sum();
    let different: usize = shares.iter().map(|share| share.1).sum();
    let worlds = worlds.len();
    println!("proof: {points} crash points ({different} different) in {worlds} worlds");
    assert!(points > 10_000, "{points}");
}

/// Whoever takes it up does not say that it executes a plan file: it still does, and uses it up before
/// its first change, as every audit of these journals asks.
#[test]
fn a_crash_at_any_record_of_a_run_of_a_plan_file_does_not_make_it_forget_the_plan() {
    let (mut points, mut executed) = (0, 0);
    for plan in bundled::plans() {
        let calm = Steady::new(Trouble::Nothing, changing(&plan)[0].clone());
        let foreseen = Foreseen {
            plan: Digest::of("plan"),
            written: jiff_epoch(),
            expires: jiff::Timestamp::MAX,
            premises: premises(&plan, calm.clone()),
        };
        let mut whole = Life::new(&plan, calm.clone(), Some(foreseen.clone()));
        whole.live(Input::Begin, |_, _| ());
        let taken = |event: &Event| matches!(event, Event::PlanTaken { .. });
        executed += usize::from(whole.journal.iter().any(taken));
        points += prove(&plan, calm, Some(foreseen)).0;
    }
    println!("proof: {points} crash points in runs of {executed} plan files");
    assert!(points > 1_000 && executed > 0, "{points} {executed}");
}

/// What a preview in this world finds.
fn premises(plan: &Arc<Plan>, world: Steady) -> Vec<Premise> {
    let mut life = Life::new(plan, world, None);
    let mut found = Vec::new();
    life.live(Input::Begin, |life, turn| {
        if turn.events.contains(&Event::Previewed) {
            let mut read = life.replayed();
            let before = turn.events.iter().take_while(|event| **event != Event::Previewed);
            before.for_each(|event| read.follow(event));
            found = read.premises();
        }
    });
    assert!(!found.is_empty(), "it was previewed");
    found
}

/// A world without trouble, and one for each trouble at each step that changes something.
fn worlds(plan: &Arc<Plan>) -> Vec<(Arc<Plan>, Steady)> {
    let steps = changing(plan);
    let calm = Steady::new(Trouble::Nothing, steps[0].clone());
    let troubled = steps.iter().flat_map(|at| TROUBLES.map(|what| Steady::new(what, at.clone())));
    std::iter::once(calm).chain(troubled).map(|world| (Arc::clone(plan), world)).collect()
}
