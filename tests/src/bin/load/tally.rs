//! How long requests took, and what went wrong.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::mix::Operation;

/// The results of one run. They take four bytes for each request.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    latencies: Mutex<BTreeMap<Operation, Vec<u32>>>,
    failures: Mutex<BTreeMap<String, usize>>,
}

impl Tally {
    /// Adds a request, and how long it took.
    pub(crate) fn add(&self, operation: Operation, took: Duration, result: Result<(), String>) {
        let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        lock(&self.latencies)
            .entry(operation)
            .or_default()
            .push(micros);
        if let Err(failure) = result {
            *lock(&self.failures).entry(failure).or_default() += 1;
        }
    }

    /// Returns the number of requests.
    pub(crate) fn requests(&self) -> usize {
        lock(&self.latencies).values().map(Vec::len).sum()
    }

    /// Returns the number of failed requests.
    pub(crate) fn failed(&self) -> usize {
        lock(&self.failures).values().sum()
    }

    /// Returns a table of percentiles, and the failures.
    pub(crate) fn text(&self) -> String {
        let mut text = String::from(
            "| requests | number | p50 ms | p90 ms | p99 ms | p99.9 ms | max ms |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        );
        for (operation, latencies) in lock(&self.latencies).iter_mut() {
            latencies.sort_unstable();
            let _ = write!(text, "| {} | {} |", operation.name(), latencies.len());
            for per_mille in [500, 900, 990, 999, 1_000] {
                let millis = f64::from(percentile(latencies, per_mille)) / 1_000.0;
                let _ = write!(text, " {millis:.1} |");
            }
            text.push('\n');
        }
        for (failure, count) in lock(&self.failures).iter() {
            let _ = writeln!(text, "{count} failed: {failure}");
        }
        text
    }
}

/// Returns the value that this many of a thousand sorted values do not exceed.
fn percentile(sorted: &[u32], per_mille: usize) -> u32 {
    let rank = (sorted.len() * per_mille).div_ceil(1_000);
    let value = sorted.get(rank.saturating_sub(1));
    value.copied().unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let sorted: Vec<u32> = (1..=100).collect();
        for (per_mille, value) in [(500, 50), (990, 99), (999, 100), (1_000, 100)] {
            assert_eq!(percentile(&sorted, per_mille), value);
        }
        assert_eq!(percentile(&[7], 500), 7);
        assert_eq!(percentile(&[], 500), 0);
    }

    #[test]
    fn failures_are_counted_by_their_text() {
        let tally = Tally::default();
        let millisecond = Duration::from_millis(1);
        tally.add(Operation::Login, millisecond, Ok(()));
        tally.add(Operation::Login, millisecond, Err("/login 503".to_owned()));
        assert_eq!((tally.requests(), tally.failed()), (2, 1));
        let text = tally.text();
        assert!(text.contains("| logins | 2 | 1.0 |"), "{text}");
        assert!(text.contains("1 failed: /login 503"), "{text}");
    }
}
