//! Floor 3: a runbook bound to hosts and values. Knows nothing of running.

pub mod command;
pub mod expectation;
pub mod model;
pub mod observed;
pub mod request;

pub use crate::runbook::Shell;
pub use command::{Command, Program};
pub use model::{
    Bound, Destination, Environment, ExpectedIdentity, Host, Identity, Plan, RunFacts,
};
pub use observed::{Exit, Observed, Output, Verdict};
pub use request::HttpRequest;
