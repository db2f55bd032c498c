//! An attempt that is a read: attached, ended with its connection, and never anything but a read.

#![expect(clippy::disallowed_methods, reason = "an attempt is timed by this machine")]

use tokio::time::Instant;

use super::outcome;
use super::output::Sink;
use super::requests::{Reply, ask};
use super::stations::is_loss;
use super::world::World;
use crate::plan::{Command, HttpRequest, Observed, Program};
use crate::run::{AttemptId, Input, Loss, Order, Outcome, Payload};
use crate::transport::OutputSink;
use crate::transport::station::{ReachError, ReadError, ReadTerms};

/// Runs a read to its end.
pub(super) async fn read(world: &World, order: Order) -> Input {
    let done = match &order.payload {
        Payload::Command(command) => program(world, &order, command).await,
        Payload::Request(request) => send(world, &order, request).await,
    };
    answer(order.id, done)
}

/// The news that this is.
pub(super) fn answer(attempt: AttemptId, done: Result<Outcome, Loss>) -> Input {
    match done {
        Ok(outcome) => Input::Exited { attempt, outcome },
        Err(loss) => Input::Lost { attempt, loss },
    }
}

/// The news of a read that was dropped because that was asked: its host has killed it by now.
pub(super) fn cancelled(world: &World, attempt: AttemptId) -> Input {
    let outcome = outcome::cancelled(world.outlets.silent(&attempt));
    Input::Exited { attempt, outcome }
}

async fn program(world: &World, order: &Order, command: &Command) -> Result<Outcome, Loss> {
    let host = &order.id.host;
    let connected = world.stations.station(host).await.map_err(Loss::NotStarted)?;
    let terms = ReadTerms { timeout: Some(order.timeout), scratch: wants_scratch(command) };
    let mut sink = world.outlets.of(&order.id);
    let began = Instant::now();
    match connected.station.read(command, terms, &mut sink).await {
        Ok(finished) => outcome::of_program(order, &finished, sink, began.elapsed()),
        Err(error) => {
            if is_loss(&error) {
                world.stations.lost(host, &connected).await;
            }
            lost_read(error, sink)
        }
    }
}

/// What nobody can be sent fails; what was lost may be repeated.
fn lost_read(error: ReadError, sink: Sink) -> Result<Outcome, Loss> {
    match error {
        ReadError::Unsendable(error) => Ok(outcome::unsendable(error.to_string(), sink)),
        // The host says no, and would say it again.
        ReadError::Reach(error @ (ReachError::Sudo { .. } | ReachError::NotAUser(_))) => {
            Ok(outcome::unsendable(error.to_string(), sink))
        }
        ReadError::Reach(error) => Err(Loss::NotStarted(error.to_string())),
        error => Err(Loss::Unknown(error.to_string())),
    }
}

async fn send(world: &World, order: &Order, request: &HttpRequest) -> Result<Outcome, Loss> {
    let mut sink = world.outlets.of(&order.id);
    let began = Instant::now();
    let observed = match ask(world, &order.id.host, request, order.timeout).await {
        Reply::Answered(observed) => observed,
        Reply::Unconnected(why) => Observed::Unanswered(why),
        Reply::Unsendable(why) => return Ok(outcome::unsendable(why, sink)),
        Reply::NoWay(why) => return Err(Loss::NotStarted(why)),
    };
    keep_body(&observed, &mut sink);
    Ok(outcome::of_request(order, &observed, sink, began.elapsed()))
}

/// Of a request the body is the output.
pub(super) fn keep_body(observed: &Observed, sink: &mut Sink) {
    if let Observed::Http { body, .. } = observed {
        sink.stdout(body.text.as_bytes());
    }
}

/// Whether a program uses `$runbook_tmp`.
pub(super) fn wants_scratch(command: &Command) -> bool {
    const NAME: &str = "runbook_tmp";
    match &command.program {
        Program::Script { text, .. } => text.contains(NAME),
        Program::Argv(words) => words.iter().any(|word| word.contains(NAME)),
    }
}
