//! The walk over the parsed text: a serde deserializer that never stops at a complaint.
//!
//! It knows the keys of a table from the type it is to become, so the model is the only list of
//! keys there is. A complaint is made where it arises and noted in the [`Notes`]; the error that
//! serde carries upwards only says that it was, and ends at the next
//! [`Field`](super::model::Field). What the keys mean is not known here.

mod entries;
mod error;
mod habits;
mod key;
mod later;
mod node;
mod notes;
mod place;
mod refusal;
mod union;

pub(super) use later::{CHOICE_OF_ITEMS, not_yet};
pub(super) use node::Node;
pub(super) use notes::Notes;
