//! Waiting for other attempts that are under way: if their passwords are right, they leave
//! the lane.

use std::time::Duration;

use gatehouse_auth::deadline::Deadline;
use gatehouse_auth::random;
use tokio::time::{Instant, sleep};

/// How long an attempt waits in all. Longer holds more of the function's instances during
/// an attack; shorter refuses right passwords that arrive together.
const LONGEST: Duration = Duration::from_secs(2);
/// The shortest turn; a random part of twice as much comes on top, so that those who wait
/// do not all come back at once.
const TURN: Duration = Duration::from_millis(50);

/// How long an attempt has waited for others.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    until: Instant,
}

impl Waiting {
    /// Begins with the attempt.
    #[must_use]
    pub fn begin() -> Self {
        Self {
            until: Instant::now() + LONGEST,
        }
    }

    /// Waits for 50 to 150 ms. Returns false, without waiting, if that would be too long
    /// in all, or longer than the request may take.
    pub async fn turn(&self) -> bool {
        // If randomness fails, they do come back at once.
        let [jitter] = random::bytes::<1>().unwrap_or_default();
        let turn = TURN + TURN * 2 * u32::from(jitter) / u32::from(u8::MAX);
        let is_late = Deadline::current().is_some_and(|deadline| deadline.left() <= turn);
        if is_late || Instant::now() + turn > self.until {
            return false;
        }
        sleep(turn).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn waits() -> Duration {
        let (began, waiting) = (Instant::now(), Waiting::begin());
        while waiting.turn().await {}
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_waits_two_seconds_at_most_and_never_past_the_deadline() {
        let least = Duration::from_millis(1_840);
        assert!((least..=LONGEST).contains(&waits().await));
        let deadline = Deadline::after(Duration::from_millis(500));
        let least = Duration::from_millis(340);
        let waited = deadline.scope(waits()).await;
        assert!(waited >= least && !deadline.left().is_zero(), "{waited:?}");
    }
}
