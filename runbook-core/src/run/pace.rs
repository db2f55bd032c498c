//! How often a check is asked, and when it has been asked enough.

use std::time::Duration;

use super::about::About;
use super::action::Action;
use super::event::{Event, Timer};
use super::machine::Move;
use super::state::CheckState;
use crate::base::units;
use crate::plan::Verdict;

/// How many samples, one every `every` from the first at once, begin in less than `span`.
pub(super) fn fits(span: Duration, every: Duration) -> u32 {
    u32::try_from(span.as_nanos().div_ceil(every.as_nanos().max(1))).unwrap_or(u32::MAX).max(1)
}

/// How often a check is asked. Time is counted in ticks of `every`, so that slow probes skip
/// samples instead of running late.
pub(super) struct Pace {
    pub(super) every: Duration,
    /// Ticks at which it may begin to hold.
    pub(super) tries: u32,
    /// Ticks for which it must hold, and the same as a duration.
    pub(super) hold: Option<(u32, Duration)>,
}

pub(super) enum Next {
    Sample,
    Wait,
    Settle(Verdict),
}

impl Pace {
    pub(super) fn next(&self, state: &CheckState) -> Next {
        let Some(last) = &state.last else { return Next::Sample };
        let goes_on = match (self.hold, state.window) {
            (None, _) if last.held() => return Next::Settle(last.clone()),
            (Some((ticks, hold)), Some((began, missed))) => {
                let sampled = state.sample_tick - began + 1;
                if sampled >= ticks {
                    let saw = held_for(last, hold, ticks, missed);
                    return Next::Settle(Verdict::Held { saw });
                }
                true
            }
            _ => {
                state.tick + 1 < self.tries
                    || state.tick > state.complete_tick && state.tick < self.tries
            }
        };
        match goes_on {
            false => Next::Settle(last.clone()),
            true if state.tick > state.complete_tick => Next::Sample,
            true => Next::Wait,
        }
    }

    /// The timer for the next tick, unless it runs already or no sample could begin at it.
    pub(super) fn timer(&self, about: &About, check: u32, state: &CheckState) -> Option<Move> {
        let tick = state.tick + 1;
        if state.waiting_for.is_some() || (self.hold.is_none() && tick >= self.tries) {
            return None;
        }
        let timer = Timer::Sample { about: about.clone(), check, tick };
        let event = Event::TimerStarted { timer: timer.clone(), after: self.every };
        Some(Move::order(event, Action::SetTimer { timer, after: self.every }))
    }
}

fn held_for(last: &Verdict, hold: Duration, ticks: u32, missed: u32) -> String {
    let held = units::show_duration(hold);
    let line = if last.held() { last.line() } else { "it" };
    format!("{line} for {held} ({} of {ticks})", ticks - missed.min(ticks))
}
