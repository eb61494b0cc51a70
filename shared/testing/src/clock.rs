//! A clock that a test moves, so that no test sleeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use gatehouse_auth::time::Timestamp;

use crate::users::NOW;

/// Starts at [`NOW`]. Clones show the same time.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    /// Moves the clock.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Returns the time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst))
    }

    /// Returns the seconds since the epoch, for a function's own clock to share.
    #[must_use]
    pub fn seconds(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.0)
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(NOW.unix())))
    }
}
