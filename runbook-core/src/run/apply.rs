//! What each fact does to the state. Only writes; decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::about::{About, Slot};
use super::approval::Approval;
use super::attempt::{AttemptId, Effect, Loss, Outcome, Part};
use super::event::{Event, Listing, Timer, Topic};
use super::question::{Answer, QuestionId};
use super::state::{
    AttemptEnd, AttemptState, Base, CheckState, Decision, Delivered, Failure, Interrupt, Link,
    Lock, Main, Phase, QuestionState, RequestState, State, StepState, Taking, Turn, Watch,
};
use super::status::StepStatus;
use crate::base::{Digest, HostName, StepId, Value, ValueName};
use crate::plan::Verdict;
use crate::runbook::{Probe, Runbook};

impl State {
    /// Applies a fact.
    pub(super) fn apply(&mut self, event: &Event, runbook: &Runbook) {
        match event {
            Event::Planned { options, operator, .. } => {
                self.options = options.clone();
                self.driver.clone_from(operator);
                self.phase = Phase::Preview;
            }
            Event::ClockRead { at } => self.now = Some(*at),
            Event::LockAsked { name, host } => {
                self.lock = Lock::Asked((host.clone(), name.clone()));
            }
            Event::LockTaken { name, host } => {
                self.lock = Lock::Held;
                self.locks.insert((host.clone(), name.clone()));
            }
            Event::LockLost { name, host } => {
                self.locks.remove(&(Some(host.clone()), name.clone()));
            }
            Event::LockRefused { holder, .. } => self.lock = Lock::Refused(holder.clone()),
            Event::PlanAsked { .. } => self.taking = Taking::Asked,
            Event::PlanTaken { .. } => self.taking = Taking::Taken,
            Event::PlanRefused { why, .. } => self.taking = Taking::Refused(why.clone()),
            Event::Connecting { host } => self.link(host, Link::Connecting),
            Event::Connected { host, identity } => self.link(host, Link::Up(identity.clone())),
            Event::Unreachable { host, why } => self.link(host, Link::Down(why.clone())),
            Event::Previewed => self.phase = Phase::Consent,
            Event::Agreed => self.phase = Phase::Execution,
            Event::Ending { ending } => self.ending = Some(ending.clone()),
            Event::StopAsked { how } => self.stop_asked = Some(how.clone()),
            Event::Interrupted { how, decided } => {
                self.interrupt = Some(Interrupt { how: how.clone(), answer: decided.clone() });
            }
            Event::Ended { code, .. } => self.ended = Some(*code),
            Event::Resumed { options, by } => {
                self.driver.clone_from(by);
                self.resumed(options, runbook);
            }
            Event::BaseAsked { keeper } => {
                self.bases.insert(keeper.clone(), Base::Asked);
            }
            Event::BaseChosen { keeper, base, .. } => {
                self.bases.insert(keeper.clone(), Base::Chosen(base.clone()));
            }
            Event::BaseRefused { keeper, why } => {
                self.bases.insert(keeper.clone(), Base::Refused(why.clone()));
            }
            Event::InquiryBegan { .. }
            | Event::ProbeSent { .. }
            | Event::ProbeAnswered { .. }
            | Event::Sampled { .. }
            | Event::CheckSettled { .. }
            | Event::InquiryEnded { .. }
            | Event::TimerStarted { .. }
            | Event::TimerFired { .. } => self.apply_inquiry(event, runbook),
            Event::UndoBegan { back, why, .. } => self.went_back(back, why),
            Event::UndoAgreed => {
                if let Some(back) = &mut self.back {
                    back.agreed = true;
                }
            }
            Event::UndoTurnBegan { step, host } => self.undo_began(step, host),
            Event::UndoEnded { how, .. } => self.back_ended(how),
            Event::Asked { question, about } => {
                self.put(about);
                if let Topic::Undo { step, host } = about {
                    self.change_turn(step, host, |turn| turn.undo_question = Some(*question));
                }
                let asked = QuestionState { about: about.clone(), answer: None };
                self.questions.insert(*question, asked);
                self.next_question = self.next_question.max(question.0 + 1);
            }
            Event::Withdrawn { question } => {
                if let Some(question) = self.questions.get_mut(question) {
                    question.answer = Some((Answer::Quit, String::new()));
                }
            }
            Event::Answered { question, answer, by } => {
                self.answered(*question, answer, by, runbook);
            }
            _ => self.apply_step(event, runbook),
        }
    }

    fn apply_step(&mut self, event: &Event, runbook: &Runbook) {
        match event {
            Event::Decided { step, skipped } => {
                self.step(step).decision =
                    Some(skipped.clone().map_or(Decision::Runs, Decision::Skipped));
            }
            Event::Selected { step, hosts } => {
                let turns = hosts.iter().map(|host| (host.clone(), Turn::default())).collect();
                self.step(step).hosts = Some(turns);
            }
            Event::TurnBegan { step, host } => {
                self.change_turn(step, host, |turn| turn.began = true);
            }
            Event::ItemsListed { step, host, items, listing } => {
                self.listed(step, host, items, *listing, runbook);
            }
            Event::Faltered { step, host, why, unreachable } => {
                let (why, unreachable) = (why.clone(), *unreachable);
                let resumed = self.resumed;
                let failure = Failure { why, unreachable, resumed, answer: None, shell: false };
                self.change_turn(step, host, |turn| turn.failure = Some(failure));
            }
            Event::Intended { attempt, effect, payload, digest, place } => {
                let begun = AttemptState {
                    effect: *effect,
                    digest: *digest,
                    payload: (*effect > Effect::Read).then(|| payload.clone()),
                    place: place.clone(),
                    watch: Watch::Followed,
                    cancelled: false,
                    end: None,
                    settled: false,
                };
                self.intended(attempt, begun);
            }
            Event::Sought { attempt } => self.watch(attempt, Watch::Asked),
            Event::Reattached { attempt } => self.watch(attempt, Watch::Followed),
            Event::Found { attempt, found } => self.found(attempt, found),
            Event::CancelAsked { attempt } => {
                if let Some(attempt) = self.attempts.get_mut(attempt) {
                    attempt.cancelled = true;
                }
            }
            Event::Requested { card, terms } => {
                let (card, terms) = (*card, terms.clone());
                let request = terms.request(card);
                let (void, expired, sent) = (false, false, BTreeSet::new());
                let asked = RequestState { card, terms, void, expired, sent };
                self.requests.insert(request, asked);
            }
            Event::Expired { request, .. } => self.expired(*request),
            Event::Approved { approval } => self.approved(approval),
            Event::ShellOpened { step, host, .. } => self.change_turn(step, host, |turn| {
                if let Some(failure) = &mut turn.failure {
                    (failure.answer, failure.shell) = (None, true);
                }
            }),
            Event::Exited { attempt, outcome } => self.exited(attempt, outcome, runbook),
            Event::Lost { attempt, loss } => self.lost(attempt, loss),
            Event::Valued { step: _, host, name, value } => {
                self.deliver(name, host.as_ref(), value.clone());
            }
            Event::HostEnded { step, host, status, why } => {
                self.change_turn(step, host, |turn| {
                    turn.ended = Some((*status, why.clone()));
                    turn.undo_place = turn.undo_place.filter(|_| turn.undone.is_some());
                });
                self.host_ended(step, host, *status, runbook);
            }
            Event::Undone { step, host, failure } => {
                let undone = failure.clone().map_or(Ok(()), Err);
                self.change_turn(step, host, |turn| turn.undone = Some(undone));
            }
            Event::StepEnded { step, status: StepStatus::Undone, .. } => {
                self.step(step).undone = true;
            }
            Event::StepEnded { step, status, why } => {
                self.step(step).ended = Some((*status, why.clone()));
            }
            _ => {}
        }
    }

    /// What a question brought with it is not brought again by the next.
    fn put(&mut self, about: &Topic) {
        match about {
            Topic::Manual { step } => self.step(step).suggestions.clear(),
            Topic::Failure { step, host } => self.change_turn(step, host, |turn| {
                turn.failure.iter_mut().for_each(|failure| failure.shell = false);
            }),
            _ => {}
        }
    }

    fn link(&mut self, host: &HostName, link: Link) {
        self.hosts.entry(host.clone()).or_default().link = Some(link);
    }

    pub(super) fn step(&mut self, id: &StepId) -> &mut StepState {
        self.steps.entry(id.clone()).or_default()
    }

    pub(super) fn change_turn(
        &mut self,
        step: &StepId,
        host: &HostName,
        change: impl FnOnce(&mut Turn),
    ) {
        if let Some(turn) = self.step(step).hosts.as_mut().and_then(|hosts| hosts.get_mut(host)) {
            change(turn);
        }
    }

    fn intended(&mut self, attempt: &AttemptId, begun: AttemptState) {
        if begun.effect == Effect::Read {
            self.reads += 1;
        } else {
            self.changed = true;
            if attempt.part == Part::Main {
                self.started(&attempt.step, &attempt.host);
            }
            self.changed_now = true;
        }
        for asked in self.requests.values_mut() {
            if asked.terms.orders().contains(&begun.digest) {
                asked.sent.insert(begun.digest);
            }
        }
        self.attempts.insert(attempt.clone(), begun);
        match attempt.part {
            Part::Main => self.change_turn(&attempt.step, &attempt.host, |turn| {
                turn.main = Main::Running(attempt.clone());
                turn.tries += 1;
            }),
            Part::Items => self.listing(attempt),
            Part::Undo => {
                if let Some(host) = self.undoing(&attempt.step).cloned() {
                    let attempt = attempt.clone();
                    self.change_turn(&attempt.step.clone(), &host, |turn| {
                        turn.undo_attempts.push(attempt);
                    });
                }
            }
            Part::Diagnose(_) => {}
            Part::Suggest(index) => {
                self.step(&attempt.step).suggestions.insert(index, attempt.clone());
            }
        }
    }

    /// An approval is for the turns of its card, until one of them begins anew.
    fn approved(&mut self, approval: &Approval) {
        self.approvals.push(approval.clone());
        let Some((request, terms)) = approval.request().zip(approval.terms()) else { return };
        if !self.is_approved(request) {
            return;
        }
        for bound in &terms.hosts {
            self.change_turn(&terms.step, &bound.host, |turn| turn.approved = Some(request));
        }
    }

    /// What was approved is asked for again.
    fn expired(&mut self, request: Digest) {
        let Some(asked) = self.requests.get_mut(&request) else { return };
        (asked.void, asked.expired) = (true, true);
        let (step, hosts) = (asked.terms.step.clone(), asked.terms.hosts.clone());
        for bound in hosts {
            self.change_turn(&step, &bound.host, |turn| {
                turn.approved.take_if(|approved| *approved == request);
            });
        }
    }

    /// A step is begun anew on a host: what was approved for it there counts no more.
    pub(super) fn begin_anew(&mut self, step: &StepId, host: &HostName) {
        self.void_requests(step, host);
        self.change_turn(step, host, |turn| {
            *turn = Turn { began: true, round: turn.round + 1, ..Turn::default() };
        });
    }

    /// A list that is read before the step's turn began is the preview's.
    fn listing(&mut self, attempt: &AttemptId) {
        if self.turn(&attempt.step, &attempt.host).is_some_and(|turn| turn.began) {
            let listing = Some(attempt.clone());
            self.change_turn(&attempt.step, &attempt.host, |turn| turn.listing = listing);
        } else {
            let step = self.step(&attempt.step);
            step.preview_listings.insert(attempt.host.clone(), attempt.clone());
        }
    }

    /// What a person attested of a list does not stand for the next one.
    fn forget_attested(&mut self, step: &StepId, host: &HostName, runbook: &Runbook) {
        let Some(step) = runbook.step(step) else { return };
        let places: BTreeSet<usize> = [Slot::Precondition, Slot::Proof, Slot::Verify]
            .into_iter()
            .flat_map(|slot| super::inquiry::step_checks(step, slot))
            .map(|check| check.span.start)
            .collect();
        self.attested.retain(|(place, of), _| of != host || !places.contains(place));
    }

    fn listed(
        &mut self,
        step: &StepId,
        host: &HostName,
        items: &[String],
        listing: Listing,
        runbook: &Runbook,
    ) {
        if listing == Listing::Preview {
            self.step(step).preview_items.insert(host.clone(), items.to_vec());
            return;
        }
        if listing == Listing::Turn {
            self.forget_attested(step, host, runbook);
        }
        self.change_turn(step, host, |turn| {
            turn.listing = None;
            match listing {
                Listing::Again => turn.items_again = Some(items.to_vec()),
                _ => turn.items = Some(items.to_vec()),
            }
        });
    }

    fn exited(&mut self, id: &AttemptId, outcome: &Outcome, runbook: &Runbook) {
        if let Some(attempt) = self.attempts.get_mut(id) {
            attempt.end = Some(AttemptEnd::Exited(Box::new(outcome.clone())));
        }
        if id.part != Part::Main {
            return;
        }
        let main = match &outcome.failure {
            None => Main::Done,
            Some(why) => Main::Failed { why: why.clone(), lost: false },
        };
        self.change_turn(&id.step, &id.host, |turn| turn.main = main);
        if outcome.failure.is_none() {
            let step = runbook.step(&id.step);
            for (name, value) in &outcome.captured {
                let per_host =
                    step.and_then(|step| step.capture.get(name)).is_some_and(|c| c.per_host);
                self.deliver(name, per_host.then_some(&id.host), value.clone());
            }
        }
    }

    pub(super) fn lost(&mut self, id: &AttemptId, loss: &Loss) {
        let Some(attempt) = self.attempts.get_mut(id) else { return };
        attempt.end = Some(AttemptEnd::Lost(loss.clone()));
        let main = match (loss, attempt.effect) {
            (Loss::Unknown(why), Effect::Change | Effect::Destroy) => Main::Unknown(why.clone()),
            (Loss::Unknown(why) | Loss::NotStarted(why), _) => {
                Main::Failed { why: why.clone(), lost: true }
            }
        };
        if id.part == Part::Main {
            self.change_turn(&id.step, &id.host, |turn| turn.main = main);
        }
    }

    fn deliver(&mut self, name: &ValueName, host: Option<&HostName>, value: Option<Value>) {
        match host {
            None => {
                self.values.insert(name.clone(), Delivered::One(value));
            }
            Some(host) => {
                let entry = self
                    .values
                    .entry(name.clone())
                    .or_insert_with(|| Delivered::PerHost(BTreeMap::new()));
                if let Delivered::PerHost(map) = entry {
                    map.insert(host.clone(), value);
                }
            }
        }
    }

    /// A host that failed a step gets no later one, unless the step says `continue`; one that could
    /// not be reached never does.
    pub(super) fn host_ended(
        &mut self,
        step: &StepId,
        host: &HostName,
        status: StepStatus,
        runbook: &Runbook,
    ) {
        let tolerated = runbook
            .step(step)
            .is_some_and(|step| step.on_failure == Some(crate::runbook::OnFailure::Continue));
        let unreachable = self
            .turn(step, host)
            .and_then(|turn| turn.failure.as_ref())
            .is_some_and(|failure| failure.unreachable);
        let failed = match status {
            StepStatus::Unknown => true,
            StepStatus::Failed => !tolerated || unreachable,
            _ => false,
        };
        if failed {
            self.hosts.entry(host.clone()).or_default().failed = true;
        }
    }

    fn answered(&mut self, id: QuestionId, answer: &Answer, by: &str, runbook: &Runbook) {
        let Some(question) = self.questions.get_mut(&id) else { return };
        question.answer = Some((answer.clone(), by.to_owned()));
        match question.about.clone() {
            Topic::Failure { step, host } if *answer == Answer::Retry => {
                self.forget_values(&step, &host, runbook);
                self.begin_anew(&step, &host);
            }
            Topic::Failure { step, host } => {
                self.change_turn(&step, &host, |turn| {
                    if let Some(failure) = &mut turn.failure {
                        failure.answer = Some(answer.clone());
                    }
                });
                if *answer == Answer::Undo {
                    self.undo_began(&step, &host);
                }
            }
            Topic::Obstacle { step, hosts } => self.past_obstacle(&step, &hosts, answer),
            Topic::Destroy { step, .. } => self.past_undo_card(&step, answer),
            Topic::Manual { step } => {
                let done = matches!(answer, Answer::Done(_));
                let by_hand = runbook.step(&step).is_some_and(|step| step.kind.changes());
                if done && by_hand {
                    self.started_by_hand(&step);
                }
                if let Answer::Done(values) = answer {
                    for (name, value) in values {
                        self.deliver(name, None, value.clone());
                    }
                }
                for turn in self.step(&step).hosts.iter_mut().flatten().map(|(_, turn)| turn) {
                    turn.attested |= done && turn.ended.is_none();
                }
            }
            Topic::Unknown { attempt } => self.decided_unknown(&attempt, answer, runbook),
            Topic::Interrupt => match (answer, &mut self.interrupt) {
                (Answer::GoOn, interrupt) => *interrupt = None,
                (_, Some(interrupt)) => interrupt.answer = Some(answer.clone()),
                _ => {}
            },
            Topic::Attest { probe } => {
                if let Some(place) = attested_place(&probe.about, probe.check, runbook) {
                    self.attested.insert((place, probe.host), *answer == Answer::Yes);
                }
            }
            _ => {}
        }
    }

    /// What a step delivered on a host is computed anew when it is tried again.
    pub(super) fn forget_values(&mut self, step: &StepId, host: &HostName, runbook: &Runbook) {
        let Some(step) = runbook.step(step) else { return };
        for name in step.capture.keys() {
            match self.values.get_mut(name) {
                Some(Delivered::PerHost(map)) => {
                    map.remove(host);
                }
                Some(Delivered::One(_)) => {
                    self.values.remove(name);
                }
                None => {}
            }
        }
    }

    fn apply_inquiry(&mut self, event: &Event, runbook: &Runbook) {
        if self.goal_at.is_none() && shows_goal(event, runbook) {
            self.goal_at = self.now;
        }
        match event {
            Event::InquiryBegan { about } => {
                self.inquiries.entry(about.clone()).or_default();
            }
            Event::ProbeSent { probe, .. } => {
                self.reads += 1;
                let check = self.check(&probe.about, probe.check);
                check.begin_sample();
                check.answers.insert((probe.part, probe.host.clone()), None);
            }
            Event::ProbeAnswered { probe, verdict } => {
                let check = self.check(&probe.about, probe.check);
                check.begin_sample();
                check.answers.insert((probe.part, probe.host.clone()), Some(verdict.clone()));
            }
            Event::Sampled { about, check, verdict, .. } => {
                self.check(about, *check).sampled(verdict, misses(about, *check, runbook));
            }
            Event::CheckSettled { about, check, verdict } => {
                self.check(about, *check).settled = Some(verdict.clone());
            }
            Event::InquiryEnded { about, verdict } => {
                self.inquiries.entry(about.clone()).or_default().verdict = Some(verdict.clone());
            }
            Event::TimerStarted { timer: Timer::Sample { about, check, tick }, .. } => {
                self.check(about, *check).waiting_for = Some(*tick);
            }
            Event::TimerFired { timer: Timer::Sample { about, check, tick } } => {
                let check = self.check(about, *check);
                check.tick = *tick;
                check.waiting_for = None;
            }
            Event::TimerStarted { timer: Timer::Retry { attempt }, .. } => {
                self.change_turn(&attempt.step, &attempt.host, |turn| {
                    turn.main = Main::Waiting(attempt.clone());
                });
            }
            Event::TimerFired { timer: Timer::Retry { attempt } } => {
                self.change_turn(&attempt.step, &attempt.host, |turn| turn.main = Main::Due);
            }
            _ => {}
        }
    }

    fn check(&mut self, about: &About, check: u32) -> &mut CheckState {
        self.inquiries.entry(about.clone()).or_default().checks.entry(check).or_default()
    }
}

/// Whether this fact says that the goal holds: asked as the goal itself, or by a step's
/// `goal = true`. A `stop_if` says it of some host only.
fn shows_goal(event: &Event, runbook: &Runbook) -> bool {
    match event {
        Event::InquiryEnded { about: About::GoalAtStart | About::GoalAtEnd, verdict } => {
            verdict.held() && !runbook.goal.is_empty()
        }
        Event::Sampled { about: About::Step { slot: Slot::StopIf, .. }, .. } => false,
        Event::Sampled { about, check, verdict, .. } => {
            let checks = super::inquiry::checks(runbook, about);
            let check = checks.get(*check as usize);
            verdict.held() && check.is_some_and(|check| check.probe == Probe::Goal)
        }
        _ => false,
    }
}

/// The place in the text of an `ask` check: its recorded answer stands for the whole run.
fn attested_place(about: &About, check: u32, runbook: &Runbook) -> Option<usize> {
    super::inquiry::checks(runbook, about).get(check as usize).map(|check| check.span.start)
}

fn misses(about: &About, check: u32, runbook: &Runbook) -> u32 {
    super::inquiry::checks(runbook, about).get(check as usize).map_or(0, |c| c.patience.misses)
}

impl CheckState {
    fn begin_sample(&mut self) {
        if self.answers.is_empty() {
            self.sample_tick = self.tick;
        }
    }

    /// A sample is complete: the hold window begins with one that held, and is broken by one miss
    /// more than it may have.
    fn sampled(&mut self, verdict: &Verdict, misses: u32) {
        self.answers.clear();
        self.samples += 1;
        self.complete_tick = self.tick;
        self.last = Some(verdict.clone());
        self.window = match (self.window, verdict.held()) {
            (None, true) => Some((self.sample_tick, 0)),
            (None, false) => None,
            (Some(window), true) => Some(window),
            (Some((began, missed)), false) if missed < misses => Some((began, missed + 1)),
            (Some(_), false) => None,
        };
    }
}
