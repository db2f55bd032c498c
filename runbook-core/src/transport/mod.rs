//! The rooms between the engine and a host: links, and the protocol that is spoken over them.
//! Knows nothing of runs, steps, journals or terminals.
//!
//! Three layers. A [`Transport`] gives a [`Link`], which can open commands and streams and nothing
//! else: `ssh`, `local`, and `scripted` for a world written in a file. Over a link's one
//! command the supervisor speaks its protocol. A [`Station`] is what the driver holds: one host
//! on which reads are run and durable jobs are launched, followed and cancelled.

#[cfg(feature = "drive")]
pub(crate) mod awake;
mod ending;
pub mod evidence;
mod job;
pub mod link;
mod said;

#[cfg(feature = "drive")]
pub mod local;
#[cfg(feature = "drive")]
pub mod scripted;
#[cfg(feature = "drive")]
pub mod ssh;
#[cfg(feature = "drive")]
pub mod station;
#[cfg(feature = "drive")]
mod supervisor;

pub use ending::{Ending, Finished};
pub use evidence::{Doubt, Evidence, Expected, JobState, Runner};
pub use job::JobName;
pub use link::{
    Address, Channel, ConnectError, Destination, Duplex, End, Link, OpenError, Pending, Reader,
    Transport, Writer,
};
pub use said::Said;
#[cfg(feature = "drive")]
pub use station::{Base, Identity, Station};
#[cfg(feature = "drive")]
pub use supervisor::{Collected, OutputSink, Unsendable};
