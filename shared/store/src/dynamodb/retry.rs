//! The waits between attempts that the SDK does not make.

use std::time::Duration;

use gatehouse_auth::deadline::Deadline;
use gatehouse_auth::random;

/// Attempts at one transaction or batch, including the first.
const MAX_ATTEMPTS: u32 = 4;
/// A wait is 128 to 383 of these, times 2, 4 and 8: 13 to 38 ms, then twice that each time.
const STEP: Duration = Duration::from_micros(50);

/// Counts attempts, and waits longer after each of them.
#[derive(Debug, Default)]
pub(crate) struct Retries(u32);

impl Retries {
    /// Waits before another attempt. Returns false, without waiting, if there are no more,
    /// or if the request's deadline comes first.
    pub(crate) async fn wait(&mut self) -> bool {
        self.0 += 1;
        if self.0 >= MAX_ATTEMPTS {
            return false;
        }
        // Writers that wait equally long collide again. If randomness fails, they may.
        let [jitter] = random::bytes::<1>().unwrap_or_default();
        let steps = u32::from(jitter) + 128;
        let wait = STEP * steps * (1 << self.0);
        if Deadline::current().is_some_and(|deadline| deadline.left() <= wait) {
            return false;
        }
        tokio::time::sleep(wait).await;
        true
    }
}
