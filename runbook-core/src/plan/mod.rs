//! Floor 3: a runbook bound to hosts and values. Knows nothing of running.

mod brief;
pub mod capture;
pub mod command;
pub mod condition;
pub mod expectation;
mod judge;
pub mod model;
pub mod observed;
mod pointer;
pub mod request;
mod subject;

pub use crate::runbook::Shell;
pub use capture::CaptureError;
pub use command::{Command, Program};
pub use condition::{Comparand, Condition, Order};
pub use expectation::Expectation;
pub use model::{
    Bound, Destination, Environment, ExpectedIdentity, Host, Identity, Plan, RunFacts,
};
pub use observed::{Exit, Observed, Output, Verdict};
pub use request::HttpRequest;
