//! The command `runbook`: a thin shell around the engine. It reads flags and files, draws what the
//! engine says, and hands over what a person types; it knows only the public face of the library.

mod bundled;
mod cli;
mod exit_code;
mod failure;
mod settings;
mod suggestion;
mod terminal;

fn main() {}
