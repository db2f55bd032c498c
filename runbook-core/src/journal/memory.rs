//! A journal in memory, for simulations, tests and embedders that keep none. Nothing in it is ever
//! durable, whatever is asked.

use super::clock::Clock;
use super::{Durability, Journal, JournalError, codec};
use crate::run::{Event, Record};

/// Records in memory.
pub struct MemoryJournal {
    clock: Box<dyn Clock>,
    records: Vec<Record>,
}

impl MemoryJournal {
    /// An empty one.
    pub fn new(clock: impl Clock + 'static) -> Self {
        Self { clock: Box::new(clock), records: Vec::new() }
    }

    /// What it holds.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }
}

impl std::fmt::Debug for MemoryJournal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryJournal").field("records", &self.records).finish_non_exhaustive()
    }
}

impl Journal for MemoryJournal {
    fn append(&mut self, facts: Vec<Event>, _: Durability) -> Result<Vec<Record>, JournalError> {
        let first = self.records.len();
        for fact in facts {
            let (record, _) = codec::encode(self.records.last(), self.clock.now(), fact)?;
            self.records.push(record);
        }
        Ok(self.records[first..].to_vec())
    }

    fn append_last(&mut self, fact: Event) -> Result<Record, JournalError> {
        let (record, _) = codec::encode(self.records.last(), self.clock.now(), fact)?;
        self.records.push(record.clone());
        Ok(record)
    }
}
