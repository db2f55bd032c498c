//! The wires of one connection in memory, with the places where they break. Knows nothing of what
//! is said over them.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use futures_io::AsyncRead;

use super::world::Faults;

/// Locks, since nobody panics while holding one of these.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics while holding it")
}

/// What one end wrote and the other has not read yet.
#[derive(Debug, Default)]
pub(super) struct Pipe(Mutex<PipeState>);

#[derive(Debug, Default)]
struct PipeState {
    bytes: VecDeque<u8>,
    closed: bool,
    waker: Option<Waker>,
}

impl Pipe {
    fn push(&self, bytes: &[u8]) {
        let mut state = lock(&self.0);
        state.bytes.extend(bytes);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    pub(super) fn close(&self) {
        let mut state = lock(&self.0);
        state.closed = true;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }
}

/// The reading end.
pub(super) struct PipeReader(pub(super) Arc<Pipe>);

impl AsyncRead for PipeReader {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = lock(&self.0.0);
        if state.bytes.is_empty() && !state.closed {
            state.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(io::Read::read(&mut state.bytes, buffer))
    }
}

/// All pipes of one connection, which break together.
#[derive(Debug)]
pub(super) struct Wire {
    faults: Faults,
    state: Mutex<WireState>,
}

#[derive(Debug, Default)]
struct WireState {
    sent: usize,
    received: usize,
    cut: bool,
    pipes: Vec<Arc<Pipe>>,
}

impl Wire {
    pub(super) fn new(faults: Faults) -> Self {
        Self { faults, state: Mutex::default() }
    }

    /// A pipe from the host to us.
    pub(super) fn pipe(&self) -> Arc<Pipe> {
        let pipe = Arc::new(Pipe::default());
        lock(&self.state).pipes.push(Arc::clone(&pipe));
        pipe
    }

    /// Whether it is lost.
    pub(super) fn is_cut(&self) -> bool {
        lock(&self.state).cut
    }

    /// The host says this.
    pub(super) fn send(&self, pipe: &Pipe, bytes: &[u8]) {
        let mut state = lock(&self.state);
        if state.cut {
            return;
        }
        let room =
            |limit: Option<usize>| limit.map_or(usize::MAX, |l| l.saturating_sub(state.sent));
        let (cut, freeze) = (room(self.faults.cut_after), room(self.faults.freeze_after));
        pipe.push(&bytes[..bytes.len().min(cut).min(freeze)]);
        state.sent += bytes.len();
        if bytes.len() >= cut {
            state.cut();
        }
    }

    /// How much of what we say arrives.
    pub(super) fn receive(&self, length: usize) -> usize {
        let mut state = lock(&self.state);
        let limit = self.faults.cut_after_received.unwrap_or(usize::MAX);
        let arrives = if state.cut { 0 } else { length.min(limit.saturating_sub(state.received)) };
        state.received += length;
        if state.received >= limit {
            state.cut();
        }
        arrives
    }
}

impl WireState {
    fn cut(&mut self) {
        self.cut = true;
        self.pipes.drain(..).for_each(|pipe| pipe.close());
    }
}
