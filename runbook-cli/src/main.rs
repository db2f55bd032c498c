//! The command `runbook`: a thin shell around the engine. It reads flags and files, draws what the
//! engine says, and hands over what a person types; it knows only the public face of the library.

mod binding;
mod bundled;
mod catalogue;
mod cli;
mod codes;
mod command_line;
mod commands;
mod execution;
mod exit_code;
mod failure;
mod given;
mod inventory;
mod loading;
mod planned;
mod session;
mod settings;
mod signals;
mod signers;
mod suggestion;
mod terminal;
mod trusted;

use std::sync::Arc;

use clap::Parser as _;

use crate::cli::{Cli, Verb};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::session::Session;
use crate::settings::{Environment, Settings};
use crate::terminal::shell::Shell;

/// How often `-v` is said before the engine's own log is shown.
const LOG: u8 = 2;

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    let settings = match Settings::of(&cli.everywhere, &Environment::of_process()) {
        Ok(settings) => settings,
        Err(failure) => {
            eprintln!("error: {failure}");
            return failure.code.into();
        }
    };
    if settings.verbose >= LOG {
        log_to_stderr();
    }
    let shell = Arc::new(Shell::new(&settings));
    let session = Session { settings, shell: Arc::clone(&shell), now: jiff::Zoned::now() };
    match dispatch(&cli, &session) {
        Ok(code) => code.into(),
        Err(failure) => {
            shell.failure(&failure);
            failure.code.into()
        }
    }
}

fn dispatch(cli: &Cli, session: &Session) -> Result<ExitCode, Failure> {
    match &cli.verb {
        None => Ok(commands::overview::run(session)),
        Some(Verb::Check(check)) => commands::check::run(check, session),
        Some(Verb::List(list)) => Ok(commands::list::run(list, session)),
        Some(Verb::Show(show)) => commands::show::run(show, session),
        Some(Verb::Schema(schema)) => Ok(commands::schema::run(schema, session)),
        Some(Verb::History(history)) => commands::history::run(history, session),
        Some(Verb::Audit(audit)) => block_on(commands::audit::run(audit, session)),
        Some(Verb::Logs(logs)) => commands::logs::run(logs, session),
        Some(Verb::Doctor(doctor)) => block_on(commands::doctor::run(doctor, session)),
        Some(Verb::Plan(plan)) => block_on(commands::plan::run(&plan.target, &plan.view, session)),
        Some(Verb::Run(run)) => block_on(commands::run::run(run, session)),
        Some(Verb::Resume(resume)) => block_on(commands::resume::run(resume, session)),
        Some(Verb::Status(status)) => commands::status::run(status, session),
        Some(Verb::Approve(approve)) => block_on(commands::approve::run(approve, session)),
        Some(Verb::Stop(stop)) => block_on(commands::stop::run(stop, session)),
    }
}

/// Everything that waits does so on this one thread.
fn block_on(verb: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| failure::cannot("start the runtime", &error))?.block_on(verb)
}

/// The engine's own log, for whoever looks for a mistake in it.
fn log_to_stderr() {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_max_level(tracing::Level::DEBUG)
        .init();
}
