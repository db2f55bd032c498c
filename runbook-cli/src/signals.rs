//! Signals: each asks the run to stop, which means that nothing new starts. Listened to before
//! anything is begun. Must not know what runs.

use std::future::Future;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// What Ctrl-C sends: a person at the terminal is asked what becomes of what runs.
pub(crate) const INTERRUPT: &str = "SIGINT";

/// The signals that ask a run to stop.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// Listens from now on: none of them ends this process any more.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The name of the next one.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPT,
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.hangup.recv() => "SIGHUP",
        }
    }

    /// Does what comes before a run, unless a signal comes first: then it is dropped.
    pub(crate) async fn or_stop<T>(
        &mut self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            done = work => done,
            signal = self.next() => {
                let failure = Failure::new(ExitCode::Stopped, format!("stopped by {signal}"));
                Err(failure.line("nothing was changed"))
            }
        }
    }
}
