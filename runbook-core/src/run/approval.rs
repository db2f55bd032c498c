//! An approval, what it is bound to, and the only way to an order that it admits.
//!
//! A driver can send a destroy only as an [`ApprovedOrder`], and there is no way to make one but
//! [`ApprovedOrder::admit`], which takes approvals of one request by enough people, still standing,
//! that name exactly this order: an approval that does not match cannot be written down.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::advance::Advance;
use super::attempt::{Effect, Order};
use super::question::{Card, QuestionId};
use crate::base::{Digest, HostName, StepId};

/// How long a card, and what was said to it, stands.
pub const STANDS: Duration = Duration::from_secs(15 * 60);

/// What people are asked to approve, beside the card itself: it is asked once, of so many people,
/// and stands until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The question that shows the card; none where it was answered in advance.
    pub question: Option<QuestionId>,
    /// The step.
    pub step: StepId,
    /// The hosts of the card, in order.
    pub hosts: Vec<BoundHost>,
    /// Used for this request and for no other.
    pub nonce: Digest,
    /// When it stands no longer.
    pub expires: Timestamp,
    /// How many people it takes.
    pub needed: u32,
    /// Who asks.
    pub by: String,
}

/// One host of a request: who it is, and what would be sent to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundHost {
    /// What it is called.
    pub host: HostName,
    /// Who it said it is, as a digest; none where nothing is sent over a connection to it.
    pub identity: Option<Digest>,
    /// The digest of the order; none for what a person does.
    pub order: Option<Digest>,
}

impl Terms {
    /// The terms of a card that is put at this time.
    #[must_use]
    pub fn of(
        card: &Card,
        question: Option<QuestionId>,
        nonce: Digest,
        at: Timestamp,
        needed: u32,
        by: &str,
    ) -> Self {
        let stands = SignedDuration::try_from(STANDS).expect("minutes fit");
        Self {
            question,
            step: card.step.clone(),
            hosts: card.hosts.iter().map(super::question::CardHost::bound).collect(),
            nonce,
            expires: at.saturating_add(stands).unwrap_or(at),
            needed: needed.max(1),
            by: by.to_owned(),
        }
    }

    /// The digest of the request: this card on these terms. It is what people approve.
    #[must_use]
    pub fn request(&self, card: Digest) -> Digest {
        let terms = serde_json::to_vec(self).expect("terms are text in lists");
        let card = card.to_string();
        Digest::of_parts([b"runbook request 1".as_slice(), card.as_bytes(), &terms])
    }

    /// The orders it is for.
    #[must_use]
    pub fn orders(&self) -> Vec<Digest> {
        self.hosts.iter().filter_map(|host| host.order).collect()
    }

    /// Whether it stands at that time. A clock that went back to before it was put makes it fall,
    /// too: how old it is can no longer be said.
    #[must_use]
    pub fn stands(&self, at: Timestamp) -> bool {
        let stands = SignedDuration::try_from(STANDS).expect("minutes fit");
        let put = self.expires.saturating_sub(stands).unwrap_or(self.expires);
        put <= at && at < self.expires
    }
}

/// How a person approved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// By typing, for every host of the card, the words it asks for.
    #[default]
    Typed,
    /// By signing the request.
    Signed(Signature),
    /// By the code of a plan, which foresaw this.
    Code {
        /// The digest of what was foreseen.
        outlook: Digest,
    },
}

/// What a signature of a request is made for, so that it is one of nothing else.
pub const NAMESPACE: &str = "runbook-approval";

/// The bytes that are signed to approve a request.
#[must_use]
pub fn to_be_signed(request: Digest) -> String {
    format!("{NAMESPACE} 1\n{request}\n")
}

/// A signature that was found good: whose it is, and of which key. Whoever cannot look inside this
/// crate cannot make one but by handing a signature to the engine, which asks `ssh-keygen`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Who, as the file of allowed signers calls them.
    by: String,
    /// The fingerprint of their key.
    key: String,
    /// The signature itself, as `ssh-keygen -Y sign` prints it.
    text: String,
}

impl Signature {
    /// A signature that was found good.
    #[cfg_attr(not(any(test, feature = "drive")), expect(dead_code, reason = "drive asks"))]
    pub(crate) fn found_good(by: String, key: String, text: String) -> Self {
        Self { by, key, text }
    }

    /// Who signed.
    #[must_use]
    pub fn by(&self) -> &str {
        &self.by
    }

    /// The fingerprint of the key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The signature itself.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A person's approval of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The digest of the card that was shown.
    card: Digest,
    /// The digests of the orders it admits, each once.
    orders: Vec<Digest>,
    /// Who.
    by: String,
    /// What else it is bound to. Without it, as early journals had it, it admits nothing.
    #[serde(default)]
    terms: Option<Terms>,
    /// How.
    #[serde(default)]
    how: How,
}

/// Why an order is not admitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It destroys nothing, and goes another way.
    #[error("it is no destroy")]
    NoDestroy,
    /// One of the approvals is not for exactly this, or of another request, or there is none.
    #[error("what was approved is not what would be sent")]
    Other,
    /// They stand no longer.
    #[error("the approval is too old")]
    Expired,
    /// More people are needed.
    #[error("{have} of {needed} people have approved it")]
    TooFew {
        /// How many different people approved.
        have: u32,
        /// How many it takes.
        needed: u32,
    },
}

impl Approval {
    /// The approval of `card` by typed words: there is one only if there is a word for every host
    /// and each is exactly what that host's line asks for, and the terms are those of this card and
    /// of one person: where it takes more, each of them signs.
    #[must_use]
    pub fn typed(card: &Card, words: &[String], terms: &Terms, by: &str) -> Option<Self> {
        let is_whole = card.digest == card.bound() && card.is_of(terms);
        (is_whole && card.is_typed(words) && terms.needed <= 1).then(|| Self {
            card: card.digest,
            orders: terms.orders(),
            by: by.to_owned(),
            terms: Some(terms.clone()),
            how: How::Typed,
        })
    }

    /// The approval of `card` by a signature; there is one only if the terms are those of this card.
    #[must_use]
    pub fn signed(card: &Card, terms: &Terms, signature: &Signature) -> Option<Self> {
        let is_whole = card.digest == card.bound() && card.is_of(terms);
        is_whole.then(|| Self {
            card: card.digest,
            orders: terms.orders(),
            by: signature.by.clone(),
            terms: Some(terms.clone()),
            how: How::Signed(signature.clone()),
        })
    }

    /// The approval of `card` by the code of a plan: there is one only if the card is of the step and
    /// hosts that were outlook, in the time that was given.
    pub(super) fn in_advance(
        card: &Card,
        advance: &Advance,
        terms: &Terms,
        by: &str,
    ) -> Option<Self> {
        let outlook = &advance.outlook;
        let is_whole = card.digest == card.bound() && card.is_of(terms);
        let is_of = (&card.step, card.text) == (&outlook.step, outlook.text)
            && card.environment == outlook.environment
            && card.hosts.iter().all(|host| outlook.host(&host.host).is_some())
            && terms.needed == 1
            && terms.expires == advance.expires;
        (is_whole && is_of).then(|| Self {
            card: card.digest,
            orders: terms.orders(),
            by: by.to_owned(),
            terms: Some(terms.clone()),
            how: How::Code { outlook: outlook.digest() },
        })
    }

    /// The digest of the card that was shown.
    #[must_use]
    pub const fn card(&self) -> Digest {
        self.card
    }

    /// The digests of the orders it admits.
    #[must_use]
    pub fn orders(&self) -> &[Digest] {
        &self.orders
    }

    /// Who approved.
    #[must_use]
    pub fn by(&self) -> &str {
        &self.by
    }

    /// How they did.
    #[must_use]
    pub const fn how(&self) -> &How {
        &self.how
    }

    /// What it is bound to beside the card; none in early journals.
    #[must_use]
    pub const fn terms(&self) -> Option<&Terms> {
        self.terms.as_ref()
    }

    /// The request that was approved; none in early journals.
    #[must_use]
    pub fn request(&self) -> Option<Digest> {
        Some(self.terms.as_ref()?.request(self.card))
    }

    /// Whether it is for exactly this order, whoever else is needed and whenever it was given.
    #[must_use]
    pub fn admits(&self, order: &Order) -> bool {
        let digest = order.digest();
        let is_bound = |terms: &Terms| {
            terms.step == order.id.step
                && terms.orders() == self.orders
                && terms
                    .hosts
                    .iter()
                    .any(|host| host.host == order.id.host && host.order == Some(digest))
        };
        order.effect == Effect::Destroy && self.terms.as_ref().is_some_and(is_bound)
    }

    /// Whether both are of one person.
    #[must_use]
    pub fn is_same_person(&self, other: &Self) -> bool {
        let key = |approval: &Self| match &approval.how {
            How::Signed(signature) => Some(signature.key.clone()),
            How::Typed | How::Code { .. } => None,
        };
        self.by == other.by || key(self).is_some_and(|own| key(other) == Some(own))
    }

    /// Whether it counts as a person's: where it takes more than one, only a signature does.
    fn counts(&self) -> bool {
        let needed = self.terms.as_ref().map_or(1, |terms| terms.needed);
        needed <= 1 || matches!(self.how, How::Signed(_))
    }

    /// How many different people these approvals of one request are of.
    #[must_use]
    pub fn people<'a>(approvals: impl IntoIterator<Item = &'a Self>) -> u32 {
        let mut counted: Vec<&Self> = Vec::new();
        for approval in approvals {
            let is_other = |other: &&Self| !other.is_same_person(approval);
            if approval.counts() && counted.iter().all(is_other) {
                counted.push(approval);
            }
        }
        u32::try_from(counted.len()).unwrap_or(u32::MAX)
    }
}

/// A destroy that enough people approved, byte for byte, and that may be sent now.
#[derive(Clone, Debug, PartialEq)]
pub struct ApprovedOrder {
    order: Order,
    request: Digest,
    needed: u32,
}

impl ApprovedOrder {
    /// Joins an order to the approvals of a request that admit it.
    ///
    /// # Errors
    /// Gives the order back, and why: they are not for exactly it, not of this request, of too few
    /// people, or stand no longer at that time.
    pub fn admit<'a>(
        order: Order,
        request: Digest,
        approvals: impl IntoIterator<Item = &'a Approval>,
        at: Timestamp,
    ) -> Result<Self, (Box<Order>, Refusal)> {
        let refused = |order, refusal| Err((Box::new(order), refusal));
        if order.effect != Effect::Destroy {
            return refused(order, Refusal::NoDestroy);
        }
        let approvals: Vec<&Approval> = approvals.into_iter().collect();
        let Some(terms) = approvals.first().and_then(|first| first.terms.as_ref()) else {
            return refused(order, Refusal::Other);
        };
        let of_it = |one: &&Approval| one.request() == Some(request) && one.admits(&order);
        if !approvals.iter().all(of_it) {
            return refused(order, Refusal::Other);
        }
        if !terms.stands(at) {
            return refused(order, Refusal::Expired);
        }
        let (have, needed) = (Approval::people(approvals.iter().copied()), terms.needed.max(1));
        if have < needed {
            return refused(order, Refusal::TooFew { have, needed });
        }
        Ok(Self { order, request, needed })
    }

    /// The order.
    #[must_use]
    pub const fn order(&self) -> &Order {
        &self.order
    }

    /// The request that was approved.
    #[must_use]
    pub const fn request(&self) -> Digest {
        self.request
    }

    /// How many people it takes.
    #[must_use]
    pub const fn needed(&self) -> u32 {
        self.needed
    }
}
