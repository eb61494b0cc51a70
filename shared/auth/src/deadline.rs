//! When a request must have its response. It travels with the task that handles the
//! request, so that every store call, hash and HTTP call sees the same one.
//!
//! A task that is spawned does not inherit it: wrap its future in
//! [`scope`](Deadline::scope) again.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::failure::Failure;

tokio::task_local! {
    static CURRENT: Deadline;
}

/// The moment by which a request must have its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

/// There was too little time left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the time for this request is over")]
pub struct Late;

impl Failure for Late {
    fn is_transient(&self) -> bool {
        true
    }
}

/// The least time in which a write may begin. With less, a write is more likely to be cut
/// off, and then nobody knows whether it happened.
const WRITE_MARGIN: Duration = Duration::from_millis(300);
/// How much longer than its deadline a handler may take to say that it is late. Longer
/// keeps a client waiting; without it, the handler's own error would never be seen.
const GRACE: Duration = Duration::from_millis(100);

impl Deadline {
    /// Returns the deadline that is this far away, or the current one if that is sooner.
    #[must_use]
    pub fn after(left: Duration) -> Self {
        // Tokio's instants have an end, which no request will see.
        const FAR: Duration = Duration::from_hours(24);
        let deadline = Self(Instant::now() + left.min(FAR));
        Self::current().map_or(deadline, |current| current.min(deadline))
    }

    /// Returns the deadline of the request that this task handles, if it has one.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|deadline| *deadline).ok()
    }

    /// Returns the time that is left; zero if the deadline has passed.
    #[must_use]
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Returns whether a write may still begin.
    #[must_use]
    pub fn allows_write(self) -> bool {
        self.left() >= WRITE_MARGIN
    }

    /// Runs a future that sees this deadline as the current one.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        CURRENT.scope(self, future).await
    }

    /// Runs a future that sees this deadline, and drops it a moment after the deadline.
    ///
    /// # Errors
    /// [`Late`] if the deadline has passed already, or passes before the future is ready.
    pub fn enforce<F: Future>(self, future: F) -> impl Future<Output = Result<F::Output, Late>> {
        // Boxed: whatever a request does would be too large to move around.
        let future = Box::pin(self.scope(future));
        async move {
            if self.left().is_zero() {
                return Err(Late);
            }
            let limited = timeout_at(self.0 + GRACE, future).await;
            limited.map_err(|_| Late)
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_future_is_dropped_a_moment_after_its_deadline() {
        let started = Instant::now();
        let late = Deadline::after(SECOND).enforce(sleep(2 * SECOND)).await;
        assert_eq!(late, Err(Late));
        assert!(started.elapsed() <= SECOND + 2 * GRACE);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_begins_after_the_deadline() {
        let deadline = Deadline::after(Duration::ZERO);
        let late = deadline.enforce(async { panic!("it began") }).await;
        assert_eq!(late, Err::<(), _>(Late));
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_within_another_is_the_sooner_of_the_two() {
        assert_eq!(Deadline::current(), None);
        let outer = Deadline::after(SECOND);
        outer
            .scope(async {
                assert_eq!(Deadline::after(5 * SECOND), outer);
                assert!(Deadline::after(SECOND / 2) < outer);
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn no_write_begins_in_the_last_300_ms() {
        let deadline = Deadline::after(SECOND);
        sleep(Duration::from_millis(700)).await;
        assert!(deadline.allows_write());
        sleep(Duration::from_millis(1)).await;
        assert!(!deadline.allows_write());
    }
}
