//! Whether what was destroyed had been approved: asked for, by enough people, in time, and once. Knows
//! of nothing else in a journal, and cannot tell whether a signature is real.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::base::Digest;
use crate::run::{Approval, AttemptId, STANDS, Terms};

/// How much later than the machine a record may have been written.
const LENIENCE: Duration = Duration::from_secs(60);

/// When a record was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) at: Timestamp,
    pub(super) elapsed_ms: u64,
}

/// What was asked for and approved so far.
#[derive(Debug, Default)]
pub(super) struct Approvals {
    requests: BTreeMap<Digest, Request>,
    nonces: BTreeSet<Digest>,
    sent: BTreeSet<Digest>,
}

#[derive(Debug)]
struct Request {
    /// Which of them it is, in order.
    place: usize,
    card: Digest,
    terms: Terms,
    put: Option<Moment>,
    void: bool,
    given: Vec<Approval>,
}

impl Request {
    /// Whether it was too old then.
    fn is_old(&self, when: Option<Moment>) -> bool {
        let (Some(put), Some(when)) = (self.put, when) else { return false };
        let age = when.elapsed_ms.checked_sub(put.elapsed_ms).map(Duration::from_millis);
        let by_clock = when.at.duration_since(self.terms.expires).unsigned_abs() > LENIENCE
            && when.at > self.terms.expires;
        by_clock || age.is_none_or(|age| age > STANDS + LENIENCE)
    }
}

impl Approvals {
    /// What was approved before is not used again.
    pub(super) fn resumed(&mut self) {
        self.requests.values_mut().for_each(|request| request.void = true);
    }

    pub(super) fn expired(&mut self, request: Digest) {
        if let Some(request) = self.requests.get_mut(&request) {
            request.void = true;
        }
    }

    pub(super) fn requested(
        &mut self,
        card: Digest,
        terms: &Terms,
        needed: u32,
        when: Option<Moment>,
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        let step = &terms.step;
        if !self.nonces.insert(terms.nonce) {
            wrong.push(format!("{step} was asked for with the nonce of another request"));
        }
        if terms.needed < needed {
            let asked = terms.needed;
            wrong.push(format!("{step} takes {needed} people, and {asked} were asked for"));
        }
        let most = jiff::SignedDuration::try_from(STANDS + LENIENCE).unwrap_or_default();
        if when.is_some_and(|when| terms.expires.duration_since(when.at) > most) {
            wrong.push(format!("{step} was asked for with too much time"));
        }
        let terms = terms.clone();
        let request = terms.request(card);
        let place = self.nonces.len();
        let asked = Request { place, card, terms, put: when, void: false, given: Vec::new() };
        self.requests.insert(request, asked);
        wrong
    }

    pub(super) fn approved(&mut self, approval: &Approval, when: Option<Moment>) -> Vec<String> {
        let mut wrong = Vec::new();
        if approval.orders().iter().any(|order| self.sent.contains(order)) {
            wrong.push("what was sent already was approved again".to_owned());
        }
        let by = approval.by();
        let asked = approval.request().and_then(|request| self.requests.get_mut(&request));
        let Some(asked) = asked else {
            wrong.push(format!("{by} approved what nobody had asked for"));
            return wrong;
        };
        let step = &asked.terms.step;
        if asked.card != approval.card() || asked.terms.orders() != approval.orders() {
            wrong.push(format!("{by} approved another card of {step} than was shown"));
        }
        if asked.void || asked.is_old(when) {
            wrong.push(format!("{by} approved {step} when it stood no longer"));
        }
        if asked.given.iter().any(|one| one.is_same_person(approval)) {
            wrong.push(format!("{by} approved {step} a second time"));
        }
        asked.given.push(approval.clone());
        wrong
    }

    pub(super) fn sent(
        &mut self,
        attempt: &AttemptId,
        order: Digest,
        when: Option<Moment>,
    ) -> Vec<String> {
        if !self.sent.insert(order) {
            return vec![format!("the approval of {attempt} was used a second time")];
        }
        let names_it = |asked: &&Request| {
            asked.given.iter().any(|approval| approval.orders().contains(&order))
        };
        let asked = self.requests.values().filter(names_it).max_by_key(|asked| asked.place);
        let Some(asked) = asked else {
            return vec![format!("no unused approval admits {attempt}")];
        };
        let mut wrong = Vec::new();
        let names = |host: &crate::run::BoundHost| host.host == attempt.host;
        let is_there =
            asked.terms.hosts.iter().any(|host| names(host) && host.order == Some(order));
        if asked.terms.step != attempt.step || !is_there {
            wrong.push(format!("no unused approval admits {attempt}"));
        }
        let (have, needed) = (Approval::people(&asked.given), asked.terms.needed);
        if have < needed {
            wrong.push(format!("{have} of {needed} people had approved {attempt}"));
        }
        if asked.void || asked.is_old(when) {
            wrong.push(format!("the approval of {attempt} stood no longer"));
        }
        wrong
    }
}
