//! What a program says, collected while it runs, and waiting for it to say something.
//! Must not know programs or terminals.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long the lab waits for anything before it gives up and shows what it has. Reached only by
/// a test that fails.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A value that a reading thread keeps up to date, and whether the source has ended.
#[derive(Debug)]
pub struct Stream<T> {
    shared: Arc<(Mutex<(T, bool)>, Condvar)>,
}

impl<T> Clone for Stream<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T: Send + 'static> Stream<T> {
    /// Follows a source to its end on a thread of its own, giving each piece to `take`.
    pub fn follow<R, F>(mut source: R, start: T, take: F) -> Self
    where
        R: Read + Send + 'static,
        F: Fn(&mut T, &[u8]) + Send + 'static,
    {
        let stream = Self { shared: Arc::new((Mutex::new((start, false)), Condvar::new())) };
        let writer = stream.clone();
        std::thread::spawn(move || {
            let mut piece = [0; 16 * 1024];
            loop {
                // a pseudo-terminal ends with an error (EIO), a pipe with nothing
                let length = source.read(&mut piece).unwrap_or(0);
                let mut state = writer.lock();
                if length == 0 {
                    state.1 = true;
                } else {
                    take(&mut state.0, &piece[..length]);
                }
                writer.shared.1.notify_all();
                if length == 0 {
                    return;
                }
            }
        });
        stream
    }

    /// Looks at the value as it is now.
    pub fn look<R>(&self, see: impl FnOnce(&mut T) -> R) -> R {
        see(&mut self.lock().0)
    }

    /// Waits until the value satisfies `is_there`; false when the source ended before, or when
    /// the limit was reached.
    pub fn wait_until(&self, limit: Duration, mut is_there: impl FnMut(&mut T) -> bool) -> bool {
        let deadline = Instant::now() + limit;
        let mut state = self.lock();
        loop {
            if is_there(&mut state.0) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if state.1 || left.is_zero() {
                return false;
            }
            state =
                self.shared.1.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits for the end of the source; false when the limit was reached.
    pub fn wait_for_end(&self, limit: Duration) -> bool {
        let (_, signal) = &*self.shared;
        let (state, _) = signal
            .wait_timeout_while(self.lock(), limit, |state| !state.1)
            .unwrap_or_else(PoisonError::into_inner);
        state.1
    }

    fn lock(&self) -> MutexGuard<'_, (T, bool)> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
