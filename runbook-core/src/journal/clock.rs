//! When a record was written. The only place of the journal that asks a clock.

#![expect(clippy::disallowed_methods, reason = "this is the clock of the records")]

use std::cell::Cell;

use jiff::Timestamp;

/// A moment, by both clocks of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// By the wall clock, to the millisecond.
    pub at: Timestamp,
    /// By a clock that never goes back and does not stop while the machine sleeps, in milliseconds.
    pub elapsed_ms: u64,
}

/// Something that says what time it is.
pub trait Clock: Send {
    /// Now.
    fn now(&self) -> Moment;
}

/// The clocks of this machine.
#[cfg(feature = "drive")]
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[cfg(feature = "drive")]
impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let seconds = u64::try_from(boot.tv_sec).unwrap_or_default();
        let millis = u64::try_from(boot.tv_nsec / 1_000_000).unwrap_or_default();
        let at = Timestamp::now();
        let whole = Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
        Moment { at: whole, elapsed_ms: seconds * 1000 + millis }
    }
}

/// A clock for simulations: every look at it is a millisecond later, from the epoch on.
#[derive(Clone, Debug, Default)]
pub struct CountingClock(Cell<u32>);

impl Clock for CountingClock {
    fn now(&self) -> Moment {
        let now = self.0.get().saturating_add(1);
        self.0.set(now);
        let at = Timestamp::from_millisecond(now.into()).unwrap_or(Timestamp::UNIX_EPOCH);
        Moment { at, elapsed_ms: now.into() }
    }
}
