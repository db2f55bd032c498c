//! A step's turn on one host: already done? what will be acted on? may it? — then the attempt, and
//! the proof that it worked.

use super::super::about::{About, Slot};
use super::super::attempt::{Effect, Order};
use super::super::event::{Event, Listing};
use super::super::inquiry::{Inquired, not_known};
use super::super::link::Linked;
use super::super::machine::{Move, Run};
use super::super::render::Unrendered;
use super::super::state::{AttemptEnd, Main, Phase, Turn};
use super::super::status::StepStatus;
use super::choose::faltered;
use super::order::send;
use crate::base::{HostName, Value};
use crate::runbook::{How, Items, Kind, Proof, Step};
use crate::template::Template;

/// How often what was lost is sent again by itself: a read may repeat, and a change that provably
/// did not start was never tried.
const SENT_AFTER_LOSS: u32 = 2;

/// Whether everything that comes before a step's attempt has been settled.
pub(super) enum Before {
    /// It has.
    Ready,
    /// This comes first.
    Move(Box<Move>),
    /// Something is waited for.
    Wait,
}

impl From<Option<Move>> for Before {
    fn from(next: Option<Move>) -> Self {
        next.map_or(Self::Wait, |next| Self::Move(Box::new(next)))
    }
}

impl Run {
    /// The next thing for a step on a host.
    pub(super) fn turn_move(&self, step: &Step, host: &HostName, turn: &Turn) -> Option<Move> {
        if let Some(failure) = &turn.failure {
            return self.failure_move(step, host, turn, failure);
        }
        match &turn.main {
            Main::Running(_) | Main::Waiting(_) => None,
            Main::Unknown(why) => self.unknown_move(step, host, turn, why),
            Main::Accepted => Some(self.accepted(step, host)),
            Main::Done => self.after_move(step, host, turn),
            Main::Failed { why, lost } => Some(self.failed_move(step, host, turn, why, *lost)),
            Main::Due => match self.due(step, host, turn) {
                Before::Move(next) => Some(*next),
                Before::Wait => None,
                Before::Ready => Some(self.send_move(step, host, turn)),
            },
            Main::None if turn.attested => self.after_move(step, host, turn),
            Main::None => match self.before(step, host, turn) {
                Before::Move(next) => Some(*next),
                Before::Wait => None,
                Before::Ready => self.act_move(step, host, turn),
            },
        }
    }

    fn act_move(&self, step: &Step, host: &HostName, turn: &Turn) -> Option<Move> {
        match &step.kind {
            Kind::Destroy(_) => self.destroy_move(step, host, turn),
            Kind::Manual(_) if !self.is_cleared(step, host, turn) => {
                self.manual_card_move(step, host, turn)
            }
            Kind::Manual(_) | Kind::Check(_) | Kind::Choose { .. } => None,
            Kind::Read(_) | Kind::Change(_) => Some(self.send_move(step, host, turn)),
        }
    }

    fn send_move(&self, step: &Step, host: &HostName, turn: &Turn) -> Move {
        match self.main_order(step, host, turn) {
            Ok(Some(order)) => send(order),
            Ok(None) => faltered(step, host, "there is nothing to send"),
            Err(error) => self.unrendered(step, host, &error),
        }
    }

    pub(super) fn unrendered(&self, step: &Step, host: &HostName, error: &Unrendered) -> Move {
        match error {
            Unrendered::Failed(why) => faltered(step, host, why.clone()),
            Unrendered::NotYet(after) => faltered(step, host, not_known(after.as_ref())),
        }
    }

    /// What comes before the attempt: the connection, `skip_if`, the list, `precondition`, `proof`.
    pub(super) fn before(&self, step: &Step, host: &HostName, turn: &Turn) -> Before {
        match self.linked(step, host) {
            Before::Ready => {}
            other => return other,
        }
        if !step.skip_if.is_empty() && turn.round == 1 {
            let skip_if = about(step, host, Slot::SkipIf, 1);
            match self.inquire(&skip_if) {
                Inquired::Ended(verdict) if verdict.held() => {
                    let why = Some(verdict.line().to_owned());
                    return Some(host_ended(step, host, StepStatus::Skipped, why)).into();
                }
                Inquired::Ended(_) if self.would_keep_asking(&skip_if).is_some() => {
                    return Before::Wait;
                }
                Inquired::Ended(verdict) if verdict.is_error() => {
                    return Some(faltered(step, host, format!("skip_if: {}", verdict.line())))
                        .into();
                }
                Inquired::Ended(_) => {}
                other => return self.still(step, host, other),
            }
        }
        if self.state().phase == Phase::Preview && step.kind.changes() {
            return Before::Wait;
        }
        match self.listed(step, host, turn) {
            Before::Ready => {}
            other => return other,
        }
        for (slot, word) in [(Slot::Precondition, "precondition"), (Slot::Proof, "proof")] {
            if slot == Slot::Proof
                && let Some(next) = self.unproved(step, host)
            {
                return Some(next).into();
            }
            match self.asked(step, host, slot, turn.round, word) {
                Before::Ready => {}
                other => return other,
            }
        }
        self.based(step, host, turn)
    }

    /// What comes before an attempt that is made again: only what a new connection needs.
    fn due(&self, step: &Step, host: &HostName, turn: &Turn) -> Before {
        match self.linked(step, host) {
            Before::Ready => self.based(step, host, turn),
            other => other,
        }
    }

    fn linked(&self, step: &Step, host: &HostName) -> Before {
        if !needs_link(step, host) {
            return Before::Ready;
        }
        match self.link_move(host) {
            Ok(()) => Before::Ready,
            Err(None) => Before::Wait,
            Err(Some(Linked::Move(connect))) => Before::Move(Box::new(connect)),
            Err(Some(Linked::Down(why))) => unreachable(step, host, &why),
        }
    }

    /// There is a place for the job.
    fn based(&self, step: &Step, host: &HostName, turn: &Turn) -> Before {
        let Ok(Some(order)) = self.main_order(step, host, turn) else { return Before::Ready };
        match self.base_move(&order) {
            Ok(()) => Before::Ready,
            Err(None) => Before::Wait,
            Err(Some(Ok(next))) => Before::Move(Box::new(next)),
            Err(Some(Err(why))) => Some(faltered(step, host, why)).into(),
        }
    }

    /// A list of checks of a step that must hold.
    pub(super) fn asked(
        &self,
        step: &Step,
        host: &HostName,
        slot: Slot,
        round: u32,
        word: &str,
    ) -> Before {
        let about = about(step, host, slot, round);
        if super::super::inquiry::checks(&self.plan().runbook, &about).is_empty() {
            return Before::Ready;
        }
        match self.inquire(&about) {
            Inquired::Ended(verdict) if verdict.held() => Before::Ready,
            Inquired::Ended(_) if self.would_keep_asking(&about).is_some() => Before::Wait,
            Inquired::Ended(verdict) => {
                Some(faltered(step, host, format!("{word} does not hold: {}", verdict.line())))
                    .into()
            }
            other => self.still(step, host, other),
        }
    }

    /// A list of checks that is not answered yet. Beyond the preview every name it uses should be
    /// known: one that is not fails the step instead of waiting for ever.
    fn still(&self, step: &Step, host: &HostName, inquired: Inquired) -> Before {
        match inquired {
            Inquired::Next(next) => Before::Move(next),
            Inquired::NotYet if self.state().phase > Phase::Preview => {
                Some(faltered(step, host, "it uses a name that is not known")).into()
            }
            _ => Before::Wait,
        }
    }

    /// What will be acted on is listed; none of it skips the step.
    fn listed(&self, step: &Step, host: &HostName, turn: &Turn) -> Before {
        let Some(items) = &step.items else { return Before::Ready };
        if let Some(items) = &turn.items {
            let max = step.max_items.unwrap_or(u32::MAX) as usize;
            if items.is_empty() {
                let why = Some("nothing to do".to_owned());
                return Some(host_ended(step, host, StepStatus::Skipped, why)).into();
            }
            if items.len() > max {
                let why =
                    format!("{} items are listed, more than `max_items` = {max}", items.len());
                return Some(faltered(step, host, why)).into();
            }
            return Before::Ready;
        }
        self.list(step, host, turn, items, Listing::Turn)
    }

    /// Lists what will be acted on.
    pub(super) fn list(
        &self,
        step: &Step,
        host: &HostName,
        turn: &Turn,
        items: &Items,
        listing: Listing,
    ) -> Before {
        match items {
            Items::Value(template) => match self.item_values(step, host, template) {
                Ok(items) => Some(self.items_listed(step, host, items, listing)).into(),
                Err(error) => Some(self.unrendered(step, host, &error)).into(),
            },
            Items::Read(_) => match &turn.listing {
                None => match self.items_order(step, host) {
                    Ok(Some(order)) => Some(send(order)).into(),
                    Ok(None) => Before::Wait,
                    Err(error) => Some(self.unrendered(step, host, &error)).into(),
                },
                Some(id) => match self.state().attempts.get(id).and_then(|a| a.end.as_ref()) {
                    None => Before::Wait,
                    Some(AttemptEnd::Exited(outcome)) => match (&outcome.failure, &outcome.items) {
                        (None, Some(items)) => {
                            Some(self.items_listed(step, host, items.clone(), listing)).into()
                        }
                        (Some(why), _) => {
                            Some(faltered(step, host, format!("items: {why}"))).into()
                        }
                        (None, None) => {
                            Some(faltered(step, host, "items: no lines came back")).into()
                        }
                    },
                    Some(AttemptEnd::Lost(_)) => {
                        Some(faltered(step, host, "items: the connection was lost")).into()
                    }
                },
            },
        }
    }

    fn items_listed(
        &self,
        step: &Step,
        host: &HostName,
        items: Vec<String>,
        listing: Listing,
    ) -> Move {
        Move::fact(Event::ItemsListed { step: step.id.clone(), host: host.clone(), items, listing })
    }

    pub(super) fn item_values(
        &self,
        step: &Step,
        host: &HostName,
        template: &Template,
    ) -> Result<Vec<String>, Unrendered> {
        let value = template.value(&self.scope(Some(step), Some(host)))?;
        Ok(match value {
            None => Vec::new(),
            Some(Value::List(items)) => items.iter().map(Value::text).collect(),
            Some(other) => other.text().lines().map(str::to_owned).collect(),
        })
    }

    /// A step named in `proof` must have ended done in this run.
    fn unproved(&self, step: &Step, host: &HostName) -> Option<Move> {
        step.card.proof.iter().find_map(|proof| match proof {
            Proof::Step(id) if self.state().status(id) != Some(StepStatus::Done) => {
                let status = self.state().status(id).map_or("not run", StepStatus::word);
                Some(faltered(step, host, format!("its proof `{id}` is {status}, not done")))
            }
            _ => None,
        })
    }

    /// The attempt did what it should: values that are computed, then `verify`.
    fn after_move(&self, step: &Step, host: &HostName, turn: &Turn) -> Option<Move> {
        for (name, capture) in &step.capture {
            let Some(that) = &capture.that else { continue };
            if self.is_delivered(name.as_str(), host, capture.per_host) {
                continue;
            }
            return Some(match that.value(&self.scope(Some(step), Some(host))) {
                Ok(value) => Move::fact(Event::Valued {
                    step: step.id.clone(),
                    host: capture.per_host.then(|| host.clone()),
                    name: name.clone(),
                    value,
                }),
                Err(error) => faltered(step, host, error.to_string()),
            });
        }
        if step.verify.is_empty() {
            return Some(host_ended(step, host, StepStatus::Done, None));
        }
        let verify = about(step, host, Slot::Verify, turn.round);
        match self.inquire(&verify) {
            Inquired::Ended(verdict) if verdict.held() => {
                Some(host_ended(step, host, StepStatus::Done, Some(verdict.line().to_owned())))
            }
            Inquired::Ended(_) if self.would_keep_asking(&verify).is_some() => None,
            Inquired::Ended(verdict) => {
                Some(faltered(step, host, format!("verify did not pass: {}", verdict.line())))
            }
            Inquired::Next(next) => Some(*next),
            Inquired::Waiting => None,
            Inquired::NotYet if self.state().phase == Phase::Preview => None,
            Inquired::NotYet => Some(faltered(step, host, "verify uses a name that is not known")),
        }
    }

    /// The attempt did not: tried again by itself where that is allowed.
    fn failed_move(
        &self,
        step: &Step,
        host: &HostName,
        turn: &Turn,
        why: &str,
        lost: bool,
    ) -> Move {
        let reads = matches!(step.kind, Kind::Read(_));
        let again = match (lost, reads) {
            (true, true) => turn.tries <= SENT_AFTER_LOSS.max(step.retry.times),
            // What provably did not start was not tried.
            (true, false) => turn.tries <= SENT_AFTER_LOSS,
            _ => step.idempotent && turn.tries <= step.retry.times,
        };
        if again
            && self.state().ending.is_none()
            && self.state().interrupt.is_none()
            && let Ok(Some(order)) = self.main_order(step, host, turn)
            && order.effect != Effect::Destroy
        {
            return self.retry_move(step, host, turn, &order);
        }
        Move::fact(Event::Faltered {
            step: step.id.clone(),
            host: host.clone(),
            why: why.to_owned(),
            unreachable: lost,
        })
    }

    fn retry_move(&self, step: &Step, host: &HostName, turn: &Turn, order: &Order) -> Move {
        use super::super::action::Action;
        use super::super::event::Timer;
        let scope = self.scope(Some(step), Some(host));
        let wait = super::super::render::duration(&step.retry.wait, &scope).unwrap_or_default();
        let factor = step.retry.backoff.max(1).saturating_pow(turn.tries.saturating_sub(1));
        let after = wait.saturating_mul(factor);
        let timer = Timer::Retry { attempt: order.id.clone() };
        let event = Event::TimerStarted { timer: timer.clone(), after };
        Move::order(event, Action::SetTimer { timer, after })
    }
}

/// Whether a step needs a connection to its host: a program does, a request from here does not.
fn needs_link(step: &Step, host: &HostName) -> bool {
    match &step.kind {
        Kind::Read(how) | Kind::Change(how) | Kind::Destroy(how) => {
            !matches!(how, How::Request(_)) || *host != HostName::local()
        }
        _ => false,
    }
}

pub(super) fn about(step: &Step, host: &HostName, slot: Slot, round: u32) -> About {
    About::Step { step: step.id.clone(), host: Some(host.clone()), slot, round }
}

pub(super) fn host_ended(
    step: &Step,
    host: &HostName,
    status: StepStatus,
    why: Option<String>,
) -> Move {
    Move::fact(Event::HostEnded { step: step.id.clone(), host: host.clone(), status, why })
}

fn unreachable(step: &Step, host: &HostName, why: &str) -> Before {
    Some(Move::fact(Event::Faltered {
        step: step.id.clone(),
        host: host.clone(),
        why: format!("the host cannot be reached: {why}"),
        unreachable: true,
    }))
    .into()
}
