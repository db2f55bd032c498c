//! Floor 3: a runbook bound to hosts and values. Knows nothing of running.

mod brief;
pub mod capture;
pub mod command;
pub mod condition;
pub mod expectation;
pub mod inventory;
mod inventory_reader;
mod judge;
pub mod model;
mod near;
pub mod observed;
pub mod parameter;
mod pointer;
pub mod request;
mod subject;

pub use crate::runbook::Shell;
pub use capture::CaptureError;
pub use command::{Command, Program};
pub use condition::{Comparand, Condition, Order};
pub use expectation::Expectation;
pub use inventory::{EnvironmentEntry, HostEntry, Inventory};
pub use model::{
    Bound, Destination, Environment, ExpectedIdentity, Host, Identity, Plan, RunFacts,
};
pub use observed::{Exit, Observed, Output, Verdict};
pub use request::HttpRequest;
