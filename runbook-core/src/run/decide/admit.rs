//! Which news fits: what is not waited for is not let in.

use super::super::back::Back;
use super::super::event::{Event, Timer};
use super::super::input::Input;
use super::super::machine::Run;
use super::super::place::Keeper;
use super::super::state::{Base, Link, Lock, Main, Phase, Taking, Watch};
use super::super::status::Ending;
use crate::base::{HostName, StepId};

impl Run {
    /// The fact that a piece of news is; none when it does not fit.
    pub(in super::super) fn admit(&self, input: Input) -> Option<Event> {
        let state = self.state();
        if state.phase == Phase::Fresh && input != Input::Begin {
            return None;
        }
        if state.ended.is_some() && !matches!(input, Input::Resume { .. }) {
            return None;
        }
        match input {
            Input::Begin => (state.phase == Phase::Fresh).then(|| self.planned()),
            Input::LockTaken { name, host } => {
                self.is_locking(host.as_ref(), &name).then_some(Event::LockTaken { name, host })
            }
            Input::LockRefused { name, host, holder } => self
                .is_locking(host.as_ref(), &name)
                .then_some(Event::LockRefused { name, host, holder }),
            Input::LockLost { name, host } => state
                .locks
                .contains(&(Some(host.clone()), name.clone()))
                .then_some(Event::LockLost { name, host }),
            Input::PlanTaken { plan } => self.is_taking(plan).then_some(Event::PlanTaken { plan }),
            Input::PlanRefused { plan, why } => {
                self.is_taking(plan).then_some(Event::PlanRefused { plan, why })
            }
            Input::Connected { host, identity } => (self.link(&host) == Some(&Link::Connecting))
                .then_some(Event::Connected { host, identity }),
            Input::Unreachable { host, why } => (self.link(&host) == Some(&Link::Connecting))
                .then_some(Event::Unreachable { host, why }),
            Input::Resume { by, options } => {
                self.may_resume().is_ok().then_some(Event::Resumed { by, options })
            }
            Input::BaseChosen { keeper, base, passed_over } => (self.is_choosing(&keeper))
                .then_some(Event::BaseChosen { keeper, base, passed_over }),
            Input::BaseRefused { keeper, why } => {
                self.is_choosing(&keeper).then_some(Event::BaseRefused { keeper, why })
            }
            Input::Found { attempt, found } => {
                let sought = state.attempts.get(&attempt)?;
                let waited_for = sought.watch == Watch::Asked && sought.end.is_none();
                waited_for.then_some(Event::Found { attempt, found })
            }
            Input::Interrupted { how, decided } => Some(self.interrupted(how, decided)),
            Input::StoodStill { lasted } => Some(Event::StoodStill { lasted }),
            Input::ProbeAnswered { probe, verdict } => {
                let check = state.inquiries.get(&probe.about)?.checks.get(&probe.check)?;
                let key = (probe.part, probe.host.clone());
                let waited_for = check.answers.get(&key) == Some(&None)
                    && check.samples + 1 == probe.sample
                    && check.settled.is_none();
                waited_for.then_some(Event::ProbeAnswered { probe, verdict })
            }
            Input::Exited { attempt, outcome } => {
                self.is_running(&attempt).then_some(Event::Exited { attempt, outcome })
            }
            Input::Lost { attempt, loss } => {
                self.is_running(&attempt).then_some(Event::Lost { attempt, loss })
            }
            Input::TimerFired { timer } => {
                self.is_timed(&timer).then_some(Event::TimerFired { timer })
            }
            Input::Answered { question, answer, by } => {
                let waited_for = state.questions.get(&question)?.answer.is_none();
                waited_for.then_some(Event::Answered { question, answer, by })
            }
            Input::UndoAsked { to, by } => self.undo_asked(to, by),
            Input::StopAsked { how } => (!matches!(state.ending, Some(Ending::Detached { .. })))
                .then_some(Event::StopAsked { how }),
        }
    }

    fn is_taking(&self, plan: crate::base::Digest) -> bool {
        let foreseen = self.options().foreseen.as_ref();
        self.state().taking == Taking::Asked && foreseen.is_some_and(|known| known.plan == plan)
    }

    fn is_locking(&self, host: Option<&HostName>, name: &str) -> bool {
        let asked = &self.state().lock;
        matches!(asked, Lock::Asked((on, lock)) if on.as_ref() == host && lock == name)
    }

    fn is_choosing(&self, keeper: &Keeper) -> bool {
        self.state().bases.get(keeper) == Some(&Base::Asked)
    }

    fn planned(&self) -> Event {
        let plan = self.plan();
        Event::Planned {
            run: plan.run.id.clone(),
            runbook: plan.runbook.name.clone(),
            digest: plan.runbook.digest,
            environment: plan.environment.name.clone(),
            operator: plan.run.operator.clone(),
            options: self.options().clone(),
        }
    }

    /// Once, as long as the run is open, when it may have changed something, and to a step that there is.
    fn undo_asked(&self, to: Option<StepId>, by: String) -> Option<Event> {
        let going = self.state().back.is_some() && self.state().ended.is_none();
        let nothing = self.state().phase < Phase::Execution;
        let unknown = to.as_ref().is_some_and(|to| self.plan().runbook.step(to).is_none());
        if going || nothing || unknown || self.state().stop_asked.is_some() {
            return None;
        }
        let (back, what) = match to {
            Some(to) => (Back::To(to.clone()), format!("goes back to `{to}`")),
            None => (Back::Everything, "goes back".to_owned()),
        };
        let why = format!("it {what}, since {by} said so");
        Some(Event::UndoBegan { back, by: Some(by), why })
    }

    fn is_running(&self, attempt: &super::super::AttemptId) -> bool {
        self.state().attempts.get(attempt).is_some_and(|attempt| attempt.end.is_none())
    }

    fn is_timed(&self, timer: &Timer) -> bool {
        match timer {
            Timer::Sample { about, check, tick } => self
                .state()
                .inquiries
                .get(about)
                .and_then(|inquiry| inquiry.checks.get(check))
                .is_some_and(|c| c.waiting_for == Some(*tick) && c.settled.is_none()),
            Timer::Retry { attempt } => self
                .state()
                .turn(&attempt.step, &attempt.host)
                .is_some_and(|turn| turn.main == Main::Waiting(attempt.clone())),
        }
    }
}
