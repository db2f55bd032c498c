//! The verbs, one file each. A verb reads, asks the engine, and hands what came out to the screens.

pub(crate) mod approve;
pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod doctor;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod logs;
pub(crate) mod overview;
pub(crate) mod plan;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod show;
mod show_plan;
pub(crate) mod status;
pub(crate) mod stop;
