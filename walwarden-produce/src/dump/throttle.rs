//! A rate that is not exceeded, counted from the beginning.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// Bytes a second, of all that share it.
#[derive(Debug)]
pub struct Throttle {
    per_second: Option<u64>,
    began: Instant,
    done: AtomicU64,
}

impl Throttle {
    /// Begins to count; without a rate nothing is ever too early.
    #[must_use]
    pub fn new(per_second: Option<u64>) -> Self {
        Self { per_second, began: Instant::now(), done: AtomicU64::new(0) }
    }

    /// Counts further bytes, and says how long to wait before the next.
    #[must_use]
    pub fn add(&self, bytes: u64) -> Duration {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.ahead(done)
    }

    /// How much too early so many bytes in all are.
    #[must_use]
    pub fn ahead(&self, bytes: u64) -> Duration {
        let Some(per_second) = self.per_second else { return Duration::ZERO };
        let due = Duration::from_millis(bytes.saturating_mul(1000) / per_second.max(1));
        due.saturating_sub(self.began.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_due_by_the_rate() {
        let throttle = Throttle::new(Some(1000));
        assert_eq!(throttle.ahead(0), Duration::ZERO);
        let wait = throttle.add(2000) + throttle.began.elapsed();
        assert!(wait >= Duration::from_secs(2) && wait < Duration::from_secs(3), "{wait:?}");
        assert!(throttle.add(1000) > Duration::from_secs(2));
        assert_eq!(Throttle::new(None).add(u64::MAX), Duration::ZERO);
    }
}
