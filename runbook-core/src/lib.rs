//! The engine of `runbook`: declarative runbooks, previewed truthfully and executed over SSH.
//!
//! One way through: `text → Document → Runbook → Plan → Run → Journal → Report`.

pub mod base;
pub mod confirm;
pub mod document;
#[cfg(feature = "drive")]
pub mod drive;
pub mod journal;
pub mod plan;
pub mod probe;
pub mod report;
pub mod run;
pub mod runbook;
pub mod template;
pub mod transport;
