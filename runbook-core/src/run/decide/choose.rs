//! What a person decides or does: `choose`, `manual`, and the questions of a `check` step.

use indexmap::IndexMap;

use super::super::about::{About, Slot};
use super::super::event::{Event, Topic};
use super::super::inquiry::Inquired;
use super::super::machine::{Move, Run};
use super::super::question::{Answer, Question};
use super::super::state::{Delivered, Phase, Turn};
use super::super::status::StepStatus;
use super::step::step_ended;
use super::turn::Before;
use crate::base::{HostName, Value, ValueName};
use crate::runbook::{Choice, Step};
use crate::template::{Names, Template};

impl Run {
    /// A person decides, here or in advance.
    pub(super) fn choose_move(
        &self,
        step: &Step,
        text: &Template,
        options: &IndexMap<String, Choice>,
    ) -> Option<Move> {
        if let Some(Delivered::One(Some(key))) = self.state().values.get(step.id.as_str()) {
            return self.chosen_move(step, options.get(&key.text())?);
        }
        let about = Topic::Choose { step: step.id.clone() };
        let answered =
            self.state().questions.values().find(|q| q.about == about && q.answer.is_some());
        let chosen = match (
            answered.and_then(|q| q.answer.as_ref()),
            self.options().choices.get(&step.id),
        ) {
            (Some((Answer::Chosen(key), _)), _) | (None, Some(key)) => Some(key.clone()),
            (Some(_), _) => {
                let why = Some("nothing was chosen".to_owned());
                return Some(step_ended(step, StepStatus::Declined, why));
            }
            (None, None) => None,
        };
        let Some(key) = chosen else {
            if self.options().preview_only || !self.options().person {
                return None;
            }
            let scope = self.scope(Some(step), None);
            return self.ask_once(about, || Question::Choose {
                step: step.id.clone(),
                text: text.for_person(&scope),
                options: options
                    .iter()
                    .map(|(key, choice)| {
                        (key.clone(), (choice.label.for_person(&scope), choice.stop))
                    })
                    .collect(),
            });
        };
        if !options.contains_key(&key) {
            let why = format!("`{key}` is not one of its answers");
            return Some(step_ended(step, StepStatus::Failed, Some(why)));
        }
        let name = step.id.as_str().parse::<ValueName>().ok()?;
        let value = Some(Value::Text(key));
        Some(Move::fact(Event::Valued { step: step.id.clone(), host: None, name, value }))
    }

    /// The choice is made: what else is asked with it, unless it ends the run.
    fn chosen_move(&self, step: &Step, choice: &Choice) -> Option<Move> {
        let scope = self.scope(Some(step), None);
        let ask = if choice.stop { Vec::new() } else { wanted_values(step, &scope) };
        if ask.is_empty() {
            return Some(step_ended(step, StepStatus::Done, None));
        }
        let about = Topic::Manual { step: step.id.clone() };
        match self.state().questions.values().find(|question| question.about == about) {
            Some(question) => match question.answer.as_ref()? {
                (Answer::Done(_), _) => Some(step_ended(step, StepStatus::Done, None)),
                _ => {
                    let why = Some("what is asked with the choice was not answered".to_owned());
                    Some(step_ended(step, StepStatus::Declined, why))
                }
            },
            None if self.options().preview_only || !self.options().person => None,
            None => {
                let hosts = self.filtered(step, self.place_hosts(&step.place)).unwrap_or_default();
                let offers = match self.offers(step, &ask, hosts.first()) {
                    Ok(offers) => offers,
                    Err(next) => return next,
                };
                self.ask_once(about, || Question::Manual {
                    step: step.id.clone(),
                    text: choice.label.for_person(&scope),
                    ask,
                    offers,
                })
            }
        }
    }

    /// All hosts wait for the person: the text is shown once for all of them.
    pub(super) fn manual_move(
        &self,
        step: &Step,
        text: &Template,
        turns: &[(&HostName, &Turn)],
    ) -> Option<Move> {
        let open: Vec<_> = turns
            .iter()
            .filter(|(_, t)| t.ended.is_none() && !t.attested && t.failure.is_none())
            .collect();
        let first = open.first()?;
        // One question covers every host that may need it: none is at its verify or at a failure.
        if open.len() < turns.iter().filter(|(_, turn)| turn.ended.is_none()).count() {
            return None;
        }
        // The person is asked when nothing comes before it any more on any host.
        let ready = |(host, turn): &(&HostName, &Turn)| {
            self.is_cleared(step, host, turn)
                && matches!(self.before(step, host, turn), Before::Ready)
        };
        if !open.iter().all(|turn| ready(turn)) {
            return None;
        }
        let about = Topic::Manual { step: step.id.clone() };
        let last = self.state().questions.values().rev().find(|asked| asked.about == about);
        match last.map(|asked| &asked.answer) {
            Some(None) => return None,
            // What was said to be done was done by every host open then: these came after.
            None | Some(Some((Answer::Done(_), _))) => {}
            Some(Some(_)) => {
                return Some(Move::fact(Event::HostEnded {
                    step: step.id.clone(),
                    host: first.0.clone(),
                    status: StepStatus::Declined,
                    why: Some("the person did not say that it is done".to_owned()),
                }));
            }
        }
        let scope = self.scope(Some(step), Some(first.0));
        let ask = wanted_values(step, &scope);
        let offers = match self.offers(step, &ask, Some(first.0)) {
            Ok(offers) => offers,
            Err(next) => return next,
        };
        let text = self.text_of_hosts(step, text, open.iter().map(|(host, _)| *host));
        self.ask_once(about, || Question::Manual { step: step.id.clone(), text, ask, offers })
    }

    /// A text that is asked once for several hosts: a line a host where it differs between them.
    fn text_of_hosts<'a>(
        &self,
        step: &Step,
        text: &Template,
        hosts: impl Iterator<Item = &'a HostName>,
    ) -> String {
        let texts: Vec<(&HostName, String)> = hosts
            .map(|host| (host, text.for_person(&self.scope(Some(step), Some(host)))))
            .collect();
        match texts.as_slice() {
            [(_, first), rest @ ..] if rest.iter().all(|(_, text)| text == first) => first.clone(),
            _ => {
                let line = |(host, text): &(&HostName, String)| format!("{host}: {text}");
                texts.iter().map(line).collect::<Vec<_>>().join("\n")
            }
        }
    }

    /// A `check` step is asked once, for all its hosts.
    pub(super) fn check_step_move(
        &self,
        step: &Step,
        turns: &[(&HostName, &Turn)],
    ) -> Option<Move> {
        for (host, turn) in turns {
            if turn.ended.is_some() {
                continue;
            }
            if !turn.began {
                let (step, host) = (step.id.clone(), (*host).clone());
                return Some(Move::fact(Event::TurnBegan { step, host }));
            }
            if turn.failure.is_some() {
                return self.turn_move(step, host, turn);
            }
            match self.before(step, host, turn) {
                Before::Ready => {}
                Before::Move(next) => return Some(*next),
                Before::Wait => return None,
            }
        }
        let (host, turn) = turns.iter().find(|(_, turn)| turn.ended.is_none())?;
        let end = |status, why| {
            let (step, host) = (step.id.clone(), (*host).clone());
            Some(Move::fact(Event::HostEnded { step, host, status, why }))
        };
        // One host has failed or was passed over for all of them: they were asked together.
        let decided = turns.iter().find_map(|(_, turn)| match &turn.ended {
            Some((
                status @ (StepStatus::Failed | StepStatus::PassedOver | StepStatus::Cancelled),
                why,
            )) => Some((*status, why.clone())),
            _ => None,
        });
        if let Some((status, why)) = decided {
            return end(status, why);
        }
        let round = turns.iter().map(|(_, turn)| turn.round).max().unwrap_or(turn.round);
        let about = About::Step { step: step.id.clone(), host: None, slot: Slot::Checks, round };
        let verdict = match self.inquire(&about) {
            Inquired::Next(next) => return Some(*next),
            Inquired::Waiting => return None,
            Inquired::NotYet if self.state().phase == Phase::Preview => return None,
            Inquired::NotYet => {
                return Some(faltered(step, host, "it uses a name that is not known"));
            }
            Inquired::Ended(verdict) => verdict,
        };
        if self.would_keep_asking(&about).is_some() {
            return None;
        }
        let question = step.capture.iter().find(|(_, capture)| capture.verdict);
        match question {
            Some((name, _)) if !verdict.is_error() => {
                if self.state().values.contains_key(name) {
                    return end(StepStatus::Done, Some(verdict.line().to_owned()));
                }
                let value = Some(Value::Bool(verdict.held()));
                let (step, name) = (step.id.clone(), name.clone());
                Some(Move::fact(Event::Valued { step, host: None, name, value }))
            }
            _ if verdict.held() => end(StepStatus::Done, Some(verdict.line().to_owned())),
            _ => Some(faltered(step, host, verdict.line())),
        }
    }
}

/// The values that are asked of a person with a step, as things stand.
fn wanted_values(step: &Step, names: &dyn Names) -> Vec<ValueName> {
    let wanted = step
        .ask
        .iter()
        .filter(|(_, ask)| ask.when.as_ref().is_none_or(|when| when.holds(names).unwrap_or(true)));
    wanted.map(|(name, _)| name.clone()).collect()
}

pub(super) fn faltered(step: &Step, host: &HostName, why: impl Into<String>) -> Move {
    Move::fact(Event::Faltered {
        step: step.id.clone(),
        host: host.clone(),
        why: why.into(),
        unreachable: false,
    })
}
