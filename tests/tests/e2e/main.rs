//! The command from end to end, as an operator meets it: the binary against real sshd, a real
//! Docker Engine with Compose, and a real registry. One binary, so that one engine serves all.
//!
//! It sees the command's screens, exit codes and journals, and the systems it acted on; it must not
//! reach into the engine.

mod destroy;
mod disk;
mod doctor;
mod failing;
mod fleet;
mod flood;
mod gate;
mod identity;
mod interrupted;
mod journal;
mod killed;
mod locks;
mod person;
mod plan_files;
mod refusals;
mod remote;
mod resuming;
mod rollback;
mod shell;
mod shop;
mod single;
mod standstill;
mod undo;
