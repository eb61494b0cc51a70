//! Responses whose time does not show what was found.
//!
//! Known and unknown names cost the same calls, but reading an item takes longer than finding
//! none. A response that must not show the difference waits for the next step.

use std::time::Duration;

use gatehouse_auth::deadline::Deadline;
use tokio::time::{Instant, sleep};

/// How old a request is when it gets its response: a multiple of this.
#[derive(Debug, Clone, Copy)]
pub struct Step(Duration);

impl Default for Step {
    /// 100 ms: well above the difference, and most requests take less, so most responses take one
    /// step.
    fn default() -> Self {
        Self(Duration::from_millis(100))
    }
}

impl Step {
    /// No response waits: for tests of thousands of requests that measure no times.
    pub const NONE: Self = Self(Duration::ZERO);

    /// Waits until the next step of a request that `began` then, but not beyond its deadline.
    pub async fn wait(self, began: Instant) {
        let wait = self.until_next(began.elapsed());
        let left = Deadline::current().map_or(wait, Deadline::left);
        sleep(wait.min(left)).await;
    }

    /// Returns how long a request of that age waits.
    fn until_next(self, age: Duration) -> Duration {
        let Some(steps) = age.as_nanos().checked_div(self.0.as_nanos()) else {
            return Duration::ZERO;
        };
        let steps = u32::try_from(steps + 1).unwrap_or(u32::MAX);
        self.0.saturating_mul(steps).saturating_sub(age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_waits_for_the_next_step() {
        let ages = [0, 1, 99, 100, 101, 250].map(Duration::from_millis);
        let waits = [100, 99, 1, 100, 99, 50].map(Duration::from_millis);
        assert_eq!(ages.map(|age| Step::default().until_next(age)), waits);
        assert_eq!(Step::NONE.until_next(ages[1]), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_late_does_not_wait_beyond_its_deadline() {
        let began = Instant::now();
        let deadline = Deadline::after(Duration::from_millis(30));
        deadline.scope(Step::default().wait(began)).await;
        assert_eq!(began.elapsed(), Duration::from_millis(30));
        Step::default().wait(began).await;
        assert_eq!(began.elapsed(), Duration::from_millis(100));
    }
}
