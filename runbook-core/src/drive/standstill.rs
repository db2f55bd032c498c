//! Notices that this process stood still: it was stopped, its machine slept, or it got no turn.
//! What runs on hosts went on meanwhile. Must not know what is under way.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How often it looks.
const BEAT: Duration = Duration::from_secs(1);

/// A shorter standstill is not worth a line: a loaded machine has those.
const WORTH_SAYING: Duration = Duration::from_secs(30);

/// Compares two clocks: one that counts beats, and the machine's own, which goes on through sleep.
#[derive(Debug)]
pub(super) struct Standstill {
    beats: Interval,
    clock: fn() -> Duration,
    last: Duration,
}

impl Standstill {
    /// Begins to look.
    pub(super) fn watch() -> Self {
        Self::by(since_boot)
    }

    fn by(clock: fn() -> Duration) -> Self {
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { beats, clock, last: clock() }
    }

    /// How long this process stood still, once it has. What was noticed is not lost where this is
    /// dropped and called again.
    pub(super) async fn noticed(&mut self) -> Duration {
        loop {
            self.beats.tick().await;
            let now = (self.clock)();
            let passed = now.saturating_sub(self.last);
            self.last = now;
            if passed > WORTH_SAYING {
                return passed.saturating_sub(BEAT);
            }
        }
    }
}

/// The time since the machine was started, with the time it slept.
fn since_boot() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    thread_local! {
        static NOW: Cell<u64> = const { Cell::new(100) };
    }

    fn told() -> Duration {
        Duration::from_secs(NOW.get())
    }

    fn once(standstill: &mut Standstill) -> Poll<Duration> {
        pin!(standstill.noticed()).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_long_standstill_is_said_and_once() {
        let mut standstill = Standstill::by(told);
        // 20 s late is a loaded machine
        for now in [101, 121, 122] {
            NOW.set(now);
            assert_eq!(once(&mut standstill), Poll::Pending);
            tokio::time::advance(BEAT).await;
        }
        NOW.set(722);
        assert_eq!(standstill.noticed().await, Duration::from_secs(599));
        NOW.set(723);
        assert_eq!(once(&mut standstill), Poll::Pending);
    }

    #[test]
    fn the_clock_of_the_machine_goes_on() {
        let before = since_boot();
        assert!(!before.is_zero() && since_boot() >= before);
    }
}
