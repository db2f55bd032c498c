//! Floor 3: a runbook bound to hosts and values. Knows nothing of running.

pub mod bind;
mod brief;
pub mod caller;
pub mod capture;
pub mod command;
pub mod condition;
pub mod expectation;
#[cfg(test)]
mod fixture;
pub mod inventory;
mod inventory_reader;
mod judge;
mod limit;
pub mod model;
mod near;
mod needed;
pub mod observed;
pub mod parameter;
mod pointer;
pub mod request;
mod selection;
mod subject;
mod values;
pub mod wanted;

pub use crate::runbook::Shell;
pub use bind::{BindError, Given, Problem};
pub use caller::LeftBehind;
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
pub use selection::named_host;
pub use wanted::Wanted;
