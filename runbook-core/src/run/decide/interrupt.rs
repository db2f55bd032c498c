//! A person at the terminal asked for a halt: nothing new starts, and they say what becomes of what
//! runs. Asked for again, the run is left at once.

use super::super::action::Action;
use super::super::attempt::{AttemptId, Effect};
use super::super::event::{Event, Topic};
use super::super::machine::{Move, Run};
use super::super::question::{Answer, Question};
use super::super::state::{Interrupt, Phase};
use super::super::status::Ending;

impl Run {
    /// The fact that an asked-for halt is: where nothing runs that could be waited for, or nobody can
    /// be asked, the run is left.
    pub(super) fn interrupted(&self, how: String, decided: Option<Answer>) -> Event {
        let state = self.state();
        let can_be_asked =
            self.options().person && state.questions.values().all(|asked| asked.answer.is_some());
        let halts = (decided.is_some() || can_be_asked)
            && state.interrupt.is_none()
            && state.ending.is_none()
            && self.runs_more_than_reads().next().is_some();
        if halts { Event::Interrupted { how, decided } } else { Event::StopAsked { how } }
    }

    fn runs_more_than_reads(&self) -> impl Iterator<Item = &AttemptId> {
        let running = self.state().running();
        running.filter(|(_, attempt)| attempt.effect > Effect::Read).map(|(id, _)| id)
    }

    /// What comes next while a halt is asked for.
    pub(super) fn interrupt_move(&self, interrupt: &Interrupt) -> Option<Move> {
        let how = interrupt.how.clone();
        let Some(answer) = &interrupt.answer else {
            return self.ask_once(Topic::Interrupt, || Question::Interrupt {
                running: self.runs_more_than_reads().cloned().collect(),
            });
        };
        if !matches!(answer, Answer::Wait | Answer::Cancel) {
            return Some(Move::fact(Event::StopAsked { how }));
        }
        if let Err(next) = self.astray_move() {
            return next;
        }
        match answer {
            Answer::Cancel => self.cancel_move().or_else(|| self.brought_to_end(how)),
            _ => self.brought_to_end(how),
        }
    }

    /// What has started is brought to its end, then the run is left.
    fn brought_to_end(&self, how: String) -> Option<Move> {
        match self.finish_active() {
            Some(next) => next,
            None => Some(Move::fact(Event::StopAsked { how })),
        }
    }

    fn cancel_move(&self) -> Option<Move> {
        let running = self.state().running();
        let mut to_cancel =
            running.filter(|(_, attempt)| attempt.effect > Effect::Read && !attempt.cancelled);
        to_cancel.next().map(|(id, _)| {
            let event = Event::CancelAsked { attempt: id.clone() };
            Move::order(event, Action::Cancel { attempt: id.clone() })
        })
    }

    /// Whether there is anything to go on with.
    ///
    /// # Errors
    /// Why there is not.
    pub fn may_resume(&self) -> Result<(), String> {
        let state = self.state();
        if state.phase == Phase::Fresh {
            return Err("it never began".to_owned());
        }
        if state.options.preview_only {
            return Err("it was a preview".to_owned());
        }
        match (state.ended, &state.ending) {
            (None | Some(5 | 9), _) => Ok(()),
            (Some(1), Some(Ending::Failed { .. } | Ending::QuitAtFailure { .. })) => Ok(()),
            (Some(4), Some(Ending::PersonNeeded { .. })) => Ok(()),
            (Some(6 | 8), _) if state.changed => Ok(()),
            (Some(code), _) => Err(format!("it ended with exit {code}")),
        }
    }
}
