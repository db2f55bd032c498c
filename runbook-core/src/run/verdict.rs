//! The exit code of a run, and the sentence that goes with it.

use super::machine::Run;
use super::state::{AttemptEnd, Failure, Lock};
use super::status::{Ending, StepStatus};
use super::{Effect, Loss};
use crate::base::StepId;
use crate::runbook::{Kind, OnFailure};

/// What may be said of a run when it ends; where several apply, the first that does decides.
struct Findings {
    unknown: Option<String>,
    unreachable: Option<String>,
    locked: Option<String>,
    stale: Option<String>,
    detached: Option<String>,
    failed: Option<String>,
    stopped: Option<String>,
    person: Option<String>,
    exception: Option<String>,
}

impl Run {
    /// The exit code and its sentence (rule 33: which comes first depends on whether anything was
    /// changed).
    pub(super) fn verdict(&self) -> (u8, String) {
        let found = self.findings();
        let before = [
            (5, found.unknown.clone()),
            (8, found.unreachable.clone()),
            (6, found.locked.clone()),
            (7, found.stale.clone()),
            (9, found.detached.clone()),
            (1, found.failed.clone()),
            (3, found.stopped.clone()),
            (4, found.person.clone()),
            (10, found.exception.clone()),
        ];
        let after = [
            (5, found.unknown),
            (9, found.detached),
            (1, found.failed.or(found.stopped).or(found.unreachable).or(found.locked)),
            (4, found.person.or(found.stale)),
            (10, found.exception),
        ];
        let first = if self.state().changed_now {
            after.into_iter().find_map(|(code, why)| Some((code, why?)))
        } else {
            before.into_iter().find_map(|(code, why)| Some((code, why?)))
        };
        first.unwrap_or_else(|| (0, self.success()))
    }

    fn findings(&self) -> Findings {
        let ending = self.state().ending.as_ref();
        Findings {
            unknown: self.unknown(),
            unreachable: match ending {
                Some(Ending::Unreachable { sentence }) => Some(sentence.clone()),
                _ => self.failed_unreachable(),
            },
            locked: match &self.state().lock {
                Lock::Refused(holder) => Some(holder.clone()),
                _ => None,
            },
            stale: match ending {
                Some(Ending::Stale { sentence, .. }) => Some(sentence.clone()),
                _ => None,
            },
            detached: self.state().stop_asked.as_ref().map(|how| format!("stopped by {how}")),
            failed: self.failed(),
            stopped: match ending {
                Some(Ending::Stopped { sentence, .. } | Ending::Precondition { sentence }) => {
                    Some(sentence.clone())
                }
                _ => None,
            },
            person: match ending {
                Some(Ending::PersonNeeded { sentence }) => Some(sentence.clone()),
                Some(Ending::WentBack { .. }) => self.stopped_going_back(),
                _ => None,
            },
            exception: match ending {
                Some(Ending::WentBack { .. }) => {
                    self.left_behind().map(|left| format!("{}, {left}", self.how_far_undone()))
                }
                _ => self.exception(),
            },
        }
    }

    /// An attempt at a change or destroy that may or may not have run.
    fn unknown(&self) -> Option<String> {
        if let Some(Ending::Unknown { sentence }) = &self.state().ending {
            return Some(sentence.clone());
        }
        self.state().attempts.iter().find_map(|(id, attempt)| match &attempt.end {
            Some(AttemptEnd::Lost(Loss::Unknown(why)))
                if attempt.effect > Effect::Read && !attempt.settled =>
            {
                Some(format!("it is not known whether `{}` ran on {}: {why}", id.step, id.host))
            }
            _ => None,
        })
    }

    fn failed_unreachable(&self) -> Option<String> {
        let failures = self.state().steps.values().flat_map(|step| step.hosts.iter().flatten());
        failures
            .filter(|(_, turn)| matches!(turn.ended, Some((StepStatus::Failed, _))))
            .find_map(|(host, turn)| {
                // What an earlier command could not reach says nothing of this one.
                let resumed = self.state().resumed;
                let now = |failure: &&Failure| failure.unreachable && failure.resumed == resumed;
                let failure = turn.failure.as_ref().filter(now)?;
                Some(format!("{host}: {}", failure.why))
            })
            .filter(|_| matches!(self.state().ending, Some(Ending::Failed { .. })))
    }

    /// A step that failed and was not passed over, or a goal that does not hold.
    fn failed(&self) -> Option<String> {
        match &self.state().ending {
            Some(Ending::Failed { step, sentence }) => {
                return Some(format!("`{step}` failed: {sentence}{}", self.went_back()));
            }
            Some(Ending::QuitAtFailure { step }) => {
                return Some(format!("stopped at `{step}`, which failed{}", self.went_back()));
            }
            // What failed before was taken back: how that went is what counts.
            Some(Ending::WentBack { .. }) => return self.failed_going_back(),
            _ => {}
        }
        if let Some(sentence) = self.failed_beside() {
            return Some(sentence);
        }
        let goal = self.goal_at_end()?;
        let ended_early = matches!(
            self.state().ending,
            Some(Ending::Stopped { .. } | Ending::PersonNeeded { .. } | Ending::Unknown { .. })
        );
        (!goal.held() && !ended_early).then(|| format!("the goal does not hold: {}", goal.line()))
    }

    /// A step that failed while another branch had already ended the run.
    fn failed_beside(&self) -> Option<String> {
        let steps = self.plan().runbook.steps.iter();
        let mut failed = steps.filter(|step| {
            step.on_failure != Some(OnFailure::Continue)
                && self.state().status(&step.id) == Some(StepStatus::Failed)
        });
        failed.next().map(|step| format!("`{}` failed", step.id))
    }

    /// Something that keeps a good end from being a clean one.
    fn exception(&self) -> Option<String> {
        self.plan().runbook.steps.iter().find_map(|step| {
            let state = self.state().steps.get(&step.id)?;
            let has = |wanted| {
                matches!(&state.ended, Some((status, _)) if *status == wanted)
                    || state.hosts.iter().flatten().any(
                        |(_, turn)| matches!(&turn.ended, Some((status, _)) if *status == wanted),
                    )
            };
            if has(StepStatus::PassedOver) {
                return Some(format!("`{}` was passed over", step.id));
            }
            if has(StepStatus::Accepted) {
                return Some(format!("`{}` was taken as done by a person", step.id));
            }
            let continued = step.on_failure == Some(OnFailure::Continue) || step.max_failed > 0;
            let changes =
                !matches!(step.kind, Kind::Read(_) | Kind::Check(_) | Kind::Choose { .. });
            (continued && changes && has(StepStatus::Failed))
                .then(|| format!("`{}` failed and the run went on", step.id))
        })
    }

    fn success(&self) -> String {
        match &self.state().ending {
            Some(Ending::Finished { sentence, .. }) => sentence.clone(),
            Some(Ending::WentBack { .. }) => self.how_far_undone(),
            Some(Ending::PreviewOnly) => "nothing was changed".to_owned(),
            _ if self.goal_at_end().is_some() => "the goal holds".to_owned(),
            _ => format!("{} ended", self.done_steps()),
        }
    }

    fn done_steps(&self) -> String {
        let done: Vec<&StepId> = self
            .plan()
            .runbook
            .steps
            .iter()
            .map(|step| &step.id)
            .filter(|id| self.state().status(id) == Some(StepStatus::Done))
            .collect();
        match done.len() {
            1 => "1 step".to_owned(),
            count => format!("{count} steps"),
        }
    }
}
