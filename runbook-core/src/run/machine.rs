//! The machine: a plan, a state, and the one door through which news comes in.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::Options;
use super::action::Action;
use super::event::Event;
use super::input::Input;
use super::scope::Scope;
use super::state::State;
use crate::base::{HostName, StepId};
use crate::plan::Plan;
use crate::runbook::{Kind, Step};

/// One execution of a plan.
#[derive(Clone, Debug)]
pub struct Run {
    plan: Arc<Plan>,
    state: State,
    /// When the news came that is dealt with. No part of what is known, so none of a replay.
    at: Timestamp,
    /// Which step delivers a name.
    sources: Arc<BTreeMap<String, StepId>>,
    /// Whether the runbook asks what time it is.
    reads_clock: bool,
}

impl PartialEq for Run {
    /// The same plan, of which the same is known.
    fn eq(&self, other: &Self) -> bool {
        self.plan == other.plan && self.state == other.state
    }
}

/// What one piece of news led to: facts to record, in order, and then orders to carry out.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "events are recorded and actions carried out, or the run stands still"]
pub struct Turn {
    /// To be journaled before any of the actions is carried out.
    pub events: Vec<Event>,
    /// To be carried out, in order.
    pub actions: Vec<Action>,
}

/// The next fact, and the order that follows from it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Move {
    pub(super) event: Event,
    pub(super) actions: Vec<Action>,
}

impl Move {
    pub(super) fn fact(event: Event) -> Self {
        Self { event, actions: Vec::new() }
    }

    pub(super) fn order(event: Event, action: Action) -> Self {
        Self { event, actions: vec![action] }
    }
}

impl Run {
    /// A run of `plan` to which nothing has happened yet.
    #[must_use]
    pub fn new(plan: Arc<Plan>, options: Options) -> Self {
        let sources = Arc::new(sources(&plan));
        let words = plan.runbook.source.text.split(|c: char| !c.is_alphanumeric() && c != '_');
        let reads_clock = words.into_iter().any(|word| matches!(word, "now" | "goal_at"));
        let state = State { options, ..State::default() };
        Self { plan, state, at: Timestamp::UNIX_EPOCH, sources, reads_clock }
    }

    /// The same run after these events: what a journal is read for.
    #[must_use]
    pub fn replay<'a>(
        plan: Arc<Plan>,
        options: Options,
        events: impl IntoIterator<Item = &'a Event>,
    ) -> Self {
        let mut run = Self::new(plan, options);
        events.into_iter().for_each(|event| run.follow(event));
        run
    }

    /// Takes in one more recorded event, as [`Run::replay`] does.
    pub fn follow(&mut self, event: &Event) {
        self.apply(event);
    }

    /// Takes news in. What does not fit (an answer to a question that was not put, a second
    /// outcome of an attempt) changes nothing.
    pub fn accept(&mut self, input: Input, at: Timestamp) -> Turn {
        let mut turn = Turn::default();
        let Some(event) = self.admit(input) else { return turn };
        self.at = at;
        if !matches!(event, Event::Resumed { .. }) {
            while let Some((request, asked)) = self.state.lapsed(at) {
                let step = asked.terms.step.clone();
                self.record(Event::Expired { step, request }, &mut turn);
            }
        }
        // While a person reads, and until what they approved is sent, what they were shown stays as
        // it is.
        let is_read = self.state.questions.values().any(|question| question.answer.is_none());
        if self.reads_clock && !is_read && !self.state.is_shown() {
            self.record(Event::ClockRead { at }, &mut turn);
        }
        self.record(event, &mut turn);
        while let Some(next) = self.decide() {
            self.record(next.event, &mut turn);
            turn.actions.extend(next.actions);
        }
        turn
    }

    fn record(&mut self, event: Event, turn: &mut Turn) {
        self.apply(&event);
        turn.events.push(event);
    }

    fn apply(&mut self, event: &Event) {
        self.state.apply(event, &self.plan.runbook);
    }

    /// What is executed, where, with which values.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How it was started, or taken up again.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.state.options
    }

    /// The same, as if it were another run at another time: what differs then is bound to them.
    pub(super) fn elsewhere(&self) -> Self {
        let mut other = self.clone();
        let plan = Arc::make_mut(&mut other.plan);
        plan.run.id = "elsewhere".parse().expect("it is letters only");
        plan.run.started = Timestamp::MIN;
        for time in [&mut other.state.now, &mut other.state.goal_at] {
            *time = time.map(|_| Timestamp::MIN);
        }
        other
    }

    /// When the news came that is dealt with.
    pub(super) const fn at(&self) -> Timestamp {
        self.at
    }

    /// What is known of it.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The step that delivers a name.
    pub(super) fn source_of(&self, name: &str) -> Option<&StepId> {
        self.sources.get(name)
    }

    /// The names as a step sees them on a host.
    pub(super) const fn scope<'a>(
        &'a self,
        step: Option<&'a Step>,
        host: Option<&'a HostName>,
    ) -> Scope<'a> {
        Scope { run: self, step, host }
    }
}

fn sources(plan: &Plan) -> BTreeMap<String, StepId> {
    let mut sources = BTreeMap::new();
    for step in &plan.runbook.steps {
        let names = step.capture.keys().chain(step.ask.keys());
        sources.extend(names.map(|name| (name.to_string(), step.id.clone())));
        if matches!(step.kind, Kind::Choose { .. }) {
            sources.insert(step.id.to_string(), step.id.clone());
        }
    }
    sources
}
