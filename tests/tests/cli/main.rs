//! The command as an operator meets it: whole screens, exit codes, and what is asked.
//!
//! `INSTA_UPDATE=always` rewrites the snapshots.

mod approvals;
mod audit;
mod case;
mod check;
mod doctor;
mod names;
mod outcome;
mod person;
mod plan_files;
mod undo;
