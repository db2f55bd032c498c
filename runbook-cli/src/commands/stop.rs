//! `runbook stop`: asks whoever drives a run to stop it; where nobody does, it can still stop what the
//! run left on its hosts.

use std::time::Duration;

use runbook_core::journal::{RunDirectory, StopRequest, Store};
use runbook_core::run::Options;

use super::resume::{Reopened, go_on};
use crate::cli::Stop;
use crate::exit_code::ExitCode;
use crate::failure::{Failure, cannot};
use crate::session::Session;
use crate::signals::Signals;

/// How often it is looked whether the run has ended.
const LOOK: Duration = Duration::from_millis(100);

/// Runs the verb.
pub(crate) async fn run(stop: &Stop, session: &Session) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen().map_err(|error| cannot("listen to signals", &error))?;
    let store = Store::at(&session.settings.places);
    let directory = store.find(Some(&stop.run)).map_err(|e| Failure::usage(e.to_string()))?;
    let id = directory.id().clone();
    let by = session.settings.operator.clone();
    if is_driven(&directory)? {
        let request = StopRequest { by, kill: stop.kill };
        directory
            .ask_to_stop(&request)
            .map_err(|error| cannot(format!("stop run {id}"), &error))?;
        session.shell.err(&format!("asked run {id} to stop; waiting until it has …\n"));
        signals.or_stop(until_it_ends(&directory)).await?;
        session
            .shell
            .err(&format!("run {id} has stopped; `runbook resume {id}` goes on with it\n"));
        return Ok(ExitCode::Success);
    }
    if !stop.kill {
        return Err(Failure::usage(format!("nobody drives run {id}: there is nothing to stop"))
            .line("--kill stops what it left running on its hosts"));
    }
    let reopened = Reopened::open(directory)?;
    if reopened.run.state().running().next().is_none() {
        return Err(Failure::usage(format!("run {id} left nothing running on its hosts")));
    }
    let started = reopened.run.options();
    let options = Options { preview_only: false, person: false, nonce: None, ..started.clone() };
    go_on(reopened, options, None, true, &store, session, signals).await
}

fn is_driven(directory: &RunDirectory) -> Result<bool, Failure> {
    let id = directory.id();
    directory.is_driven().map_err(|error| cannot(format!("look at run {id}"), &error))
}

async fn until_it_ends(directory: &RunDirectory) -> Result<(), Failure> {
    while is_driven(directory)? {
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}
