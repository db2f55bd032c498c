//! What a run that goes back undoes, and in which order: the step that started last first, in it the
//! last host first. Only reads.

use super::super::attempt::{AttemptId, Effect, Loss, Part, Payload};
use super::super::back::{Back, BackCard, BackStep, Left, Way};
use super::super::machine::Run;
use super::super::state::{AttemptEnd, Turn};
use crate::base::{Digest, HostName, StepId};
use crate::runbook::{Step, Undo, UndoAction, UndoStep};

/// A step that started, and where: the host that started last first.
#[derive(Clone, Debug)]
pub(super) struct Link<'a> {
    pub(super) step: &'a Step,
    pub(super) hosts: Vec<&'a HostName>,
}

impl Run {
    /// The steps that are undone, in that order, with those that were before.
    pub(super) fn chain(&self, back: &Back) -> Vec<Link<'_>> {
        let started = self.started();
        let from = |to: &StepId| started.iter().position(|link| link.step.id == *to);
        let place = |id: &StepId| self.plan().runbook.steps.iter().position(|s| s.id == *id);
        let kept = started.iter().enumerate().filter(|(at, link)| match back {
            Back::Everything => true,
            Back::Only(only) => link.step.id == *only,
            Back::To(to) => match from(to) {
                Some(first) => *at >= first,
                // It did not start: what stands behind it did after it would have.
                None => place(&link.step.id) >= place(to),
            },
        });
        let mut links: Vec<Link<'_>> = kept.map(|(_, link)| link.clone()).collect();
        links.reverse();
        links.iter_mut().for_each(|link| link.hosts.reverse());
        behind(&links)
    }

    /// Whether nothing started that could be undone.
    pub(in super::super) fn chain_is_empty(&self, back: &Back) -> bool {
        self.chain(back).is_empty()
    }

    /// The steps that started somewhere, in the order in which they first did.
    fn started(&self) -> Vec<Link<'_>> {
        let mut links: Vec<Link<'_>> = Vec::new();
        for one in &self.state().started {
            if self.never_ran(&one.step, &one.host) {
                continue;
            }
            match links.iter_mut().find(|link| link.step.id == one.step) {
                Some(link) => link.hosts.push(&one.host),
                None => links.extend(
                    self.plan()
                        .runbook
                        .step(&one.step)
                        .map(|step| Link { step, hosts: vec![&one.host] }),
                ),
            }
        }
        links
    }

    /// Whether every attempt at a step provably did not start; one that a person did has none.
    fn never_ran(&self, step: &StepId, host: &HostName) -> bool {
        let mut ends = self.main_ends(step, host).peekable();
        ends.peek().is_some()
            && ends.all(|end| matches!(end, Some(AttemptEnd::Lost(Loss::NotStarted(_)))))
    }

    /// Why nobody knows whether a step ran on a host; none where that is known.
    pub(super) fn is_unknown(&self, step: &StepId, host: &HostName) -> Option<String> {
        self.main_ends(step, host).find_map(|end| match end {
            Some(AttemptEnd::Lost(Loss::Unknown(why))) => Some(why.clone()),
            _ => None,
        })
    }

    fn main_ends<'a>(
        &'a self,
        step: &'a StepId,
        host: &'a HostName,
    ) -> impl Iterator<Item = Option<&'a AttemptEnd>> {
        let is_it =
            move |id: &AttemptId| id.step == *step && id.host == *host && id.part == Part::Main;
        let attempts = self.state().attempts.iter();
        attempts
            .filter(move |(id, attempt)| {
                is_it(id) && attempt.effect > Effect::Read && !attempt.settled
            })
            .map(|(_, attempt)| attempt.end.as_ref())
    }

    /// What the step acted on there, in all its rounds.
    pub(in super::super) fn acted_on(&self, step: &StepId, host: &HostName) -> Vec<String> {
        let mut started = self.state().started.iter();
        let one = started.find(|one| one.step == *step && one.host == *host);
        one.map(|one| one.items.clone()).unwrap_or_default()
    }

    /// What a person is shown before a run goes back.
    pub(super) fn back_card(&self, back: &Back, why: &str) -> BackCard {
        let chain = self.chain(back);
        let steps: Vec<BackStep> =
            chain.iter().filter_map(|link| self.back_step(link, &chain)).collect();
        let mut card = BackCard {
            back: back.clone(),
            why: why.to_owned(),
            steps,
            type_instead: self.word(),
            digest: Digest::of(""),
        };
        // Why it goes back is no part of what is agreed to.
        let shown =
            serde_json::to_vec(&(&card.back, &card.steps)).expect("a card is text in lists");
        card.digest = Digest::of(shown);
        card
    }

    /// What going back would undo when `step` failed, where anything before it can be.
    pub(super) fn back_before(&self, step: &Step, why: &str) -> Option<BackCard> {
        let card = self.back_card(&Back::Everything, why);
        let can = |one: &BackStep| one.step != step.id && !matches!(one.way, Way::None(_));
        card.steps.iter().any(can).then_some(card)
    }

    fn back_step(&self, link: &Link<'_>, chain: &[Link<'_>]) -> Option<BackStep> {
        let id = &link.step.id;
        let open = |host: &&HostName| {
            self.state().turn(id, host).is_some_and(|turn| turn.undone != Some(Ok(())))
        };
        let hosts: Vec<HostName> = link.hosts.iter().copied().filter(open).cloned().collect();
        let unknown = hosts.iter().filter(|host| self.is_unknown(id, host).is_some());
        let unknown: Vec<HostName> = unknown.cloned().collect();
        (!hosts.is_empty()).then(|| BackStep {
            step: id.clone(),
            unknown,
            way: self.way(link.step, chain),
            payloads: self.undo_payloads(link.step, &hosts),
            hosts,
        })
    }

    fn undo_payloads(&self, step: &Step, hosts: &[HostName]) -> Vec<(HostName, Payload)> {
        let Undo::Step(undo) = &step.undo else { return Vec::new() };
        let order = |host, target: HostName| {
            let order = self.undo_order(step, undo, host, &target).ok().flatten()?;
            Some((target, order.payload))
        };
        let of = |host| {
            let targets = self.undo_hosts(step, undo, host).into_iter();
            targets.filter_map(move |target| order(host, target))
        };
        hosts.iter().flat_map(of).collect()
    }

    /// How a step is undone when these are.
    pub(super) fn way(&self, step: &Step, chain: &[Link<'_>]) -> Way {
        match &step.undo {
            Undo::Step(undo) => way_of(undo),
            Undo::Never(why) => Way::None(Some(why.clone())),
            Undo::Unsaid => Way::None(None),
            Undo::By(other) if chain.iter().any(|link| link.step.id == *other) => {
                Way::By(other.clone())
            }
            Undo::By(other) => {
                Way::None(Some(format!("the undo of `{other}` covers it, and is no part of this")))
            }
        }
    }

    /// Whether a step was undone wherever it had started.
    pub(super) fn is_undone(&self, link: &Link<'_>) -> bool {
        link.hosts.iter().all(|host| {
            let turn = self.state().turn(&link.step.id, host);
            turn.is_some_and(|turn| turn.undone == Some(Ok(())))
        })
    }

    /// What is left as it was when going back ends now.
    pub(in super::super) fn left(&self, back: &Back) -> Vec<Left> {
        let chain = self.chain(back);
        let hosts = chain.iter().flat_map(|link| link.hosts.iter().map(move |host| (link, *host)));
        hosts
            .filter_map(|(link, host)| {
                let turn = self.state().turn(&link.step.id, host)?;
                let why = self.why_left(turn, &self.way(link.step, &chain))?;
                Some(Left { step: link.step.id.clone(), host: host.clone(), why })
            })
            .collect()
    }

    fn why_left(&self, turn: &Turn, way: &Way) -> Option<String> {
        match (&turn.undone, way) {
            (Some(Ok(())), _) => None,
            (Some(Err(why)), _) => Some(why.clone()),
            (None, Way::None(Some(why))) => Some(why.clone()),
            (None, Way::None(None)) => Some("it has no undo".to_owned()),
            (None, _) if turn.undo_passed => Some("a person chose to go past it".to_owned()),
            (None, _) => Some("its turn did not come".to_owned()),
        }
    }
}

fn way_of(undo: &UndoStep) -> Way {
    match undo.action {
        UndoAction::Change(_) => Way::Change,
        UndoAction::Destroy(_) => Way::Destroy,
        UndoAction::Manual(_) => Way::Manual,
    }
}

/// Puts what goes behind another step's undo right behind it, where that is undone at all.
fn behind<'a>(links: &[Link<'a>]) -> Vec<Link<'a>> {
    let mut ordered = Vec::with_capacity(links.len());
    for link in links.iter().filter(|link| leader(link, links).is_none()) {
        put(link, links, &mut ordered);
    }
    for link in links {
        // Two that wait for each other stay where they are.
        put(link, links, &mut ordered);
    }
    ordered
}

fn put<'a>(link: &Link<'a>, links: &[Link<'a>], ordered: &mut Vec<Link<'a>>) {
    if ordered.iter().any(|done| done.step.id == link.step.id) {
        return;
    }
    ordered.push(link.clone());
    for next in links.iter().filter(|next| leader(next, links) == Some(&link.step.id)) {
        put(next, links, ordered);
    }
}

/// The step behind whose undo another one goes.
fn leader<'a>(link: &Link<'a>, links: &[Link<'_>]) -> Option<&'a StepId> {
    let leader = match &link.step.undo {
        Undo::Step(undo) => undo.after.as_ref(),
        Undo::By(other) => Some(other),
        _ => None,
    }?;
    links.iter().any(|other| other.step.id == *leader).then_some(leader)
}
