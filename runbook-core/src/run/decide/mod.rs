//! What comes next. Only reads; the answer is one fact and the orders that follow from it.
//!
//! The order of the questions is the order of a run: is it over, is the way free (lock, hosts),
//! where do we stand (goal, preconditions), each step in turn, and consent when everything before
//! the first change has been read.

mod admit;
mod advance;
mod back;
mod base;
mod chain;
mod choose;
mod consent;
mod ending;
mod failure;
mod foreseen;
mod gate;
mod interrupt;
mod lock;
mod offer;
mod order;
mod reopen;
mod request;
mod step;
mod turn;
mod undo;

pub(super) use consent::is_destroying;

use super::about::About;
use super::action::Action;
use super::event::{Event, Topic};
use super::inquiry::Inquired;
use super::machine::{Move, Run};
use super::preview::CheckLine;
use super::question::{Question, QuestionId};
use super::state::{Link, Phase};
use super::status::Ending;
use crate::base::HostName;
use crate::plan::Verdict;

impl Run {
    /// The next fact; none when news must be waited for.
    pub(super) fn decide(&self) -> Option<Move> {
        self.next_move().map(|next| self.or_stale(next))
    }

    fn next_move(&self) -> Option<Move> {
        let state = self.state();
        if state.ended.is_some() || state.phase == Phase::Fresh {
            return None;
        }
        if let Some(ending) = &state.ending {
            return self.wind_down(ending);
        }
        if let Some(going) = &state.back {
            let ending = Ending::WentBack { sentence: going.why.clone() };
            return Some(Move::fact(Event::Ending { ending }));
        }
        if let Some(interrupt) = state.interrupt.as_ref().filter(|_| state.stop_asked.is_none()) {
            return self.interrupt_move(interrupt);
        }
        if let Some(ending) = self.reason_to_end() {
            return Some(Move::fact(Event::Ending { ending }));
        }
        match self.lock_move() {
            Ok(()) => {}
            Err(next) => return next,
        }
        if let Some(next) = self.connect_move() {
            return Some(next);
        }
        match self.host_lock_move() {
            Ok(()) => {}
            Err(next) => return next,
        }
        match self.astray_move() {
            Ok(()) => {}
            Err(next) => return next,
        }
        match state.phase {
            Phase::Fresh => None,
            Phase::Consent => self.consent_move(),
            Phase::Preview | Phase::Execution => self.forward(),
        }
    }

    /// Everything that may go on goes on.
    fn forward(&self) -> Option<Move> {
        if !self.plan().runbook.goal.is_empty()
            && let Inquired::Next(next) = self.inquire(&About::GoalAtStart)
        {
            return Some(*next);
        }
        match self.preconditions_move(false) {
            Ok(()) => {}
            Err(next) => return next,
        }
        if let Some(next) = self.plan().runbook.steps.iter().find_map(|step| self.step_move(step)) {
            return Some(next);
        }
        if self.all_ended() {
            return self.stale_move().or_else(|| self.conclude());
        }
        let still = !self.state().is_waiting();
        match self.state().phase {
            Phase::Preview if still => Some(Move::fact(Event::Previewed)),
            Phase::Execution if still => Some(Move::fact(Event::Ending {
                ending: Ending::PersonNeeded {
                    sentence: "nothing can go on: a step waits for something that never comes"
                        .to_owned(),
                },
            })),
            _ => None,
        }
    }

    fn all_ended(&self) -> bool {
        self.plan().runbook.steps.iter().all(|step| self.state().status(&step.id).is_some())
    }

    /// Begins the connections, all at once.
    fn connect_move(&self) -> Option<Move> {
        let host = self.plan().hosts.keys().find(|host| self.link(host).is_none())?;
        let event = Event::Connecting { host: host.clone() };
        Some(Move::order(event, Action::Connect { host: host.clone() }))
    }

    /// Ok when the runbook's preconditions hold.
    fn preconditions_move(&self, again: bool) -> Result<(), Option<Move>> {
        if self.plan().runbook.preconditions.is_empty() {
            return Ok(());
        }
        match self.inquire(&About::Preconditions { again }) {
            Inquired::Ended(verdict) if verdict.held() => Ok(()),
            Inquired::Ended(verdict) => {
                let sentence = self.refusal(&About::Preconditions { again }, &verdict);
                Err(Some(Move::fact(Event::Ending { ending: Ending::Precondition { sentence } })))
            }
            Inquired::Next(next) => Err(Some(*next)),
            Inquired::Waiting | Inquired::NotYet => Err(None),
        }
    }

    /// Why a run may not begin, and what to do about it; nobody knows that where nobody answered.
    fn refusal(&self, about: &About, verdict: &Verdict) -> String {
        if matches!(verdict, Verdict::Error { .. }) {
            return format!("a precondition has no answer: {}", verdict.line());
        }
        let sentence = format!("a precondition does not hold: {}", verdict.line());
        let unmet = |line: &CheckLine| line.verdict.as_ref().is_some_and(|verdict| !verdict.held());
        let hints = self.check_lines(about).into_iter().filter(unmet).filter_map(|line| line.hint);
        hints.fold(sentence, |sentence, hint| format!("{sentence}; {hint}"))
    }

    /// Puts a question, unless it was put.
    pub(super) fn ask_once(
        &self,
        about: Topic,
        question: impl FnOnce() -> Question,
    ) -> Option<Move> {
        // Nobody is asked about a plan that does not stand any more.
        if let Some(stale) = self.stale_move() {
            return Some(stale);
        }
        if self
            .state()
            .questions
            .values()
            .any(|asked| asked.about == about && asked.answer.is_none())
        {
            return None;
        }
        let id = QuestionId(self.state().next_question);
        let event = Event::Asked { question: id, about };
        Some(Move::order(event, Action::Ask { id, question: question() }))
    }

    /// Whether a host is neither connected to nor given up on.
    fn is_connecting(&self, host: &HostName) -> bool {
        matches!(self.link(host), None | Some(Link::Connecting))
    }
}
