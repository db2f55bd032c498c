//! From what came back to what became of an attempt: judged, captured, counted. Pure.

use std::time::Duration;

use super::output::Sink;
use crate::base::{Value, ValueName};
use crate::plan::{Exit, Observed, Output, capture};
use crate::run::{Loss, Order, Outcome, Part};
use crate::transport::{Ending, Finished};

/// What became of a program that ended.
pub(super) fn of_program(
    order: &Order,
    finished: &Finished,
    sink: Sink,
    took: Duration,
) -> Result<Outcome, Loss> {
    let (stdout, stdout_digest) = sink.stdout.finish();
    let (stderr, stderr_digest) = sink.stderr.finish();
    let exit = match finished.ending {
        Ending::Exited(code) => Exit::Code(code.into()),
        Ending::Signalled(signal) => Exit::Signal(signal.into()),
        Ending::TimedOut => Exit::TimedOut,
        Ending::Cancelled => Exit::Cancelled,
        Ending::NotStarted => return Err(Loss::NotStarted(not_started(&stderr))),
    };
    let mut stdout = stdout;
    // What nobody kept on the host was not seen by any check, either.
    stdout.truncated |= finished.dropped_bytes > 0;
    let observed = Observed::Program { exit, stdout, stderr };
    let (failure, captured, items) = judge(order, &observed);
    let failure = failure.map(|why| why + &not_killed(&finished.not_killed));
    let (stdout, stderr) = (stdout_digest, stderr_digest);
    Ok(Outcome { exit: Some(exit), failure, captured, items, stdout, stderr, took })
}

/// What became of a request that was answered, or never sent.
pub(super) fn of_request(
    order: &Order,
    observed: &Observed,
    sink: Sink,
    took: Duration,
) -> Outcome {
    let (_, stdout) = sink.stdout.finish();
    let (_, stderr) = sink.stderr.finish();
    let (failure, captured, items) = judge(order, observed);
    Outcome { exit: None, failure, captured, items, stdout, stderr, took }
}

/// What became of something that cannot be sent to anybody.
pub(super) fn unsendable(why: String, sink: Sink) -> Outcome {
    let (_, stdout) = sink.stdout.finish();
    let (_, stderr) = sink.stderr.finish();
    let (captured, took) = (Vec::new(), Duration::ZERO);
    Outcome { exit: None, failure: Some(why), captured, items: None, stdout, stderr, took }
}

/// What became of a read that was dropped.
pub(super) fn cancelled(sink: Sink) -> Outcome {
    let exit = Some(Exit::Cancelled);
    Outcome { exit, ..unsendable("it was cancelled".to_owned(), sink) }
}

/// What is to be said of processes that outlived their end.
fn not_killed(processes: &[u32]) -> String {
    let pids: Vec<String> = processes.iter().map(u32::to_string).collect();
    match pids.as_slice() {
        [] => String::new(),
        [pid] => format!("; NOT KILLED: its process {pid} lives on"),
        _ => format!("; NOT KILLED: its processes {} live on", pids.join(", ")),
    }
}

fn not_started(stderr: &Output) -> String {
    let said = crate::base::SafeText::line(&stderr.text);
    if said.as_str().is_empty() { "the host did not start it".to_owned() } else { said.to_string() }
}

type Judged = (Option<String>, Vec<(ValueName, Option<Value>)>, Option<Vec<String>>);

/// Why it is not done, what was taken from it, and its lines.
fn judge(order: &Order, observed: &Observed) -> Judged {
    let verdict = order.expect.judge_step(observed);
    if !verdict.held() {
        return (Some(verdict.line().to_owned()), Vec::new(), None);
    }
    let mut captured = Vec::with_capacity(order.captures.len());
    for (name, capture) in &order.captures {
        match capture::take(capture, observed) {
            Ok(value) => captured.push((name.clone(), value)),
            Err(error) => return (Some(format!("`{name}`: {error}")), Vec::new(), None),
        }
    }
    if !matches!(order.id.part, Part::Items | Part::Suggest(_)) {
        return (None, captured, None);
    }
    match lines(observed) {
        Ok(items) => (None, captured, Some(items)),
        Err(why) => (Some(why), Vec::new(), None),
    }
}

/// The lines of a list, without empty ones.
pub(super) fn lines(observed: &Observed) -> Result<Vec<String>, String> {
    let output = match observed {
        Observed::Program { stdout: output, .. } | Observed::Http { body: output, .. } => output,
        Observed::Connected | Observed::Unanswered(_) => return Err("there is no list".to_owned()),
    };
    if output.truncated {
        let limit = Output::LIMIT / 1024;
        return Err(format!("the list is longer than {limit} KiB, and is never cut"));
    }
    let lines = output.text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}
