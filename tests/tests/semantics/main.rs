//! The rules of the language, one test or more a rule, named after it: a runbook is loaded, bound and
//! run in a scripted world. Knows nothing of hosts and of the driver.

mod approvals;
mod checks;
mod destroys;
mod ending;
mod failing;
mod names;
mod order;
mod people;
mod plan_files;
mod recovery;
mod resuming;
mod undo;
mod undoing;
mod world;
