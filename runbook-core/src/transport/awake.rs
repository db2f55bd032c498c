//! Time that counts only while this process runs. A process that is stopped (Ctrl-Z, SIGSTOP) or
//! starved finds on waking that the clock went on without it; a deadline that passed meanwhile says
//! nothing about the host, which was not listened to. Knows nothing of what is waited for.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

/// A wait is counted in pieces of this, each of which counts once however long it took.
const PIECE: Duration = Duration::from_secs(1);

/// Sleeps so long, not counting the time in which this process stood still.
pub(crate) async fn sleep(duration: Duration) {
    let mut left = duration;
    while !left.is_zero() {
        let piece = left.min(PIECE);
        tokio::time::sleep(piece).await;
        left -= piece;
    }
}

/// What the work comes to, unless it takes longer; time in which this process stood still does not
/// count.
pub(crate) async fn timeout<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    tokio::select! {
        biased;
        done = &mut work => Some(done),
        () = sleep(limit) => None,
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "what was waited is measured on a clock that is set")]
mod tests {
    use std::future::pending;

    use tokio::time::{Instant, advance};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_slept_is_what_was_asked_for() {
        let began = Instant::now();
        sleep(Duration::from_millis(2_500)).await;
        let slept = began.elapsed();
        assert!((2_500..2_510).contains(&slept.as_millis()), "{slept:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_standstill_counts_as_one_piece() {
        let began = Instant::now();
        let waiting = tokio::spawn(timeout(Duration::from_secs(5), pending::<()>()));
        tokio::task::yield_now().await;
        // the clock goes on, and nobody is there to see it
        advance(Duration::from_secs(600)).await;
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "the standstill was counted");
        assert_eq!(waiting.await.expect("it does not panic"), None);
        let waited = began.elapsed().as_secs();
        assert!((604..606).contains(&waited), "four pieces were left, and {waited} s passed");
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_ended_meanwhile_is_not_late() {
        let (done, heard) = tokio::sync::oneshot::channel();
        let waiting = tokio::spawn(timeout(Duration::from_millis(900), heard));
        tokio::task::yield_now().await;
        advance(Duration::from_secs(600)).await;
        done.send("heard").expect("it is waited for");
        assert_eq!(waiting.await.expect("it does not panic"), Some(Ok("heard")));
    }
}
