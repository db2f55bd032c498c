//! The plan file that is executed: where its premises do not hold the run ends before it
//! changes anything, and right before the first change the plan is used up.

use super::super::action::Action;
use super::super::event::Event;
use super::super::machine::{Move, Run};
use super::super::state::{Phase, Taking};
use super::super::status::Ending;

impl Run {
    /// That the plan is stale; none where it is not, or none is executed.
    pub(super) fn stale_move(&self) -> Option<Move> {
        let differences = self.differences();
        let first = differences.first()?;
        let sentence = match differences.len() {
            1 => format!("the plan is stale: {first}"),
            count => format!("the plan is stale, {count} things are not as they were: {first}; …"),
        };
        Some(Move::fact(Event::Ending { ending: Ending::Stale { sentence, differences } }))
    }

    /// What the reads would end the run with gives way to that the plan is stale: whoever made it
    /// did not foresee that end.
    pub(super) fn or_stale(&self, next: Move) -> Move {
        let ends_by_reads = matches!(
            &next.event,
            Event::Ending {
                ending: Ending::Finished { .. }
                    | Ending::Stopped { .. }
                    | Ending::Failed { .. }
                    | Ending::Precondition { .. }
                    | Ending::PersonNeeded { .. }
            }
        );
        if self.state().phase != Phase::Preview || !ends_by_reads {
            return next;
        }
        self.stale_move().unwrap_or(next)
    }

    /// The changes are agreed to: the plan that foresaw them, where there is one, is used up first.
    pub(super) fn agree_move(&self) -> Option<Move> {
        let Some(foreseen) = &self.options().foreseen else {
            return Some(Move::fact(Event::Agreed));
        };
        let plan = foreseen.plan;
        match &self.state().taking {
            Taking::None => Some(Move::order(Event::PlanAsked { plan }, Action::TakePlan { plan })),
            Taking::Asked => None,
            Taking::Taken => Some(Move::fact(Event::Agreed)),
            Taking::Refused(why) => {
                let (sentence, differences) = (why.clone(), Vec::new());
                Some(Move::fact(Event::Ending { ending: Ending::Stale { sentence, differences } }))
            }
        }
    }
}
