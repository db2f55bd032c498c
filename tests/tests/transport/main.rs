//! The transport against real shells and a real sshd. Knows nothing of runbooks.

mod cuts;
mod jobs;
mod locks;
mod places;
mod reads;
mod ssh;
mod verdicts;
mod world;
