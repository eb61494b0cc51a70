//! How long a hash takes on this machine, as measured, and how many were computed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Measurements of one hasher.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Microseconds of a hash with the live parameters; 0 before the first.
    typical: AtomicU64,
    count: AtomicU64,
    compared: AtomicU64,
}

impl Pace {
    /// Records a measurement. Slower ones count at once, faster ones gradually, so that the
    /// last hash of a burst is not begun on the basis of an idle moment.
    pub(super) fn record(&self, took: Duration) {
        let took = u64::try_from(took.min(SLOWEST).as_micros()).unwrap_or(u64::MAX);
        let known = self.typical.load(Ordering::Relaxed);
        let typical = took.max(known.saturating_sub(known / 8));
        self.typical.store(typical, Ordering::Relaxed);
    }

    /// Returns how long a hash takes; zero before the first measurement.
    pub(super) fn typical(&self) -> Duration {
        Duration::from_micros(self.typical.load(Ordering::Relaxed))
    }

    /// Counts a hash.
    pub(super) fn count(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a comparison with a stored hash.
    pub(super) fn count_comparison(&self) {
        self.compared.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn compared(&self) -> u64 {
        self.compared.load(Ordering::Relaxed)
    }

    pub(super) fn counted(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

/// The longest measurement that counts. Lambda may freeze a process in the middle of a
/// hash; after one that seemed to take an hour, no request would ever have enough time left.
const SLOWEST: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_hash_counts_at_once_and_is_forgotten_gradually() {
        let pace = Pace::default();
        assert_eq!(pace.typical(), Duration::ZERO);
        for (took, typical) in [(10, 10), (80, 80), (10, 70), (10, 61), (90, 90)] {
            pace.record(Duration::from_millis(took));
            assert_eq!(pace.typical().as_millis(), typical);
        }
    }

    #[test]
    fn a_process_that_was_frozen_still_hashes() {
        let pace = Pace::default();
        pace.record(Duration::from_hours(1));
        assert_eq!(pace.typical(), SLOWEST);
    }
}
