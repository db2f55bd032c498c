//! A line of the journal: an event, when it was written, and the chain that makes damage visible.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::Event;
use crate::base::Digest;

/// A line of the journal. What a live display shows and what a replay reads is the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its place, from 0.
    pub seq: u64,
    /// When it was written, by the wall clock. Order comes from `seq`, never from this.
    pub at: Timestamp,
    /// The same by a clock that never goes back, since an arbitrary moment, in milliseconds.
    pub elapsed_ms: u64,
    /// The fact.
    pub fact: Event,
    /// The `sum` of the line before; of the first, 64 zeros.
    pub prev: Digest,
    /// SHA-256 of this line without it.
    pub sum: Digest,
}
