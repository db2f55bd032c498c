//! A step: does it run, on which hosts, in which order, and how did it end.

use super::super::about::{About, Slot};
use super::super::event::Event;
use super::super::inquiry::Inquired;
use super::super::machine::{Move, Run};
use super::super::render::Unrendered;
use super::super::state::{Decision, Delivered, Link, Phase, StepState, Turn};
use super::super::status::StepStatus;
use crate::base::{HostName, StepId};
use crate::runbook::{Kind, OnFailure, Place, Rung, Step};

impl Run {
    /// The next thing for a step.
    pub(super) fn step_move(&self, step: &Step) -> Option<Move> {
        let empty = StepState::default();
        let state = self.state().steps.get(&step.id).unwrap_or(&empty);
        if state.ended.is_some() {
            return None;
        }
        for need in &step.needs {
            match self.state().status(need) {
                None => return self.preview_items_move(step),
                Some(status) if self.blocks(need, status) => {
                    let why = format!("needs `{need}`, which is {status}");
                    return Some(step_ended(step, StepStatus::Blocked, Some(why)));
                }
                Some(_) => {}
            }
        }
        match &state.decision {
            None => return self.when_move(step),
            Some(Decision::Skipped(why)) => {
                return Some(step_ended(step, StepStatus::Skipped, Some(why.clone())));
            }
            Some(Decision::Runs) => {}
        }
        if let Kind::Choose { text, options } = &step.kind {
            return self.choose_move(step, text, options);
        }
        match &state.hosts {
            None => self.select_move(step),
            Some(hosts) => self.hosts_move(step, &hosts.iter().collect::<Vec<_>>()),
        }
    }

    /// Whether a step that ended so keeps from running what needs it.
    fn blocks(&self, step: &StepId, status: StepStatus) -> bool {
        match status {
            StepStatus::Failed => {
                let step = self.plan().runbook.step(step);
                step.is_none_or(|step| step.on_failure != Some(OnFailure::Continue))
            }
            StepStatus::Declined
            | StepStatus::Unknown
            | StepStatus::Blocked
            | StepStatus::Cancelled => true,
            _ => false,
        }
    }

    fn when_move(&self, step: &Step) -> Option<Move> {
        let id = step.id.clone();
        let Some(when) = &step.when else {
            return Some(Move::fact(Event::Decided { step: id, skipped: None }));
        };
        match when.holds(&self.scope(Some(step), None)).map_err(Unrendered::from) {
            Ok(true) => Some(Move::fact(Event::Decided { step: id, skipped: None })),
            Ok(false) => {
                let skipped = Some(format!("`{}` is false", when.source()));
                Some(Move::fact(Event::Decided { step: id, skipped }))
            }
            Err(Unrendered::NotYet(_)) if self.state().phase == Phase::Preview => None,
            Err(Unrendered::NotYet(after)) => {
                let why = format!("`when`: {}", super::super::inquiry::not_known(after.as_ref()));
                Some(step_ended(step, StepStatus::Failed, Some(why)))
            }
            Err(Unrendered::Failed(why)) => {
                Some(step_ended(step, StepStatus::Failed, Some(format!("`when`: {why}"))))
            }
        }
    }

    /// Every host a step may be on.
    pub(in super::super) fn place_hosts(&self, place: &Place) -> Vec<HostName> {
        match place {
            Place::Role(role) => self.plan().role(role).to_vec(),
            Place::Local | Place::StepHost => vec![HostName::local()],
        }
    }

    fn select_move(&self, step: &Step) -> Option<Move> {
        let all = self.place_hosts(&step.place);
        if matches!(step.place, Place::Role(_)) && all.iter().any(|host| self.is_connecting(host)) {
            return None;
        }
        let kept = match self.filtered(step, all) {
            Ok(kept) => kept,
            Err(Unrendered::NotYet(_)) if self.state().phase == Phase::Preview => return None,
            Err(Unrendered::NotYet(after)) => {
                let why = super::super::inquiry::not_known(after.as_ref());
                return Some(step_ended(step, StepStatus::Failed, Some(format!("`where`: {why}"))));
            }
            Err(Unrendered::Failed(why)) => {
                return Some(step_ended(step, StepStatus::Failed, Some(format!("`where`: {why}"))));
            }
        };
        let count = u32::try_from(kept.len()).unwrap_or(u32::MAX);
        if count == 0 && step.exactly.min == 0 {
            let why = Some("no host is selected".to_owned());
            return Some(step_ended(step, StepStatus::Skipped, why));
        }
        if count < step.exactly.min || step.exactly.max.is_some_and(|max| count > max) {
            let why = format!("{count} hosts are selected, {}", wanted(step));
            return Some(step_ended(step, StepStatus::Failed, Some(why)));
        }
        let fit: Vec<HostName> = kept.into_iter().filter(|host| !self.has_failed(host)).collect();
        if fit.is_empty() {
            let why = Some("every host of it failed an earlier step".to_owned());
            return Some(step_ended(step, StepStatus::Blocked, why));
        }
        Some(Move::fact(Event::Selected { step: step.id.clone(), hosts: fit }))
    }

    pub(super) fn filtered(
        &self,
        step: &Step,
        hosts: Vec<HostName>,
    ) -> Result<Vec<HostName>, Unrendered> {
        let mut kept = Vec::new();
        for host in hosts {
            let keep = match &step.filter {
                Some(filter) => filter.holds(&self.scope(Some(step), Some(&host)))?,
                None => true,
            };
            if keep {
                kept.push(host);
            }
        }
        if let Some(pick) = step.pick {
            kept.retain(|host| {
                *host == HostName::local() || matches!(self.link(host), Some(Link::Up(_)))
            });
            kept.truncate(pick as usize);
        }
        Ok(kept)
    }

    fn has_failed(&self, host: &HostName) -> bool {
        self.state().hosts.get(host).is_some_and(|host| host.failed)
    }

    fn hosts_move(&self, step: &Step, turns: &[(&HostName, &Turn)]) -> Option<Move> {
        if turns.iter().all(|(_, turn)| turn.ended.is_some()) {
            return self.step_end_move(step, turns);
        }
        if let Kind::Check(_) = step.kind {
            return self.check_step_move(step, turns);
        }
        let reads = !step.kind.changes();
        let held_back = self.state().phase == Phase::Preview && !reads;
        if let Some(next) = self.begin_move(step, turns, held_back) {
            return Some(next);
        }
        for (host, turn) in turns {
            if turn.ended.is_some() || (!turn.began && !held_back) {
                continue;
            }
            if let Some(next) = self.turn_move(step, host, turn) {
                return Some(next);
            }
        }
        if let Kind::Manual(text) = &step.kind
            && !held_back
        {
            return self.manual_move(step, text, turns);
        }
        self.preview_items_move(step)
    }

    /// Begins every turn that may begin before any of them goes on, so that a card covers them all.
    fn begin_move(
        &self,
        step: &Step,
        turns: &[(&HostName, &Turn)],
        held_back: bool,
    ) -> Option<Move> {
        let begin = if held_back { 0 } else { self.may_begin(step, turns) };
        turns.iter().enumerate().find_map(|(index, (host, turn))| {
            if turn.began || turn.ended.is_some() {
                return None;
            }
            if self.has_failed(host) {
                let why = Some("it failed an earlier step".to_owned());
                return Some(super::turn::host_ended(step, host, StepStatus::Blocked, why));
            }
            let (step, host) = (step.id.clone(), (*host).clone());
            (index < begin).then(|| Move::fact(Event::TurnBegan { step, host }))
        })
    }

    /// How many hosts of a step, in order, may have begun by now.
    fn may_begin(&self, step: &Step, turns: &[(&HostName, &Turn)]) -> usize {
        let hosts = turns.len();
        if matches!(step.kind, Kind::Manual(_)) {
            return hosts;
        }
        let ended = turns.iter().take_while(|(_, turn)| turn.ended.is_some()).count();
        match step.at_once.as_slice() {
            [only] => {
                let running = turns.iter().filter(|(_, t)| t.began && t.ended.is_none()).count();
                let free = rung(*only, hosts).saturating_sub(running);
                let waiting =
                    turns.iter().enumerate().filter(|(_, (_, t))| !t.began && t.ended.is_none());
                waiting.take(free).last().map_or(0, |(index, _)| index + 1)
            }
            ladder => {
                let mut last = 0;
                for step in ladder {
                    let reach = rung(*step, hosts).max(last);
                    if ended < reach {
                        return reach;
                    }
                    last = reach;
                }
                hosts
            }
        }
    }

    /// All hosts have ended: `stop_if`, `finish_if`, and how the step ended.
    fn step_end_move(&self, step: &Step, turns: &[(&HostName, &Turn)]) -> Option<Move> {
        let (status, why) = outcome(step, turns);
        if matches!(status, StepStatus::Done | StepStatus::Accepted) {
            if let Some(why) = self.differs_between_hosts(step) {
                return Some(step_ended(step, StepStatus::Failed, Some(why)));
            }
            for slot in [Slot::StopIf, Slot::FinishIf] {
                let checks = if slot == Slot::StopIf { &step.stop_if } else { &step.finish_if };
                if checks.is_empty() {
                    continue;
                }
                let round = turns.iter().map(|(_, turn)| turn.round).max().unwrap_or(1);
                let about = About::Step { step: step.id.clone(), host: None, slot, round };
                match self.inquire(&about) {
                    Inquired::Next(next) => return Some(*next),
                    Inquired::Waiting => return None,
                    Inquired::NotYet if self.state().phase == Phase::Preview => return None,
                    Inquired::NotYet => {
                        let why = Some("it uses a name that is not known".to_owned());
                        return Some(step_ended(step, StepStatus::Failed, why));
                    }
                    Inquired::Ended(verdict) if verdict.held() => break,
                    Inquired::Ended(_) if self.would_keep_asking(&about).is_some() => return None,
                    Inquired::Ended(verdict) if verdict.is_error() => {
                        let why = Some(verdict.line().to_owned());
                        return Some(step_ended(step, StepStatus::Failed, why));
                    }
                    Inquired::Ended(_) => {}
                }
            }
        }
        Some(step_ended(step, status, why))
    }

    /// What `same_on_all_hosts` demands.
    fn differs_between_hosts(&self, step: &Step) -> Option<String> {
        step.capture.iter().find_map(|(name, capture)| {
            if !capture.same_on_all_hosts {
                return None;
            }
            let values: Vec<_> = self.captured_everywhere(step, name).into_iter().collect();
            let first = values.first()?;
            let (host, value) = values.iter().find(|(_, value)| value != &first.1)?;
            let show = |value: &Option<crate::base::Value>| {
                value.as_ref().map_or_else(|| "none".to_owned(), crate::base::Value::text)
            };
            Some(format!(
                "`{name}` differs between hosts: {} has `{}`, {host} has `{}`",
                first.0,
                show(&first.1),
                show(value)
            ))
        })
    }

    /// The value of a capture on each host, from the last attempt there.
    fn captured_everywhere<'a>(
        &'a self,
        step: &'a Step,
        name: &'a crate::base::ValueName,
    ) -> std::collections::BTreeMap<&'a HostName, Option<crate::base::Value>> {
        use super::super::attempt::Part;
        use super::super::state::AttemptEnd;
        let attempts =
            self.state().attempts.iter().filter_map(|(id, attempt)| match &attempt.end {
                Some(AttemptEnd::Exited(outcome))
                    if id.step == step.id && id.part == Part::Main && outcome.failure.is_none() =>
                {
                    let (_, value) =
                        outcome.captured.iter().find(|(captured, _)| captured == name)?;
                    Some((&id.host, value.clone()))
                }
                _ => None,
            });
        attempts.collect()
    }

    /// Whether a value was delivered for a host.
    pub(super) fn is_delivered(&self, name: &str, host: &HostName, per_host: bool) -> bool {
        match self.state().values.get(name) {
            Some(Delivered::PerHost(map)) if per_host => map.contains_key(host),
            Some(_) => true,
            None => false,
        }
    }
}

fn rung(rung: Rung, hosts: usize) -> usize {
    match rung {
        Rung::Count(count) => count as usize,
        Rung::Percent(percent) => (hosts * percent as usize).div_ceil(100),
        Rung::All => hosts,
    }
    .clamp(1, hosts.max(1))
}

fn wanted(step: &Step) -> String {
    match (step.exactly.min, step.exactly.max) {
        (min, Some(max)) if min == max => format!("`exactly` {min} are wanted"),
        (min, Some(max)) => format!("{min} to {max} are wanted"),
        (min, None) => format!("at least {min} must be"),
    }
}

/// How a step ended, from how it ended on its hosts.
pub(super) fn outcome(step: &Step, turns: &[(&HostName, &Turn)]) -> (StepStatus, Option<String>) {
    let ended = |wanted: StepStatus| {
        turns.iter().filter_map(move |(host, turn)| match &turn.ended {
            Some((status, why)) if *status == wanted => Some((*host, why.as_deref())),
            _ => None,
        })
    };
    let line = |wanted| {
        let (host, why) = ended(wanted).next()?;
        Some(why.map_or_else(|| host.to_string(), |why| format!("{host}: {why}")))
    };
    let failed = ended(StepStatus::Failed).count();
    let tolerated = failed <= step.max_failed as usize && failed < turns.len();
    for status in
        [StepStatus::Unknown, StepStatus::Failed, StepStatus::Declined, StepStatus::Cancelled]
    {
        if ended(status).next().is_some() && !(status == StepStatus::Failed && tolerated) {
            return (status, line(status));
        }
    }
    for status in [StepStatus::PassedOver, StepStatus::Accepted] {
        if ended(status).next().is_some() {
            return (status, line(status));
        }
    }
    if ended(StepStatus::Blocked).count() == turns.len() {
        return (StepStatus::Blocked, line(StepStatus::Blocked));
    }
    let blocked = ended(StepStatus::Blocked).count();
    if ended(StepStatus::Skipped).count() + blocked == turns.len() {
        let why = ended(StepStatus::Skipped).find_map(|(_, why)| why.map(str::to_owned));
        return (StepStatus::Skipped, why);
    }
    (StepStatus::Done, (failed > 0).then(|| format!("failed on {failed} of {} hosts", turns.len())))
}

pub(super) fn step_ended(step: &Step, status: StepStatus, why: Option<String>) -> Move {
    Move::fact(Event::StepEnded { step: step.id.clone(), status, why })
}
