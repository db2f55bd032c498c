//! Destroys that were approved in advance, by the code of a plan: what is foreseen of them, and whether
//! that is still so.

use super::super::advance::{Advance, HostOutlook, Outlook};
use super::super::approval::{Approval, Terms};
use super::super::event::Event;
use super::super::machine::{Move, Run};
use super::super::question::Card;
use super::super::state::Turn;
use super::super::status::{Ending, StepStatus};
use super::turn::host_ended;
use crate::base::{Digest, HostName};
use crate::runbook::{Items, Kind, Step};
use crate::template::Template;

impl Run {
    /// What is foreseen of every destroy that would run, by now; or why nothing can be said of it.
    #[must_use]
    pub fn outlooks(&self) -> Vec<(crate::base::StepId, Result<Outlook, String>)> {
        let steps = self.remaining().filter(|step| matches!(step.kind, Kind::Destroy(_)));
        steps.map(|step| (step.id.clone(), self.outlook_of(step))).collect()
    }

    fn outlook_of(&self, step: &Step) -> Result<Outlook, String> {
        let people = self.people_needed(step);
        if people > 1 {
            return Err(format!("it takes {people} people, at their terminals"));
        }
        let seen = self.outlook_as_it_is(step)?;
        match self.elsewhere().outlook_as_it_is(step) {
            Ok(other) if other == seen => Ok(seen),
            _ => Err("what it sends or shows holds the id or the time of its run".to_owned()),
        }
    }

    fn outlook_as_it_is(&self, step: &Step) -> Result<Outlook, String> {
        let plan = self.plan();
        let hosts = self.outlook_hosts(step)?;
        let hosts = hosts.iter().map(|host| self.outlook_host(step, host));
        Ok(Outlook {
            runbook: plan.runbook.name.clone(),
            text: plan.runbook.digest,
            environment: plan.environment.name.clone(),
            step: step.id.clone(),
            hosts: hosts.collect::<Result<_, _>>()?,
        })
    }

    fn outlook_hosts(&self, step: &Step) -> Result<Vec<HostName>, String> {
        let state = self.state().steps.get(&step.id);
        if let Some(hosts) = state.and_then(|state| state.hosts.as_ref()) {
            return Ok(hosts.keys().cloned().collect());
        }
        let scope = self.scope(Some(step), None);
        if step.when.as_ref().is_some_and(|when| when.holds(&scope) != Ok(true)) {
            return Err("whether it runs is not known yet".to_owned());
        }
        match self.filtered(step, self.place_hosts(&step.place)) {
            Ok(hosts) if !hosts.is_empty() => Ok(hosts),
            _ => Err("its hosts are not known yet".to_owned()),
        }
    }

    fn outlook_host(&self, step: &Step, host: &HostName) -> Result<HostOutlook, String> {
        let items = match &step.items {
            None => None,
            Some(Items::Value(template)) => self.item_values(step, host, template).ok(),
            Some(Items::Read(_)) => {
                let state = self.state().steps.get(&step.id);
                state.and_then(|state| state.preview_items.get(host).cloned())
            }
        };
        if step.items.is_some() && items.is_none() {
            return Err("its items are not known yet".to_owned());
        }
        let scope = self.scope(Some(step), Some(host));
        let card = &step.card;
        let texts: [(&str, Option<&Template>); 4] = [
            ("title", step.title.as_ref()),
            ("affects", card.affects.as_ref()),
            ("loses", card.loses.as_ref()),
            ("confirm", card.confirm.as_ref()),
        ];
        for (name, template) in texts {
            if template.is_some_and(|template| template.text(&scope).is_err()) {
                return Err(format!("its `{name}` is not known yet"));
            }
        }
        let turn = Turn { items, ..Turn::default() };
        let order = self.main_order(step, host, &turn).ok().flatten();
        let order = order.ok_or_else(|| "its values are not known yet".to_owned())?;
        let card = self.card(step, &[(host, &turn)], &[order], false);
        HostOutlook::of(&card).ok_or_else(|| "its host is not known yet".to_owned())
    }

    /// A run whose approvals in advance no longer fit does not begin.
    pub(super) fn stale_advance(&self) -> Option<Ending> {
        let advances = self.options().approvals.iter();
        advances
            .filter_map(|(id, advance)| Some((self.plan().runbook.step(id)?, advance)))
            .find_map(|(step, advance)| {
                if self.state().status(&step.id).is_some() {
                    return None;
                }
                let differs = match self.outlook_of(step) {
                    Ok(now) => advance.outlook.difference(&now),
                    Err(why) => Some(why),
                };
                let differs = differs.or_else(|| self.is_late(advance))?;
                let sentence = format!(
                    "what was approved in advance for `{}` is not so any more: {differs}",
                    step.id
                );
                Some(Ending::Stale { sentence, differences: Vec::new() })
            })
    }

    fn is_late(&self, advance: &Advance) -> Option<String> {
        (self.at() >= advance.expires).then(|| format!("its code stood until {}", advance.expires))
    }

    /// The answer that was given in advance to a card; none where there is none, or where it no longer
    /// fits and a person can be asked instead.
    pub(super) fn advance_move(
        &self,
        step: &Step,
        host: &HostName,
        turn: &Turn,
        card: &Card,
    ) -> Option<Move> {
        let advance = self.options().approvals.get(&step.id)?;
        if turn.round > 1 || self.has_started(&step.id, Some(host)) {
            return None;
        }
        let terms = self.advance_terms(card, advance);
        let request = terms.request(card.digest);
        let asked = self.state().requests.get(&request);
        if asked.is_some_and(|asked| asked.void) {
            return None;
        }
        let differs = self.advance_differs(step, card, advance);
        let (None, Some(approval)) =
            (&differs, Approval::in_advance(card, advance, &terms, &self.state().driver))
        else {
            let why = differs.unwrap_or_else(|| "it is another card".to_owned());
            if self.options().person {
                return None;
            }
            let why = format!("what was approved in advance is not so any more: {why}");
            return Some(if self.state().changed_now {
                host_ended(step, host, StepStatus::Declined, Some(why))
            } else {
                let sentence = format!("`{}`: {why}", step.id);
                let ending = Ending::Stale { sentence, differences: Vec::new() };
                Move::fact(Event::Ending { ending })
            });
        };
        Some(Move::fact(match asked {
            None => Event::Requested { card: card.digest, terms },
            Some(_) => Event::Approved { approval },
        }))
    }

    fn advance_terms(&self, card: &Card, advance: &Advance) -> Terms {
        let nonce = advance.nonce.to_string();
        let hosts = card.hosts.iter().map(|host| host.host.as_str().as_bytes());
        let nonce = Digest::of_parts(
            [nonce.as_bytes(), card.step.as_str().as_bytes()].into_iter().chain(hosts),
        );
        Terms {
            expires: advance.expires,
            ..Terms::of(card, None, nonce, self.at(), 1, &self.state().driver)
        }
    }

    /// How the hosts of a card differ from what was foreseen of them.
    fn advance_differs(&self, step: &Step, card: &Card, advance: &Advance) -> Option<String> {
        if let Some(late) = self.is_late(advance) {
            return Some(late);
        }
        card.hosts.iter().find_map(|shown| {
            let unforeseen = || Some(format!("{} was not foreseen", shown.host));
            let Some(then) = advance.outlook.host(&shown.host) else { return unforeseen() };
            let turn = self.state().turn(&step.id, &shown.host)?;
            let order = self.main_order(step, &shown.host, turn).ok().flatten();
            let alone = self.card(step, &[(&shown.host, turn)], order.as_slice(), false);
            match HostOutlook::of(&alone) {
                Some(now) => then.difference(&now),
                None => unforeseen(),
            }
        })
    }
}
