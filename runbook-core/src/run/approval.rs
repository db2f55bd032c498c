//! An approval and the only way to an order that it admits.
//!
//! A driver can send a destroy only as an [`ApprovedOrder`], and there is no way to make one but
//! from an approval whose card names exactly this order: an approval that does not match cannot be
//! written down.

use serde::{Deserialize, Serialize};

use super::attempt::{Effect, Order};
use super::question::Card;
use crate::base::Digest;

/// A person's approval of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The digest of the card that was shown.
    card: Digest,
    /// The digests of the orders it admits, each once.
    orders: Vec<Digest>,
    /// Who.
    by: String,
}

impl Approval {
    /// The approval of `card` by typed words: there is one only if there is a word for every host
    /// and each is exactly what that host's line asks for, and `orders` are the programs of the card
    /// (none for what a person does).
    #[must_use]
    pub fn of(card: &Card, words: &[String], orders: &[Order], by: &str) -> Option<Self> {
        let all_typed = words.len() == card.hosts.len()
            && card.hosts.iter().zip(words).all(|(host, typed)| host.confirm == *typed);
        let programs: Vec<_> = card.hosts.iter().filter(|host| host.payload.is_some()).collect();
        let same_bytes = programs.len() == orders.len()
            && programs.iter().zip(orders).all(|(host, order)| {
                host.host == order.id.host && host.payload.as_ref() == Some(&order.payload)
            });
        (all_typed && same_bytes).then(|| Self {
            card: card.digest,
            orders: orders.iter().map(Order::digest).collect(),
            by: by.to_owned(),
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

    /// Whether it is for exactly this order.
    #[must_use]
    pub fn admits(&self, order: &Order) -> bool {
        order.effect == Effect::Destroy && self.orders.contains(&order.digest())
    }

    /// Joins the approval to an order it admits.
    ///
    /// # Errors
    /// Gives the order back when the approval is not for exactly it.
    pub fn admit(&self, order: Order) -> Result<ApprovedOrder, Box<Order>> {
        if self.admits(&order) { Ok(ApprovedOrder { order }) } else { Err(Box::new(order)) }
    }
}

/// A destroy that a person approved, byte for byte.
#[derive(Clone, Debug, PartialEq)]
pub struct ApprovedOrder {
    order: Order,
}

impl ApprovedOrder {
    /// The order.
    #[must_use]
    pub const fn order(&self) -> &Order {
        &self.order
    }
}
