//! The rule of one counter: some attempts are free, and each further one doubles the wait.

use std::time::Duration;

use super::Counter;
use crate::time::Timestamp;

/// How many attempts are free, and what happens to further ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    free: u32,
    cap: Duration,
    window: Window,
}

/// How long attempts count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Window {
    SinceFirst(Duration),
    SinceLast(Duration),
}

/// What one more attempt does to the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Earlier attempts no longer count: this is the first.
    Begin {
        /// Until when it counts.
        counted_until: Timestamp,
    },
    /// A free attempt: concurrent ones may be counted at the same time.
    Add {
        /// The number of free attempts; the counter must still be below it.
        free: u32,
        /// Until when all attempts count, if that changes.
        counted_until: Option<Timestamp>,
    },
    /// Beyond the free attempts: of any number of concurrent ones, only one passes.
    Raise {
        /// The value that the counter must still have.
        failures: u32,
        /// How long the next attempt has to wait.
        locked_until: Timestamp,
        /// Until when all attempts count, if that changes.
        counted_until: Option<Timestamp>,
    },
    /// Refused and not counted.
    Locked {
        /// The first moment at which an attempt is allowed again.
        until: Timestamp,
    },
}

impl Limit {
    /// For one identifier from an address that the account logs in from. It is the only
    /// counter there, so that strangers' failures cannot lock the owner out; therefore
    /// its waits are long. 24 hashed guesses a day.
    pub const PAIR: Self = Self {
        free: 5,
        cap: Duration::from_secs(1 << 14),
        window: Window::SinceLast(DAY),
    };
    /// For one identifier from all other addresses together, and so from each of them:
    /// 28 hashed guesses a day. An account has two identifiers, so that makes 56; with
    /// the 24 from a known address it stays below 100 (NIST SP 800-63B-4 section 3.2.2).
    pub const IDENTIFIER: Self = Self {
        free: 5,
        cap: Duration::from_secs(1 << 13),
        window: Window::SinceLast(DAY),
    };
    /// For one user who is logged in: password change, deletion, reset.
    pub const USER: Self = Self {
        free: 5,
        cap: Duration::from_secs(1 << 12),
        window: Window::SinceLast(DAY),
    };

    /// For one address, whichever user it names: stops anyone from trying one guess on
    /// each of many accounts. How many attempts an hour are free depends on how many
    /// people share an address.
    #[must_use]
    pub const fn address(attempts_per_hour: u32) -> Self {
        Self {
            free: attempts_per_hour,
            cap: Duration::from_secs(1 << 10),
            window: Window::SinceFirst(HOUR),
        }
    }

    /// Decides what one more attempt does to a counter in this state.
    #[must_use]
    pub fn step(&self, seen: Option<&Counter>, now: Timestamp) -> Step {
        let locked_until = seen.and_then(|counter| counter.locked_until);
        if let Some(until) = locked_until.filter(|until| *until > now) {
            return Step::Locked { until };
        }
        let counts = |counter: &&Counter| counter.counted_until.is_some_and(|until| until > now);
        let Some(counter) = seen.filter(counts) else {
            let (Window::SinceFirst(span) | Window::SinceLast(span)) = self.window;
            let counted_until = now.plus(span);
            return Step::Begin { counted_until };
        };
        let counted_until = match self.window {
            Window::SinceFirst(_) => None,
            Window::SinceLast(span) => Some(now.plus(span)),
        };
        if counter.failures < self.free {
            return Step::Add {
                free: self.free,
                counted_until,
            };
        }
        Step::Raise {
            failures: counter.failures,
            locked_until: now.plus(self.wait(counter.failures - self.free)),
            counted_until,
        }
    }

    /// The wait after an attempt that followed `beyond` others beyond the free ones.
    fn wait(&self, beyond: u32) -> Duration {
        let doubled = FIRST_WAIT.checked_mul(1_u32.checked_shl(beyond).unwrap_or(u32::MAX));
        doubled.map_or(self.cap, |wait| wait.min(self.cap))
    }
}

/// The wait after the first attempt that is not free.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);
/// A shorter time lets a patient attacker start over.
const DAY: Duration = Duration::from_hours(24);
