//! What it does to the state that a run is taken up again: what was under way is looked for, what was
//! asked in vain is asked again, and what was read before the first change is read anew. Only writes.

use super::Options;
use super::about::About;
use super::attempt::{AttemptId, Effect, Loss, Part};
use super::event::Topic;
use super::place::Found;
use super::question::Answer;
use super::state::{AttemptEnd, Failure, Lock, Main, Phase, State, StepState, Taking, Turn, Watch};
use super::status::{Ending, StepStatus};
use crate::base::{HostName, StepId};
use crate::runbook::{OnFailure, Runbook};

impl State {
    /// The run is taken up again by a process that holds no connection, lock, timer or question.
    pub(super) fn resumed(&mut self, options: &Options, runbook: &Runbook) {
        self.resumed += 1;
        // What the run executes is not a matter of who takes it up.
        let foreseen = self.options.foreseen.take();
        self.options = Options { foreseen, ..options.clone() };
        self.lock = Lock::None;
        self.locks.clear();
        self.bases.clear();
        self.changed_now = false;
        self.interrupt = None;
        self.stop_asked = None;
        self.ended = None;
        self.hosts.values_mut().for_each(|host| host.link = None);
        self.attested.retain(|_, yes| *yes);
        // What was approved and not sent is asked for again.
        self.requests.clear();
        self.approvals.clear();
        self.questions.retain(|_, asked| match (&asked.about, &asked.answer) {
            (_, None | Some((Answer::No | Answer::Quit, _))) => false,
            (Topic::Destroy { .. } | Topic::Signatures { .. }, Some((answer, _))) => {
                *answer == Answer::PassOver
            }
            _ => true,
        });
        self.let_go_of_attempts();
        if self.phase < Phase::Execution {
            self.read_anew();
            return;
        }
        // What was decided by what was seen stands; the rest is decided anew.
        let stands = matches!(self.ending, Some(Ending::Finished { .. } | Ending::Stopped { .. }));
        if !stands && self.back.is_none() {
            self.ending = None;
        }
        for step in &runbook.steps {
            self.reopen_step(&step.id, step.on_failure == Some(OnFailure::Continue));
        }
        self.forget_open_inquiries();
        self.count_failed_hosts(runbook);
    }

    /// Nothing was changed: what was read then may not be so any more.
    fn read_anew(&mut self) {
        self.phase = Phase::Preview;
        self.taking = Taking::None;
        self.ending = None;
        self.goal_at = None;
        self.steps.clear();
        self.values.clear();
        self.inquiries.clear();
        self.hosts.values_mut().for_each(|host| host.failed = false);
    }

    /// A read may be repeated, so one that was under way is lost; what is more is looked for, also
    /// where nobody knew what became of it.
    fn let_go_of_attempts(&mut self) {
        for attempt in self.attempts.values_mut() {
            let reads = attempt.effect == Effect::Read;
            match &attempt.end {
                None if reads => {
                    let why = "runbook ended before it came back".to_owned();
                    attempt.end = Some(AttemptEnd::Lost(Loss::Unknown(why)));
                }
                None => attempt.watch = Watch::Astray,
                Some(AttemptEnd::Lost(Loss::Unknown(_)))
                    if !reads && !attempt.settled && attempt.place.is_some() =>
                {
                    attempt.end = None;
                    attempt.watch = Watch::Astray;
                }
                Some(_) => {}
            }
        }
    }

    fn reopen_step(&mut self, id: &StepId, tolerated: bool) {
        let Some(step) = self.steps.get_mut(id) else { return };
        let goes_back = self.back.is_some();
        let open = match &step.ended {
            None => true,
            Some((StepStatus::Failed, _)) => !tolerated,
            Some((status, _)) => matches!(
                status,
                StepStatus::Declined
                    | StepStatus::Unknown
                    | StepStatus::Blocked
                    | StepStatus::Cancelled
            ),
        };
        if !open {
            return;
        }
        step.ended = None;
        // Whoever is asked again is offered what there is then.
        step.suggestions.clear();
        let astray = |host: &HostName| {
            let mut attempts = self.attempts.iter();
            attempts.find_map(|(attempt, state)| {
                let is_here = attempt.step == *id && attempt.host == *host;
                (is_here && attempt.part == Part::Main && state.watch == Watch::Astray)
                    .then(|| attempt.clone())
            })
        };
        for (host, turn) in step.hosts.iter_mut().flatten() {
            let astray = astray(host);
            // A run that goes back begins nothing anew: only what nobody followed is looked for.
            if !goes_back || turn.ended.is_none() || astray.is_some() {
                reopen_turn(turn, tolerated, astray);
            }
        }
        forget_unused(step);
    }

    /// Checks that were not answered are asked anew, and so are those of a turn in which nothing was
    /// sent yet: what they saw may be long ago.
    fn forget_open_inquiries(&mut self) {
        let steps = &self.steps;
        let has_acted = |step: &StepId, host: &HostName| {
            let turn = steps.get(step).and_then(|step| step.hosts.as_ref()?.get(host));
            turn.is_some_and(|turn| turn.ended.is_some() || turn.has_acted())
        };
        self.inquiries.retain(|about, inquiry| match about {
            _ if inquiry.verdict.is_none() => false,
            About::GoalAtStart | About::GoalAtEnd => false,
            About::Preconditions { .. } => true,
            About::Step { step, host: Some(host), .. } => has_acted(step, host),
            About::Step { step, host: None, .. } => {
                steps.get(step).is_some_and(|step| step.ended.is_some())
            }
        });
    }

    fn count_failed_hosts(&mut self, runbook: &Runbook) {
        for host in self.hosts.values_mut() {
            host.failed = false;
        }
        let ended: Vec<_> = self
            .steps
            .iter()
            .flat_map(|(id, step)| {
                let ended = step.hosts.iter().flatten();
                ended.filter_map(move |(host, turn)| {
                    Some((id.clone(), host.clone(), turn.ended.as_ref()?.0))
                })
            })
            .collect();
        for (step, host, status) in ended {
            self.host_ended(&step, &host, status, runbook);
        }
    }

    /// A host that was asked has answered. What never started may be sent anew.
    pub(super) fn found(&mut self, id: &AttemptId, found: &Found) {
        match found {
            Found::Running | Found::Ended => return self.watch(id, Watch::Found),
            Found::Unknown(why) => return self.lost(id, &Loss::Unknown(why.clone())),
            Found::NotStarted => {}
        }
        let why = "it had not started when runbook ended; it can no longer start".to_owned();
        let Some(attempt) = self.attempts.get_mut(id) else { return };
        attempt.end = Some(AttemptEnd::Lost(Loss::NotStarted(why.clone())));
        match (id.part, attempt.effect) {
            // Its approval was for that attempt, and is used up.
            (Part::Main, Effect::Destroy) => self.begin_anew(&id.step, &id.host),
            (Part::Main, _) => {
                self.change_turn(&id.step, &id.host, |turn| turn.main = Main::Due);
            }
            (Part::Undo, _) => {
                let undone = self.undoing(&id.step).cloned();
                if let Some(host) = undone {
                    self.change_turn(&id.step.clone(), &host, |turn| {
                        turn.undo_attempts.retain(|other| other != id);
                    });
                }
            }
            (Part::Items | Part::Diagnose(_) | Part::Suggest(_), _) => {}
        }
    }

    pub(super) fn watch(&mut self, id: &AttemptId, watch: Watch) {
        if let Some(attempt) = self.attempts.get_mut(id) {
            attempt.watch = watch;
        }
    }

    /// A person decided what an unknown attempt means.
    pub(super) fn decided_unknown(&mut self, id: &AttemptId, answer: &Answer, runbook: &Runbook) {
        let Some(attempt) = self.attempts.get_mut(id) else { return };
        match answer {
            Answer::Seek if attempt.place.is_some() => {
                attempt.end = None;
                attempt.watch = Watch::Astray;
                let running = Main::Running(id.clone());
                self.change_turn(&id.step, &id.host, |turn| turn.main = running);
            }
            Answer::Accept => {
                attempt.settled = true;
                self.change_turn(&id.step, &id.host, |turn| turn.main = Main::Accepted);
            }
            Answer::Again => {
                attempt.settled = true;
                self.forget_values(&id.step, &id.host, runbook);
                self.begin_anew(&id.step, &id.host);
            }
            _ => self.change_turn(&id.step, &id.host, |turn| turn.left_unknown = true),
        }
    }
}

impl Turn {
    /// Whether something was sent or done in it.
    pub(super) fn has_acted(&self) -> bool {
        self.main != Main::None || self.attested || self.failure.is_some()
    }
}

fn reopen_turn(turn: &mut Turn, tolerated: bool, astray: Option<AttemptId>) {
    let ended = turn.ended.as_ref().map(|(status, _)| *status);
    let undone = turn.undone.is_some();
    match ended {
        Some(StepStatus::Failed) if tolerated || undone => return,
        None
        | Some(
            StepStatus::Failed
            | StepStatus::Declined
            | StepStatus::Unknown
            | StepStatus::Blocked
            | StepStatus::Cancelled,
        ) => turn.ended = None,
        Some(_) => return,
    }
    turn.left_unknown = false;
    if let Some(attempt) = astray {
        turn.main = Main::Running(attempt);
        return;
    }
    // What provably did not start is begun anew, whether or not that was already said of the turn.
    let lost = matches!(turn.main, Main::Failed { lost: true, .. });
    if lost || turn.failure.as_ref().is_some_and(|failure| failure.unreachable) {
        *turn = Turn { began: true, round: turn.round + 1, ..Turn::default() };
        return;
    }
    if let Some(Failure { answer, .. }) = &mut turn.failure {
        *answer = answer.take().filter(|answer| *answer == Answer::Undo);
    }
    match turn.main {
        Main::Running(_) | Main::Waiting(_) => turn.main = Main::Due,
        Main::None if !turn.has_acted() => {
            *turn = Turn { began: turn.began, round: turn.round, ..Turn::default() };
        }
        _ => {}
    }
}

/// A step of which no host's turn has begun is selected anew.
fn forget_unused(step: &mut StepState) {
    let unused = |turn: &Turn| !turn.began && turn.ended.is_none() && turn.round == 1;
    if step.hosts.as_ref().is_some_and(|hosts| hosts.values().all(unused)) {
        step.hosts = None;
        step.decision = None;
    }
}
