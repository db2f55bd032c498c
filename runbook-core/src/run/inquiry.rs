//! Asking a list of checks: which, where, how often, and what it comes to.

use std::time::Duration;

use super::about::{About, ProbeId, Slot};
use super::action::{Action, ProbeOrder};
use super::event::{Event, Topic};
use super::link::Linked;
use super::machine::{Move, Run};
use super::pace::{Next, Pace, fits};
use super::question::Question;
use super::render::{self, Unrendered};
use super::scope::Scope;
use super::state::{CheckState, Phase};
use super::status::Ending;
use super::target::Target;
use crate::base::{Digest, HostName, StepId, units};
use crate::plan::Verdict;
use crate::plan::expectation::Expectation;
use crate::runbook::{Check, Probe, Proof, Runbook, Step, Undo};

/// Where a list of checks stands.
pub(super) enum Inquired {
    /// This comes next.
    Next(Box<Move>),
    /// Answers are waited for.
    Waiting,
    /// It uses a name that is not known yet.
    NotYet,
    /// It came to this.
    Ended(Verdict),
}

impl Inquired {
    fn next(next: Move) -> Self {
        Self::Next(Box::new(next))
    }
}

/// The checks of a list, in order.
pub(super) fn checks<'a>(runbook: &'a Runbook, about: &About) -> Vec<&'a Check> {
    match about {
        About::GoalAtStart | About::GoalAtEnd => runbook.goal.iter().collect(),
        About::Preconditions { .. } => runbook.preconditions.iter().collect(),
        About::Step { step, slot, .. } => {
            runbook.step(step).map_or_else(Vec::new, |step| step_checks(step, *slot))
        }
    }
}

pub(super) fn step_checks(step: &Step, slot: Slot) -> Vec<&Check> {
    let proof = || {
        step.card.proof.iter().filter_map(|proof| match proof {
            Proof::Check(check) => Some(&**check),
            Proof::Step(_) => None,
        })
    };
    let undo = match &step.undo {
        Undo::Step(undo) => Some(&**undo),
        _ => None,
    };
    match slot {
        Slot::SkipIf => step.skip_if.iter().collect(),
        Slot::Precondition => step.precondition.iter().collect(),
        Slot::Proof => proof().collect(),
        Slot::Again => step.precondition.iter().chain(proof()).collect(),
        Slot::Checks => match &step.kind {
            crate::runbook::Kind::Check(checks) => checks.iter().collect(),
            _ => Vec::new(),
        },
        Slot::Verify | Slot::Evidence => step.verify.iter().collect(),
        Slot::StopIf => step.stop_if.iter().collect(),
        Slot::FinishIf => step.finish_if.iter().collect(),
        Slot::UndoPrecondition => undo.map_or_else(Vec::new, |u| u.precondition.iter().collect()),
        Slot::UndoVerify => undo.map_or_else(Vec::new, |u| u.verify.iter().collect()),
    }
}

/// The sentence of a check, for a person.
pub(super) fn title(check: &Check, scope: &Scope<'_>) -> String {
    if let Some(title) = &check.title {
        return title.for_person(scope);
    }
    match &check.probe {
        Probe::Read(_) => "the check".to_owned(),
        Probe::Http(request) => format!("GET {}", request.url.for_person(scope)),
        Probe::Tcp(address) => format!("connect to {}", address.for_person(scope)),
        Probe::That(expression) => expression.source().to_owned(),
        Probe::Ask(text) => text.for_person(scope),
        Probe::Goal => "the goal".to_owned(),
    }
}

impl Run {
    /// What comes next for a list of checks.
    pub(super) fn inquire(&self, about: &About) -> Inquired {
        let checks = checks(&self.plan().runbook, about);
        let Some(inquiry) = self.state().inquiries.get(about) else {
            if checks.iter().any(|check| self.is_not_yet(about, check))
                || self.asks_later(about, &checks)
            {
                return Inquired::NotYet;
            }
            return Inquired::next(Move::fact(Event::InquiryBegan { about: about.clone() }));
        };
        if let Some(verdict) = &inquiry.verdict {
            return Inquired::Ended(verdict.clone());
        }
        let mut settled = true;
        for (index, check) in (0..).zip(&checks) {
            let state = inquiry.checks.get(&index).cloned().unwrap_or_default();
            if state.settled.is_none() {
                settled = false;
                if let Some(next) = self.check_move(about, index, check, &state) {
                    return Inquired::next(next);
                }
            }
        }
        if settled {
            let verdict = self.combined(about, &checks);
            return Inquired::next(Move::fact(Event::InquiryEnded {
                about: about.clone(),
                verdict,
            }));
        }
        Inquired::Waiting
    }

    fn about_step(&self, about: &About) -> (Option<&Step>, Option<HostName>) {
        match about {
            About::Step { step, host, .. } => (self.plan().runbook.step(step), host.clone()),
            _ => (None, None),
        }
    }

    /// Whether a person attests one of these and is not asked now: a preview only shows it, and
    /// where nobody is there the reads may still end the run.
    fn asks_later(&self, about: &About, checks: &[&Check]) -> bool {
        let nobody = self.options().preview_only || !self.options().person;
        let of_step = matches!(about, About::Step { .. });
        of_step
            && nobody
            && self.state().phase == Phase::Preview
            && checks.iter().any(|check| matches!(check.probe, Probe::Ask(_)))
    }

    /// The names as a check sees them: those of its step's host; a check of the goal is asked as
    /// `[goal]` says, so that its names are those of the host it is asked on.
    fn probe_scope<'a>(
        &'a self,
        about: &'a About,
        part: Option<u32>,
        target: &'a HostName,
    ) -> Scope<'a> {
        match about {
            About::Step { step, host, .. } if part.is_none() => {
                let step = self.plan().runbook.step(step);
                self.scope(step, host.as_ref().or(Some(target)))
            }
            _ => self.scope(None, Some(target)),
        }
    }

    fn is_not_yet(&self, about: &About, check: &Check) -> bool {
        let (step, host) = self.about_step(about);
        let scope = self.scope(step, host.as_ref());
        let when = check.when.as_ref().map(|when| when.holds(&scope));
        match when {
            Some(Err(error)) => return matches!(Unrendered::from(error), Unrendered::NotYet(_)),
            Some(Ok(false)) => return false,
            _ => {}
        }
        self.targets(about, check).iter().any(|target| {
            let scope = self.probe_scope(about, target.part, &target.host);
            let unknown = match &target.check.probe {
                Probe::That(that) => that.holds(&scope).err().map(Unrendered::from),
                _ => render::probe(target.check, &[], &scope).err(),
            };
            let expected = Expectation::render(&target.check.expect, &scope).err();
            [unknown, expected.map(Unrendered::from)]
                .iter()
                .any(|error| matches!(error, Some(Unrendered::NotYet(_))))
        })
    }

    /// The next thing for one check of a list.
    fn check_move(
        &self,
        about: &About,
        index: u32,
        check: &Check,
        state: &CheckState,
    ) -> Option<Move> {
        let settle = |verdict| {
            let about = about.clone();
            Some(Move::fact(Event::CheckSettled { about, check: index, verdict }))
        };
        let fresh = state.samples == 0 && state.answers.is_empty();
        if fresh && let Some(when) = &check.when {
            let (step, host) = self.about_step(about);
            match when.holds(&self.scope(step, host.as_ref())) {
                Ok(true) => {}
                Ok(false) => return settle(None),
                Err(error) => return settle(Some(Verdict::Error { why: error.to_string() })),
            }
        }
        if fresh && self.options().preview_only && matches!(check.probe, Probe::Ask(_)) {
            return settle(None);
        }
        let pace = match self.pace(about, check) {
            Ok(pace) => pace,
            Err(why) => return settle(Some(Verdict::Error { why })),
        };
        if state.answers.is_empty() {
            match pace.next(state) {
                Next::Settle(verdict) => return settle(Some(verdict)),
                Next::Wait => return pace.timer(about, index, state),
                Next::Sample => {}
            }
        }
        self.sample_move(about, index, check, state)
            .or_else(|| pace.timer(about, index, state).filter(|_| !state.answers.is_empty()))
    }

    /// The next probe of the sample under way, or what the sample comes to.
    fn sample_move(
        &self,
        about: &About,
        index: u32,
        check: &Check,
        state: &CheckState,
    ) -> Option<Move> {
        if self.waits_for_pick(about, check) {
            return None;
        }
        let targets = self.targets(about, check);
        if targets.is_empty() {
            let left_out = check.probe == Probe::Goal
                && self.plan().runbook.goal.iter().all(|check| self.is_left_out(check));
            let verdict = if left_out {
                Verdict::NotMet { saw: "every check of the goal was left out".to_owned() }
            } else {
                Verdict::Error { why: "there is no host to ask".to_owned() }
            };
            return Some(sampled(about, index, state, verdict));
        }
        let mut waits = false;
        for target in &targets {
            match state.answers.get(&(target.part, target.host.clone())) {
                Some(Some(_)) => {}
                Some(None) => waits = true,
                None => match self.probe_move(about, index, state, target) {
                    Some(next) => return Some(next),
                    None => waits = true,
                },
            }
        }
        let any = matches!(about, About::Step { slot: Slot::StopIf, .. });
        let verdict = (!waits).then(|| sample_verdict(state, any))?;
        Some(sampled(about, index, state, verdict))
    }

    /// Sends one probe, or answers it where nothing has to be sent; none waits.
    fn probe_move(
        &self,
        about: &About,
        index: u32,
        state: &CheckState,
        target: &Target<'_>,
    ) -> Option<Move> {
        let scope = self.probe_scope(about, target.part, &target.host);
        let id = ProbeId {
            about: about.clone(),
            check: index,
            part: target.part,
            sample: state.samples + 1,
            host: target.host.clone(),
        };
        let answer =
            |verdict| Some(Move::fact(Event::ProbeAnswered { probe: id.clone(), verdict }));
        let error = |why: String| answer(Verdict::Error { why });
        match &target.check.probe {
            Probe::That(that) => {
                return answer(match that.holds(&scope) {
                    Ok(true) => Verdict::Held { saw: "holds".to_owned() },
                    Ok(false) => Verdict::NotMet { saw: "does not hold".to_owned() },
                    Err(failed) => Verdict::Error { why: failed.to_string() },
                });
            }
            Probe::Ask(text) => return self.attest_move(&id, target, text.for_person(&scope)),
            Probe::Goal => return error("the goal cannot ask for itself".to_owned()),
            Probe::Read(_) | Probe::Http(_) | Probe::Tcp(_) => {}
        }
        let needs_link =
            matches!(target.check.probe, Probe::Read(_)) || target.host != HostName::local();
        if needs_link {
            match self.link_move(&target.host) {
                Ok(()) => {}
                Err(Some(Linked::Move(connect))) => return Some(connect),
                Err(Some(Linked::Down(why))) => {
                    return error(format!("{} cannot be reached: {why}", target.host));
                }
                Err(None) => return None,
            }
        }
        match self.probe_order(&id, target, &scope) {
            Ok((digest, order)) => {
                Some(Move::order(Event::ProbeSent { probe: id, digest }, Action::Probe(order)))
            }
            Err(Unrendered::Failed(why)) => error(why),
            Err(Unrendered::NotYet(after)) => error(not_known(after.as_ref())),
        }
    }

    fn probe_order(
        &self,
        id: &ProbeId,
        target: &Target<'_>,
        scope: &Scope<'_>,
    ) -> Result<(Digest, ProbeOrder), Unrendered> {
        let items = if id.part.is_none() { self.items_for(&id.about) } else { Vec::new() };
        let probe = render::probe(target.check, &items, scope)?
            .ok_or_else(|| Unrendered::Failed("nothing to send".to_owned()))?;
        let expect = Expectation::render(&target.check.expect, scope)?;
        let timeout = render::duration(&target.check.timeout, scope)?;
        let bytes = serde_json::to_vec(&probe).map_err(|e| Unrendered::Failed(e.to_string()))?;
        Ok((Digest::of(bytes), ProbeOrder { id: id.clone(), probe, expect, timeout }))
    }

    /// The list is passed to the checks of its step.
    fn items_for(&self, about: &About) -> Vec<String> {
        match about {
            About::Step {
                step,
                host: Some(host),
                slot: Slot::UndoPrecondition | Slot::UndoVerify,
                ..
            } => self.acted_on(step, host),
            About::Step { step, host: Some(host), .. } => {
                self.state().turn(step, host).and_then(|t| t.items.clone()).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// A person attests: once a run, and the recorded answer stands.
    fn attest_move(&self, id: &ProbeId, target: &Target<'_>, text: String) -> Option<Move> {
        let state = self.state();
        if let Some(yes) = state.attested.get(&(target.check.span.start, target.host.clone())) {
            let verdict = if *yes {
                Verdict::Held { saw: "a person says so".to_owned() }
            } else {
                Verdict::NotMet { saw: "a person says no".to_owned() }
            };
            return Some(Move::fact(Event::ProbeAnswered { probe: id.clone(), verdict }));
        }
        if !self.options().person && state.ending.is_none() {
            let sentence = format!("a person must say: {text}");
            return Some(Move::fact(Event::Ending { ending: Ending::PersonNeeded { sentence } }));
        }
        let about = Topic::Attest { probe: id.clone() };
        let step = self.about_step(&id.about).0.map(|step| step.id.clone());
        self.ask_once(about, || Question::Attest { step, host: id.host.clone(), text })
    }

    fn combined(&self, about: &About, checks: &[&Check]) -> Verdict {
        let inquiry = &self.state().inquiries[about];
        let (step, host) = self.about_step(about);
        let scope = self.scope(step, host.as_ref());
        let settled = |index: u32| inquiry.checks.get(&index)?.settled.clone().flatten();
        let asked: Vec<(String, Verdict)> = (0..)
            .zip(checks)
            .filter_map(|(index, check)| Some((title(check, &scope), settled(index)?)))
            .collect();
        let slot = match about {
            About::Step { slot, .. } => Some(*slot),
            _ => None,
        };
        let lines = |wanted: &dyn Fn(&Verdict) -> bool| {
            let lines = asked.iter().filter(|(_, verdict)| wanted(verdict));
            lines.map(|(title, v)| format!("{title}: {}", v.line())).collect::<Vec<_>>().join("; ")
        };
        if asked.iter().any(|(_, verdict)| verdict.is_error()) {
            return Verdict::Error { why: lines(&Verdict::is_error) };
        }
        if slot == Some(Slot::StopIf) {
            return match asked.iter().find(|(_, verdict)| verdict.held()) {
                Some((title, _)) => Verdict::Held { saw: title.clone() },
                None => Verdict::NotMet { saw: lines(&|_| true) },
            };
        }
        let must_be_asked = matches!(about, About::GoalAtStart | About::GoalAtEnd)
            || matches!(slot, Some(Slot::SkipIf | Slot::FinishIf | Slot::Checks));
        if asked.is_empty() && must_be_asked {
            return Verdict::NotMet { saw: "every check of it was left out".to_owned() };
        }
        if asked.iter().any(|(_, verdict)| !verdict.held()) {
            return Verdict::NotMet { saw: lines(&|verdict| !verdict.held()) };
        }
        match slot {
            Some(Slot::FinishIf | Slot::SkipIf) => {
                Verdict::Held { saw: asked.first().map_or_else(String::new, |(t, _)| t.clone()) }
            }
            _ => Verdict::Held { saw: lines(&|_| true) },
        }
    }

    /// Of a list that a preview asked once: the sentence that a run would keep asking, where one of
    /// its checks has the patience for that and does not hold now.
    pub(super) fn would_keep_asking(&self, about: &About) -> Option<String> {
        if !self.options().preview_only {
            return None;
        }
        let inquiry = self.state().inquiries.get(about)?;
        (0..).zip(checks(&self.plan().runbook, about)).find_map(|(index, check)| {
            let verdict = inquiry.checks.get(&index)?.settled.as_ref()?.as_ref()?;
            let within = check.patience.within.as_ref().filter(|_| !verdict.held())?;
            let (step, host) = self.about_step(about);
            let scope = self.scope(step, host.as_ref());
            let patience = render::duration(within, &scope).ok()?;
            let now = if verdict.is_error() { "no answer now" } else { "not met now" };
            let (line, patience) = (verdict.line(), units::show_duration(patience));
            Some(format!("{now} ({line}); a run keeps asking for {patience}"))
        })
    }

    fn pace(&self, about: &About, check: &Check) -> Result<Pace, String> {
        let patience = &check.patience;
        let once = self.options().preview_only
            || matches!(
                about,
                About::GoalAtStart | About::GoalAtEnd | About::Step { slot: Slot::Evidence, .. }
            )
            || (patience.within.is_none() && patience.hold.is_none());
        if once {
            return Ok(Pace { every: Duration::ZERO, tries: 1, hold: None });
        }
        let (step, host) = self.about_step(about);
        let scope = self.scope(step, host.as_ref());
        let read = |amount| match render::duration(amount, &scope) {
            Ok(duration) => Ok(duration),
            Err(Unrendered::Failed(why)) => Err(why),
            Err(Unrendered::NotYet(after)) => Err(not_known(after.as_ref())),
        };
        let every = read(&patience.every)?.max(Duration::from_millis(1));
        let within = patience.within.as_ref().map(read).transpose()?;
        let hold = patience.hold.as_ref().map(read).transpose()?;
        Ok(Pace {
            every,
            tries: within.map_or(1, |within| fits(within, every)),
            hold: hold.map(|hold| (fits(hold, every), hold)),
        })
    }
}

pub(super) fn not_known(after: Option<&StepId>) -> String {
    after.map_or_else(|| "not known yet".to_owned(), |step| format!("not known yet: after {step}"))
}

fn sampled(about: &About, check: u32, state: &CheckState, verdict: Verdict) -> Move {
    let sample = state.samples + 1;
    Move::fact(Event::Sampled { about: about.clone(), check, sample, verdict })
}

/// All of a sample's answers as one: an error outweighs a no, and a no a yes; with `any`, a yes
/// outweighs a no.
fn sample_verdict(state: &CheckState, any: bool) -> Verdict {
    let answers: Vec<_> =
        state.answers.iter().filter_map(|(id, verdict)| Some((id, verdict.as_ref()?))).collect();
    let first = |wanted: &dyn Fn(&Verdict) -> bool| {
        answers.iter().find(|(_, verdict)| wanted(verdict)).map(|((_, host), verdict)| {
            if answers.len() == 1 { (*verdict).clone() } else { on(host, verdict) }
        })
    };
    let preferred: [&dyn Fn(&Verdict) -> bool; 3] = if any {
        [&Verdict::is_error, &Verdict::held, &|_| true]
    } else {
        [&Verdict::is_error, &|verdict| !verdict.held(), &|_| true]
    };
    preferred
        .iter()
        .find_map(|wanted| first(wanted))
        .unwrap_or_else(|| Verdict::Error { why: "nothing was asked".to_owned() })
}

fn on(host: &HostName, verdict: &Verdict) -> Verdict {
    let line = format!("{host}: {}", verdict.line());
    match verdict {
        Verdict::Held { .. } => Verdict::Held { saw: line },
        Verdict::NotMet { .. } => Verdict::NotMet { saw: line },
        Verdict::Error { .. } => Verdict::Error { why: line },
    }
}
