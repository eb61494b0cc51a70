//! The one place that asks what time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use gatehouse_auth::time::Timestamp;

/// Where the current time comes from; everything else takes it as an argument.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's clock.
    System,
    /// Seconds since the epoch that a test sets, so that no test sleeps.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// Returns the current time; ask once per request, and never keep it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => system_now(),
            Self::Fixed(seconds) => Timestamp::from_unix(seconds.load(Ordering::SeqCst)),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one module that may")]
fn system_now() -> Timestamp {
    SystemTime::now().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_moves_only_when_it_is_moved() {
        let seconds = Arc::new(AtomicI64::new(100));
        let clock = Clock::Fixed(Arc::clone(&seconds));
        assert_eq!(clock.now().unix(), 100);
        seconds.store(-5, Ordering::SeqCst);
        assert_eq!(clock.now().unix(), -5);
    }

    #[test]
    fn the_system_clock_is_past_the_year_2024() {
        assert!(Clock::System.now().unix() > 1_704_067_200);
    }
}
