//! Floor 6: the loop that carries the machine's orders out and brings the news back. The only place
//! with a runtime; knows nothing of terminals.
//!
//! [`Engine::new`] takes the [`Parts`] a run is made of, [`Engine::run`] executes a plan to its end.
//! The rules of the house are types here: what changes a host leaves only as a [`Durable`] order,
//! which only a synced append can make, and what destroys only as a durable *approved* one.

mod attempt;
mod change;
mod control;
mod destination;
pub mod doctor;
mod driver;
mod lease;
mod lock;
#[cfg(test)]
mod mutations;
mod nonce;
mod outcome;
mod output;
mod person;
mod probing;
mod requests;
#[cfg(test)]
mod sample;
mod signers;
mod standstill;
mod stations;
mod suggestions;
mod world;
mod write_ahead;

use std::path::PathBuf;
use std::sync::Arc;

use crate::base::RunId;
use crate::confirm::Confirmer;
use crate::journal::{Journal, Outputs, UsedPlans};
use crate::probe::Probe;
use crate::report::{Reporter, Summary};
use crate::transport::Transport;

pub use control::Control;
pub use driver::Engine;
pub use nonce::drawn;
pub use signers::{Signers, sign};
pub use suggestions::{Ways, suggestions};
pub use write_ahead::Durable;

/// What a run is made of.
pub struct Parts {
    /// The way to hosts.
    pub ssh: Arc<dyn Transport>,
    /// The way to this machine.
    pub local: Arc<dyn Transport>,
    /// What asks over the network.
    pub probe: Arc<dyn Probe>,
    /// Where the facts are kept.
    pub journal: Box<dyn Journal>,
    /// Where outputs are kept; none keeps none.
    pub outputs: Option<Outputs>,
    /// Directories for locks on this machine: the first that can be used is.
    pub locks: Vec<PathBuf>,
    /// Where it is written down that a plan file was used; none executes no plan file.
    pub plans: Option<UsedPlans>,
    /// Who is asked.
    pub confirmer: Arc<dyn Confirmer>,
    /// Whose signatures count, where it takes more people than one; none where nobody's do.
    pub signers: Option<Signers>,
    /// Who watches.
    pub reporter: Box<dyn Reporter>,
    /// Whether a person may be asked by `ssh` for a passphrase.
    pub attended: bool,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("outputs", &self.outputs).finish_non_exhaustive()
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// The run.
    pub run: RunId,
    /// Where its journal is, when it is a file.
    pub journal: Option<PathBuf>,
    /// The exit code.
    pub code: u8,
    /// The sentence.
    pub sentence: String,
    /// What became of everything.
    pub summary: Summary,
}

/// The exit code for: an outcome is unknown, or the journal could not be kept.
const LOOK_BEFORE_YOU_ACT: u8 = 5;
