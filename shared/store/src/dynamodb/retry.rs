//! The waits between our own attempts, where the SDK makes none.

use std::time::Duration;

use gatehouse_auth::random;

/// Counts attempts and waits between them, longer each time.
#[derive(Debug, Default)]
pub(crate) struct Retries(u32);

impl Retries {
    /// Waits before another attempt; false when there are no more.
    pub(crate) async fn wait(&mut self) -> bool {
        self.0 += 1;
        if self.0 >= MAX_ATTEMPTS {
            return false;
        }
        // Rivals that wait equally long meet again; without randomness they may.
        let [jitter] = random::bytes::<1>().unwrap_or_default();
        let steps = u32::from(jitter) + 128;
        tokio::time::sleep(STEP * steps * (1 << self.0)).await;
        true
    }
}

/// Attempts at one transaction or batch, the first included.
const MAX_ATTEMPTS: u32 = 4;
/// The waits are 128 to 383 of these times 2, 4, 8: 13 to 38 ms, then double.
const STEP: Duration = Duration::from_micros(50);
