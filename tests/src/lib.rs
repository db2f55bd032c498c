//! The lab: real systems on loopback that the end-to-end tests run the command against.
//!
//! One module a system: [`SshHost`] is a real `sshd`, [`Engine`] a real `dockerd` with Compose,
//! [`Registry`] a real image registry, [`Stack`] a Compose project on disk, [`Terminal`] a real
//! pseudo-terminal, [`Runbook`] the command as an operator starts it. Whatever a test starts is
//! ended when its value is dropped, and also when the test process is killed (see [`lifeline`]).
//!
//! The lab is a test's tool: where a part does not come up it panics with everything that part
//! said, since there is nothing a test could do about it. It must not know the engine of the
//! project: it sees only the command, as an operator does.

pub mod address;
pub mod available;
pub mod engine;
pub mod finished;
pub mod host_options;
pub mod hosts;
pub mod http;
pub mod images;
pub mod isolation;
pub mod keys;
pub mod lifeline;
pub mod machine;
pub mod place;
pub mod processes;
pub mod program;
pub mod registry;
pub mod runbook;
pub mod ssh_config;
pub mod stack;
pub mod stream;
pub mod terminal;

pub use address::Address;
pub use available::{Need, available, path_without, ready, tell};
pub use engine::Engine;
pub use finished::Finished;
pub use host_options::{HostOptions, Sudo};
pub use hosts::SshHost;
pub use images::Images;
pub use keys::{Key, Size};
pub use machine::Machine;
pub use place::Place;
pub use program::Program;
pub use registry::Registry;
pub use runbook::Runbook;
pub use ssh_config::SshConfig;
pub use stack::{Snapshot, Stack};
pub use terminal::Terminal;
