//! The gate before a destroy: the card, the typed words, everything asked again, and only then the
//! one order that the approval admits.

use super::super::about::Slot;
use super::super::attempt::{Effect, Order};
use super::super::event::{Event, Listing, Topic};
use super::super::machine::{Move, Run};
use super::super::question::{Answer, Card, CardHost};
use super::super::render::Unrendered;
use super::super::state::{Main, Phase, Turn};
use super::super::status::StepStatus;
use super::choose::faltered;
use super::order::send;
use super::turn::{Before, host_ended};
use crate::base::{Digest, HostName};
use crate::runbook::{Items, Kind, Proof, Step, Undo, UndoStep};

impl Run {
    /// Everything before the card is settled: show it, or act on what was typed.
    pub(super) fn destroy_move(&self, step: &Step, host: &HostName, turn: &Turn) -> Option<Move> {
        let order = match self.main_order(step, host, turn) {
            Ok(Some(order)) => order,
            Ok(None) => return Some(faltered(step, host, "there is nothing to send")),
            Err(error) => return Some(self.unrendered(step, host, &error)),
        };
        if let Some(request) = turn.approved {
            let answered = |turn: &Turn| turn.approved.is_some();
            let hosts = self.state().steps.get(&step.id)?.hosts.as_ref()?;
            if hosts.values().any(|turn| is_before_card(turn) && !answered(turn)) {
                return None;
            }
            return self.approved_move(step, host, turn, order, request);
        }
        if let Some(error) = self.confirm_error(step, host) {
            return Some(self.unrendered(step, host, &error));
        }
        if self.is_passed_over(step, host) {
            let why = Some("a person chose to go on without it".to_owned());
            return Some(host_ended(step, host, StepStatus::PassedOver, why));
        }
        let group = self.card_group(step, host)?;
        let orders: Vec<Order> = group
            .iter()
            .filter_map(|(host, turn)| self.main_order(step, host, turn).ok().flatten())
            .collect();
        let card = self.card(step, &group, &orders, false);
        if let Some(next) = self.advance_move(step, host, turn, &card) {
            return Some(next);
        }
        self.card_move(step, host, card)
    }

    /// What must be typed is never a text with a hole in it.
    fn confirm_error(&self, step: &Step, host: &HostName) -> Option<Unrendered> {
        let confirm = step.card.confirm.as_ref()?;
        match confirm.value(&self.scope(Some(step), Some(host))) {
            Ok(Some(value)) if !value.text().trim().is_empty() => None,
            Ok(_) => Some(Unrendered::Failed("`confirm` has no value".to_owned())),
            Err(error) => Some(error.into()),
        }
    }

    /// Whether a card that covers this host was passed over: it stands for all of its hosts.
    fn is_passed_over(&self, step: &Step, host: &HostName) -> bool {
        self.state().questions.values().any(|asked| {
            let covers = match &asked.about {
                Topic::Destroy { step: id, hosts, .. } => *id == step.id && hosts.contains(host),
                Topic::Signatures { step: id, request } => {
                    let asked = self.state().requests.get(request);
                    let hosts = asked.into_iter().flat_map(|asked| &asked.terms.hosts);
                    *id == step.id && hosts.into_iter().any(|bound| bound.host == *host)
                }
                _ => false,
            };
            covers && matches!(asked.answer, Some((Answer::PassOver, _)))
        })
    }

    /// Approved: what was shown is asked again, then it is sent.
    fn approved_move(
        &self,
        step: &Step,
        host: &HostName,
        turn: &Turn,
        order: Order,
        request: Digest,
    ) -> Option<Move> {
        match self.asked(step, host, Slot::Again, turn.round, "what was shown") {
            Before::Ready => {}
            Before::Move(next) => return Some(*next),
            Before::Wait => return None,
        }
        if let Some(items @ Items::Read(_)) = &step.items {
            match &turn.items_again {
                None => match self.list(step, host, turn, items, Listing::Again) {
                    Before::Move(next) => return Some(*next),
                    _ => return None,
                },
                Some(again) if Some(again) != turn.items.as_ref() => {
                    let shown = turn.items.as_ref().map_or(0, Vec::len);
                    let why = format!(
                        "the list changed after it was approved: {shown} were shown, {} are there now",
                        again.len()
                    );
                    return Some(faltered(step, host, why));
                }
                Some(_) => {}
            }
        }
        if let Some(why) = self.is_another(host, request) {
            return Some(faltered(step, host, why));
        }
        match self.admitted(order, request) {
            Ok(next) => Some(next),
            Err(refusal) => Some(faltered(step, host, refusal.to_string())),
        }
    }

    /// The hosts of one card: those whose turn it is, up to the environment's limit, when every one
    /// of them is ready for it. The host that asks leads it.
    fn card_group<'a>(
        &'a self,
        step: &Step,
        leader: &HostName,
    ) -> Option<Vec<(&'a HostName, &'a Turn)>> {
        let limit = self.plan().environment.max_hosts_per_destroy.max(1) as usize;
        let hosts = self.state().steps.get(&step.id)?.hosts.as_ref()?;
        let open = hosts.iter().filter(|(_, turn)| is_before_card(turn) && turn.approved.is_none());
        let group: Vec<_> = open.take(limit).collect();
        if !group.iter().any(|(host, _)| *host == leader) {
            return None;
        }
        let ready = |(host, turn): &(&HostName, &Turn)| {
            matches!(self.before(step, host, turn), Before::Ready)
                && self.main_order(step, host, turn).is_ok()
        };
        group.iter().all(ready).then_some(group)
    }

    /// The card of a destroy, of its undo, or of what a person does.
    pub(super) fn card(
        &self,
        step: &Step,
        group: &[(&HostName, &Turn)],
        orders: &[Order],
        undo: bool,
    ) -> Card {
        let hosts: Vec<CardHost> = group
            .iter()
            .map(|(host, turn)| {
                let order = orders.iter().find(|order| order.id.host == **host);
                self.card_host(step, host, turn, order, undo)
            })
            .collect();
        let all = self.state().steps.get(&step.id).and_then(|s| s.hosts.as_ref());
        let scope = self.scope(Some(step), group.first().map(|(host, _)| *host));
        let title =
            step.title.as_ref().map_or_else(|| step.id.to_string(), |t| t.for_person(&scope));
        let plan = self.plan();
        let mut card = Card {
            run: plan.run.id.clone(),
            runbook: plan.runbook.name.clone(),
            text: plan.runbook.digest,
            environment: plan.environment.name.clone(),
            step: step.id.clone(),
            title,
            undo,
            of_hosts: all.map_or(hosts.len(), indexmap::IndexMap::len),
            hosts,
            proof: self.proof_lines(step),
            undo_line: undo_line(step, undo),
            note: None,
            digest: Digest::of(""),
        };
        card.digest = card.bound();
        card.note = self.note(&card);
        card
    }

    fn card_host(
        &self,
        step: &Step,
        host: &HostName,
        turn: &Turn,
        order: Option<&Order>,
        undo: bool,
    ) -> CardHost {
        let scope = self.scope(Some(step), Some(host));
        let of_undo = match (&step.undo, undo) {
            (Undo::Step(undo), true) => Some(&**undo),
            _ => None,
        };
        let affects = of_undo.map_or(step.card.affects.as_ref(), |undo| undo.affects.as_ref());
        let confirm = of_undo.map_or(step.card.confirm.as_ref(), |undo| undo.confirm.as_ref());
        CardHost {
            host: host.clone(),
            identity: self.identity(host),
            attempt: order.map(|order| order.id.clone()),
            affects: affects.map(|text| text.for_person(&scope)),
            loses: step.card.loses.as_ref().filter(|_| !undo).map(|text| text.for_person(&scope)),
            items: if undo { self.undone_items(step) } else { turn.items.clone() },
            confirm: confirm.map_or_else(|| host.to_string(), |text| text.for_person(&scope)),
            payload: order.map(|order| order.payload.clone()),
        }
    }

    /// What an undo acts on: what the step did, on the host whose undo it is.
    fn undone_items(&self, step: &Step) -> Option<Vec<String>> {
        let items = self.acted_on(&step.id, self.state().undoing(&step.id)?);
        (!items.is_empty()).then_some(items)
    }

    fn proof_lines(&self, step: &Step) -> Vec<String> {
        let scope = self.scope(Some(step), None);
        step.card
            .proof
            .iter()
            .map(|proof| match proof {
                Proof::Step(id) => format!("{id}: done in this run"),
                Proof::Check(check) => {
                    format!("{}: holds", super::super::inquiry::title(check, &scope))
                }
            })
            .collect()
    }

    /// Whether a `manual` step needs no card, or its card was approved.
    pub(super) fn is_cleared(&self, step: &Step, host: &HostName, turn: &Turn) -> bool {
        if !has_card(step) {
            return true;
        }
        let card = self.card(step, &[(host, turn)], &[], false);
        self.is_card_approved(&card)
    }

    /// The card of a `manual` step that loses something.
    pub(super) fn manual_card_move(
        &self,
        step: &Step,
        host: &HostName,
        turn: &Turn,
    ) -> Option<Move> {
        if let Some(error) = self.confirm_error(step, host) {
            return Some(self.unrendered(step, host, &error));
        }
        let card = self.card(step, &[(host, turn)], &[], false);
        self.card_move(step, host, card)
    }

    /// The undo of a step: sent at once when it changes, after its own card when it destroys.
    pub(super) fn undo_send_move(
        &self,
        step: &Step,
        undo: &UndoStep,
        host: &HostName,
        target: &HostName,
        turn: &Turn,
    ) -> Option<Move> {
        let fail = |why: String| {
            Some(Move::fact(Event::Undone {
                step: step.id.clone(),
                host: host.clone(),
                failure: Some(why),
            }))
        };
        let order = match self.undo_order(step, undo, host, target) {
            Ok(Some(order)) => order,
            Ok(None) => return fail("a person must undo it".to_owned()),
            Err(Unrendered::Failed(why)) => return fail(why),
            Err(Unrendered::NotYet(after)) => {
                return fail(super::super::inquiry::not_known(after.as_ref()));
            }
        };
        if order.effect != Effect::Destroy {
            return Some(send(order));
        }
        if let Some(request) = self.request_for(&order) {
            if let Some(why) = self.is_another(target, request) {
                return fail(why);
            }
            return match self.admitted(order, request) {
                Ok(next) => Some(next),
                Err(refusal) => fail(refusal.to_string()),
            };
        }
        let orders = [order];
        let card = self.card(step, &[(target, turn)], &orders, true);
        match self.card_move(step, target, card)? {
            Move { event: Event::HostEnded { why, .. }, .. } => {
                fail(why.unwrap_or_else(|| "it was not approved".to_owned()))
            }
            next => Some(next),
        }
    }

    /// In the preview, what a destroy would act on is read as soon as its values are known.
    pub(super) fn preview_items_move(&self, step: &Step) -> Option<Move> {
        let (Kind::Destroy(_), Some(Items::Read(_))) = (&step.kind, &step.items) else {
            return None;
        };
        if self.state().phase != Phase::Preview {
            return None;
        }
        let state = self.state().steps.get(&step.id);
        let hosts = self.preview_hosts(step)?;
        hosts.iter().find_map(|host| {
            let listing = state.and_then(|state| state.preview_listings.get(host));
            match listing {
                None => self.link_move(host).ok().and_then(|()| {
                    let order = self.items_order(step, host).ok().flatten()?;
                    Some(send(order))
                }),
                Some(id) => {
                    let taken = state.is_some_and(|state| state.preview_items.contains_key(host));
                    let end = self.state().attempts.get(id)?.end.as_ref()?;
                    let super::super::state::AttemptEnd::Exited(outcome) = end else { return None };
                    let items =
                        outcome.items.clone().filter(|_| outcome.failure.is_none() && !taken)?;
                    let (step, host) = (step.id.clone(), host.clone());
                    let listing = Listing::Preview;
                    Some(Move::fact(Event::ItemsListed { step, host, items, listing }))
                }
            }
        })
    }

    /// The hosts a step would be on, as far as that is known; none when it would not run.
    fn preview_hosts(&self, step: &Step) -> Option<Vec<HostName>> {
        let scope = self.scope(Some(step), None);
        if step.when.as_ref().is_some_and(|when| when.holds(&scope) != Ok(true)) {
            return None;
        }
        let hosts = self.place_hosts(&step.place).into_iter().filter(|host| {
            let scope = self.scope(Some(step), Some(host));
            step.filter.as_ref().is_none_or(|filter| filter.holds(&scope) == Ok(true))
        });
        Some(hosts.take(step.pick.map_or(usize::MAX, |pick| pick as usize)).collect())
    }
}

/// Whether a host's turn has begun and nothing was sent in it.
fn is_before_card(turn: &Turn) -> bool {
    turn.began && turn.ended.is_none() && turn.failure.is_none() && turn.main == Main::None
}

/// Whether a `manual` step is confirmed as a destroy.
pub(super) fn has_card(step: &Step) -> bool {
    let card = &step.card;
    matches!(step.kind, Kind::Manual(_))
        && (card.affects.is_some()
            || card.loses.is_some()
            || card.confirm.is_some()
            || !card.proof.is_empty())
}

fn undo_line(step: &Step, undo: bool) -> String {
    if undo {
        return "this is the undo".to_owned();
    }
    match &step.undo {
        Undo::Step(_) => "yes".to_owned(),
        Undo::By(other) => format!("by undoing `{other}`"),
        Undo::Never(why) => format!("none: {why}"),
        Undo::Unsaid => "none".to_owned(),
    }
}
