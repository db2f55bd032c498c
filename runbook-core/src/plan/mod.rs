//! Floor 3: a runbook bound to hosts and values. Knows nothing of running.

pub mod command;

pub use crate::runbook::Shell;
pub use command::{Command, Program};
