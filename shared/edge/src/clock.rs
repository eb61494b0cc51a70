//! The one place that reads the system's clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use gatehouse_auth::time::Timestamp;

/// Where the current time comes from. Everything else takes it as an argument.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's clock.
    System,
    /// Seconds since the epoch, set by a test, so that no test sleeps.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// Returns the current time. Read it once per request, and never keep it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => system_now(),
            Self::Fixed(seconds) => Timestamp::from_unix(seconds.load(Ordering::SeqCst)),
        }
    }

    /// Returns the current time in milliseconds since the epoch, which is how
    /// Lambda states a deadline.
    pub(crate) fn now_millis(&self) -> u64 {
        let now = match self {
            Self::System => system_millis(),
            Self::Fixed(seconds) => seconds.load(Ordering::SeqCst).saturating_mul(1000),
        };
        u64::try_from(now).unwrap_or(0)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "only this module reads the clock"
)]
fn system_now() -> Timestamp {
    SystemTime::now().into()
}

#[expect(
    clippy::disallowed_methods,
    reason = "only this module reads the clock"
)]
fn system_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_moves_only_when_set() {
        let seconds = Arc::new(AtomicI64::new(100));
        let clock = Clock::Fixed(Arc::clone(&seconds));
        assert_eq!(clock.now().unix(), 100);
        seconds.store(-5, Ordering::SeqCst);
        assert_eq!(clock.now().unix(), -5);
        assert_eq!(clock.now_millis(), 0);
    }

    #[test]
    fn the_system_clock_is_past_the_year_2024() {
        assert!(Clock::System.now().unix() > 1_704_067_200);
        assert!(Clock::System.now_millis() > 1_704_067_200_000);
    }
}
