//! Floor 5: the journal of a run: facts go in, and are records when they are kept. Knows nothing of
//! what the facts mean, of hosts or of screens.
//!
//! The trait, the form of a line and its reader compile everywhere; files and the [`Store`] of run
//! directories come with the feature `drive`.

pub mod clock;
pub mod codec;
mod error;
pub mod facts;
pub mod memory;
pub mod plan_file;
#[cfg(feature = "drive")]
pub mod plan_path;
pub mod read;
mod remade;

#[cfg(test)]
mod line_tests;

#[cfg(feature = "drive")]
mod directory;
#[cfg(feature = "drive")]
pub mod file;
#[cfg(feature = "drive")]
pub mod outputs;
#[cfg(feature = "drive")]
mod room;
#[cfg(feature = "drive")]
pub mod store;

use std::path::Path;

use crate::run::{Event, Record};

#[cfg(feature = "drive")]
pub use clock::SystemClock;
pub use clock::{Clock, CountingClock, Moment};
pub use error::JournalError;
pub use facts::{HostFacts, PlanFacts};
#[cfg(feature = "drive")]
pub use file::FileJournal;
pub use memory::MemoryJournal;
#[cfg(feature = "drive")]
pub use outputs::{Kept, KeptBefore, OutputFile, Outputs};
pub use plan_file::{PLAN_LIFE, PlanFile, PlanFileError};
#[cfg(feature = "drive")]
pub use plan_path::PlanPathError;
pub use read::{Damage, Recorded, Torn, Unreadable};
pub use remade::Snapshot;
#[cfg(feature = "drive")]
pub use store::{NewRun, Places, PlanUse, RunDirectory, StopRequest, Store, StoreError, UsedPlans};

/// How safe a record must be before the append returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// Handed to the system: it survives the death of this process.
    Written,
    /// On the disk: it survives the death of this machine.
    Synced,
}

impl Durability {
    /// What these facts need: all of an append is as safe as the one of it that needs most.
    #[must_use]
    pub fn of<'a>(facts: impl IntoIterator<Item = &'a Event>) -> Self {
        if facts.into_iter().any(Event::must_be_durable) { Self::Synced } else { Self::Written }
    }
}

/// Where the facts of a run are kept, in order, never rewritten.
pub trait Journal: Send {
    /// Appends the facts and gives back the records they became.
    ///
    /// # Errors
    /// They may not be kept, and nothing that depends on them may happen. No later append succeeds.
    fn append(
        &mut self,
        facts: Vec<Event>,
        durability: Durability,
    ) -> Result<Vec<Record>, JournalError>;

    /// The last fact of a run that cannot go on, into room that was set aside for it; for when an
    /// append was refused with [`JournalError::Full`].
    ///
    /// # Errors
    /// Not even that can be kept.
    fn append_last(&mut self, fact: Event) -> Result<Record, JournalError>;

    /// Where it can be read, when it is a file.
    fn location(&self) -> Option<&Path> {
        None
    }
}
