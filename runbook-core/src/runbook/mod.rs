//! Floor 2: the validated runbook. Every rule of the format holds here; hosts and arguments are not
//! known.

mod acting;
pub mod check;
mod graph;
mod local_tool;
pub mod model;
mod rules;
pub mod step;
mod validate;

pub use check::{Check, Expect, Literal, Patience, Probe, Test};
pub use model::{Lock, Param, Role, Runbook, Suggest};
pub use rules::{RULES, Rule};
pub use step::{
    Amount, Capture, CaptureFrom, Card, Choice, CountRange, How, Items, Kind, Method, OnFailure,
    Pattern, Place, Proof, Request, RequestBody, Retry, Rung, Script, Setting, Shell, Step, Sudo,
    Undo, UndoAction, UndoStep,
};
