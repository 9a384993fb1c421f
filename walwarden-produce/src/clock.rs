//! The one place that reads a clock.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use walwarden_core::Time;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, to the microsecond.
    fn now(&self) -> Time;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one clock")]
    fn now(&self) -> Time {
        let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
        };
        // A clock outside the years 0000 to 9999 is told as the epoch: recorded_at never goes back anyway.
        Time::from_micros(micros).unwrap_or_else(epoch)
    }
}

/// A clock for tests: starts where it is told and goes on by one second each time it is asked.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// The first answer is `start`.
    #[must_use]
    pub const fn new(start: Time) -> Self {
        Self(AtomicI64::new(start.micros()))
    }

    /// The next answer will be `time`.
    pub fn set(&self, time: Time) {
        self.0.store(time.micros(), Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Time {
        Time::from_micros(self.0.fetch_add(1_000_000, Ordering::SeqCst)).unwrap_or_else(epoch)
    }
}

fn epoch() -> Time {
    Time::from_micros(0).unwrap_or_else(|| unreachable!("the epoch is a time"))
}
