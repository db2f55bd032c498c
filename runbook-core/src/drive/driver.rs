//! The loop: news in, facts written down, orders carried out. Knows nothing of what they mean.

#![expect(clippy::disallowed_methods, reason = "the machine is told what time it is")]

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use super::lease::{self, Leases};
use super::lock::{self, Held};
use super::output::{Outlets, Watcher};
use super::person::Person;
use super::signers::Signers;
use super::standstill::Standstill;
use super::stations::Stations;
use super::world::World;
use super::write_ahead::{Cleared, NotCleared, WriteAhead};
use super::{Control, Finished, LOOK_BEFORE_YOU_ACT, Parts, attempt, change, nonce, probing};
use crate::base::{Digest, HostName};
use crate::confirm::Asked;
use crate::journal::{PlanUse, UsedPlans};
use crate::plan::Plan;
use crate::report::Summary;
use crate::run::{Action, Answer, AttemptId, Effect, Event, Input, Options, Record, Run, Topic};
use crate::transport::awake;

/// Executes one plan.
#[derive(Debug)]
pub struct Engine {
    parts: Parts,
    control: Control,
    stops: UnboundedReceiver<Input>,
}

impl Engine {
    /// An engine of these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let (control, stops) = Control::new();
        Self { parts, control, stops }
    }

    /// A handle by which the run can be asked to stop.
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Executes the plan to its end. Whatever happens is told by what comes back; when it does,
    /// nothing of the run is under way on this machine.
    pub async fn run(self, plan: Arc<Plan>, options: Options) -> Finished {
        let run = Run::new(plan, with_nonce(options));
        self.go(run, Summary::default(), Input::Begin).await
    }

    /// Takes a run up again that these records tell of, whose journal is the engine's, and executes
    /// it to its end.
    pub async fn resume(
        self,
        plan: Arc<Plan>,
        records: &[Record],
        by: String,
        options: Options,
    ) -> Finished {
        let (before, options) = (Options::default(), with_nonce(options));
        let run = Run::replay(plan, before, records.iter().map(|record| &record.fact));
        self.go(run, Summary::of(records), Input::Resume { by, options }).await
    }

    async fn go(self, run: Run, summary: Summary, first: Input) -> Finished {
        // `_control` is kept, or the loop would wait for a handle that nobody has.
        let Self { parts, control: _control, stops } = self;
        // On the heap: whoever awaits a run keeps it in a future of their own.
        Box::pin(Loop::new(parts, run, summary, first).run(stops)).await
    }
}

/// A run that is under way.
struct Loop {
    run: Run,
    ahead: WriteAhead,
    world: Arc<World>,
    watcher: Watcher,
    summary: Summary,
    /// Everything that is under way; each ends in one piece of news.
    tasks: JoinSet<Input>,
    cancels: BTreeMap<AttemptId, Arc<Notify>>,
    person: Person,
    signers: Option<Signers>,
    standstill: Standstill,
    lock_places: Vec<PathBuf>,
    locks: Vec<Held>,
    plans: Option<UsedPlans>,
    /// Those that are held on hosts, each until its connection is lost.
    leases: JoinSet<Input>,
    /// News that came while other news was dealt with.
    inbox: VecDeque<Input>,
}

/// Why the loop ends.
enum Over {
    /// The run has ended.
    Ended,
    /// It cannot go on: why.
    Broken(String),
}

impl Loop {
    fn new(parts: Parts, run: Run, summary: Summary, first: Input) -> Self {
        let plan = run.plan();
        let proves = run.options().foreseen.is_some();
        let stations = Stations::of(plan, &parts.ssh, &parts.local, parts.attended, proves);
        let watcher = Watcher::new(parts.reporter);
        let outlets = Outlets { outputs: parts.outputs, watcher: watcher.clone() };
        let (id, leases) = (plan.run.id.clone(), Leases::new(plan.run.clone()));
        Self {
            run,
            ahead: WriteAhead::new(parts.journal),
            world: Arc::new(World { run: id, stations, leases, probe: parts.probe, outlets }),
            watcher,
            summary,
            tasks: JoinSet::new(),
            cancels: BTreeMap::new(),
            person: Person::new(parts.confirmer),
            signers: parts.signers,
            standstill: Standstill::watch(),
            lock_places: parts.locks,
            locks: Vec::new(),
            plans: parts.plans,
            leases: JoinSet::new(),
            inbox: VecDeque::from([first]),
        }
    }

    async fn run(mut self, mut stops: UnboundedReceiver<Input>) -> Finished {
        let over = loop {
            let input = match self.next(&mut stops).await {
                Ok(input) => input,
                Err(over) => break over,
            };
            let input = self.looked_at(input).await;
            if let Err(over) = self.take_turn(input).await {
                break over;
            }
        };
        self.let_go().await;
        self.finish(over)
    }

    /// The next piece of news.
    async fn next(&mut self, stops: &mut UnboundedReceiver<Input>) -> Result<Input, Over> {
        if let Some(input) = self.inbox.pop_front() {
            return Ok(input);
        }
        if self.tasks.is_empty() && !self.person.is_asked() {
            let stuck =
                "nothing is under way and the run has not ended; this is a mistake in runbook";
            return Err(Over::Broken(stuck.to_owned()));
        }
        tokio::select! {
            biased;
            Some(stop) = stops.recv() => Ok(stop),
            lasted = self.standstill.noticed() => Ok(Input::StoodStill { lasted }),
            input = self.person.reply() => Ok(input),
            Some(Ok(lost)) = self.leases.join_next() => Ok(lost),
            Some(done) = self.tasks.join_next() => done.map_err(|panic| {
                Over::Broken(format!("an attempt broke off inside runbook: {panic}"))
            }),
        }
    }

    /// What someone handed over is looked at before it is news: a signature counts when `ssh-keygen`
    /// says so, and nobody else can say so.
    async fn looked_at(&mut self, input: Input) -> Input {
        let Input::Answered { question, answer: Answer::Handed(text), by } = input else {
            return match input {
                Input::Answered { question, answer: Answer::Signed(_), by } => {
                    let answer = Answer::Refused("nobody looked at it".to_owned());
                    Input::Answered { question, answer, by }
                }
                other => other,
            };
        };
        let about = self.run.state().questions.get(&question).map(|asked| &asked.about);
        let signature = match (about, &self.signers) {
            (Some(Topic::Signatures { request, .. }), Some(signers)) => {
                signers.signature(*request, &text).await
            }
            _ => Err("nothing says whose signatures count".to_owned()),
        };
        let answer = signature.map_or_else(Answer::Refused, Answer::Signed);
        Input::Answered { question, answer, by }
    }

    /// Writes down what the news leads to, and only then does it.
    async fn take_turn(&mut self, input: Input) -> Result<(), Over> {
        self.watch_leases();
        let turn = self.run.accept(input, Timestamp::now());
        let (records, cleared) = match self.ahead.commit(turn) {
            Ok(done) => done,
            Err(why) => return Err(self.stop_writing(&why)),
        };
        self.tell(&records);
        for order in cleared {
            if self.carry_out(order).await {
                return Err(Over::Ended);
            }
        }
        Ok(())
    }

    fn tell(&mut self, records: &[Record]) {
        for record in records {
            self.summary.observe(record);
            self.watcher.tell(|reporter| reporter.observe(record));
            if let Event::Intended { attempt, effect, .. } = &record.fact
                && *effect > Effect::Read
            {
                self.world.leases.at(&attempt.step);
            }
            if let Event::Exited { attempt, .. } | Event::Lost { attempt, .. } = &record.fact {
                self.cancels.remove(attempt);
            }
        }
    }

    /// Says in the journal, where it has room for that, that it takes no more.
    fn stop_writing(&mut self, why: &NotCleared) -> Over {
        let sentence = format!(
            "{why}; nothing more was sent, and what runs on hosts goes on: look before you act"
        );
        let fact = Event::StopAsked { how: why.to_string() };
        if let Ok(record) = self.ahead.last_words(fact) {
            self.tell(&[record]);
        }
        Over::Broken(sentence)
    }

    /// Carries an order out; whether it was the last.
    async fn carry_out(&mut self, order: Cleared) -> bool {
        match order {
            Cleared::Read(order) => {
                self.cancellable(order.id.clone(), |world, cancel| async move {
                    let id = order.id.clone();
                    tokio::select! {
                        input = attempt::read(&world, order) => input,
                        () = cancel.notified() => attempt::cancelled(&world, id),
                    }
                });
            }
            Cleared::Change(order) => {
                self.cancellable(order.id.clone(), |world, cancel| async move {
                    change::change(&world, order, cancel).await
                });
            }
            Cleared::Destroy(approved) => {
                let id = approved.order().id.clone();
                self.cancellable(id, |world, cancel| async move {
                    change::destroy(&world, approved, cancel).await
                });
            }
            Cleared::Other(action) => return self.do_other(action).await,
        }
        false
    }

    async fn do_other(&mut self, action: Action) -> bool {
        match action {
            Action::TakeLock { name, host: None } => self.take_lock(name),
            Action::TakeLock { name, host: Some(host) } => {
                let world = Arc::clone(&self.world);
                self.tasks.spawn(async move { lease::take(&world, name, host).await });
            }
            Action::TakePlan { plan } => self.take_plan(plan),
            Action::Connect { host } => {
                let world = Arc::clone(&self.world);
                self.tasks.spawn(async move { connect(&world, host).await });
            }
            Action::Probe(order) => {
                let world = Arc::clone(&self.world);
                self.tasks.spawn(async move { probing::probe(&world, order).await });
            }
            Action::ChooseBase { keeper } => {
                let world = Arc::clone(&self.world);
                self.tasks.spawn(async move { change::choose_base(&world, keeper).await });
            }
            Action::Seek { attempt, place } => {
                let world = Arc::clone(&self.world);
                self.tasks.spawn(async move { change::seek(&world, attempt, place).await });
            }
            Action::Follow(order) => {
                self.cancellable(order.id.clone(), |world, cancel| async move {
                    change::follow(&world, order, cancel).await
                });
            }
            Action::Cancel { attempt } => {
                if let Some(cancel) = self.cancels.get(&attempt) {
                    cancel.notify_one();
                }
            }
            Action::SetTimer { timer, after } => {
                self.tasks.spawn(async move {
                    awake::sleep(after).await;
                    Input::TimerFired { timer }
                });
            }
            Action::Ask { id, question } => {
                let outputs = self.world.outlets.outputs.as_ref();
                self.person.ask(Asked {
                    id,
                    question,
                    plan: Arc::new(self.run.plan().clone()),
                    preview: Arc::new(self.run.preview()),
                    outputs: outputs.map(|outputs| outputs.directory().to_owned()),
                });
            }
            Action::Withdraw { id } => self.person.withdraw(id).await,
            Action::Close { .. } => return true,
            Action::Start(_) | Action::Destroy(_) => {
                unreachable!("attempts are cleared as such by the write-ahead rule")
            }
        }
        false
    }

    fn cancellable<F>(
        &mut self,
        attempt: AttemptId,
        task: impl FnOnce(Arc<World>, Arc<Notify>) -> F,
    ) where
        F: Future<Output = Input> + Send + 'static,
    {
        let cancel = Arc::new(Notify::new());
        self.cancels.insert(attempt, Arc::clone(&cancel));
        self.tasks.spawn(task(Arc::clone(&self.world), cancel));
    }

    fn watch_leases(&mut self) {
        for held in self.world.leases.fresh() {
            let world = Arc::clone(&self.world);
            self.leases.spawn(async move { held.watch(&world.leases).await });
        }
    }

    fn take_lock(&mut self, name: String) {
        let taken = lock::take(&self.lock_places, &name, &self.run.plan().run);
        self.inbox.push_back(match taken {
            Ok(held) => {
                self.locks.push(held);
                Input::LockTaken { name, host: None }
            }
            Err(holder) => Input::LockRefused { name, host: None, holder },
        });
    }

    /// Uses a plan file up for this run, as long as it stands.
    fn take_plan(&mut self, plan: Digest) {
        let run = &self.run.plan().run;
        let at = Timestamp::now();
        let own = PlanUse { run: run.id.clone(), by: run.operator.clone(), at };
        let stands = self.run.options().foreseen.as_ref().map(|foreseen| foreseen.stands_at(at));
        let taken = match (&self.plans, stands) {
            (_, Some(Err(why))) => Err(why),
            (None, _) | (_, None) => {
                Err("there is nowhere to write down that the plan was used".to_owned())
            }
            (Some(plans), Some(Ok(()))) => match plans.take(plan, &own) {
                Ok(used) if used.run == own.run => Ok(()),
                Ok(used) => Err(used.to_string()),
                Err(error) => {
                    Err(format!("it cannot be written down that the plan is used: {error}"))
                }
            },
        };
        self.inbox.push_back(match taken {
            Ok(()) => Input::PlanTaken { plan },
            Err(why) => Input::PlanRefused { plan, why },
        });
    }

    /// Ends everything that is under way on this machine: reads end with their connections, jobs go
    /// on where they are.
    async fn let_go(&mut self) {
        self.person.leave().await;
        self.tasks.shutdown().await;
        self.watch_leases();
        self.world.leases.give_back(&mut self.leases).await;
        self.locks.clear();
    }

    fn finish(self, over: Over) -> Finished {
        let (code, sentence) = match (over, &self.summary.ended) {
            (Over::Ended, Some(ended)) => (ended.code, ended.sentence.clone()),
            (Over::Ended, None) => {
                let unsaid = "the run was closed without its end being written down";
                (LOOK_BEFORE_YOU_ACT, unsaid.to_owned())
            }
            (Over::Broken(sentence), _) => (LOOK_BEFORE_YOU_ACT, sentence),
        };
        let journal = self.ahead.location().map(Path::to_owned);
        Finished { run: self.world.run.clone(), journal, code, sentence, summary: self.summary }
    }
}

/// What people will be asked to approve is bound to a number drawn for this command.
fn with_nonce(options: Options) -> Options {
    let nonce = options.nonce.or_else(|| Some(nonce::drawn()));
    Options { nonce, ..options }
}

async fn connect(world: &World, host: HostName) -> Input {
    match world.stations.identity(&host).await {
        Ok(identity) => Input::Connected { host, identity },
        Err(why) => Input::Unreachable { host, why },
    }
}
