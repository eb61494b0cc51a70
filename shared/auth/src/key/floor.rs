//! The floor under the key ring: the oldest version of the ring that may still sign, as
//! a signer last read it.
//!
//! A removed key stays in the memory of every process that signs. The removal raises
//! the floor, and a signer looks at it before it uses what it remembers.

use std::time::Duration;

use crate::time::Timestamp;

/// The floor, and when the read of it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FloorLook {
    floor: u64,
    at: Timestamp,
}

impl FloorLook {
    /// Records what a read returned that began at `at`. What was published before that
    /// moment is in it.
    #[must_use]
    pub const fn new(floor: u64, at: Timestamp) -> Self {
        Self { floor, at }
    }

    /// Returns the oldest version of the ring that may sign.
    #[must_use]
    pub const fn floor(self) -> u64 {
        self.floor
    }

    /// Combines two looks of one process, in whatever order they ended. A floor that
    /// was seen once stays, even if the table is restored from a backup.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            floor: self.floor.max(other.floor),
            at: self.at.max(other.at),
        }
    }

    /// True if a request that begins now needs no look of its own.
    #[must_use]
    pub fn is_recent(self, now: Timestamp) -> bool {
        self.is_younger_than(LOOK_AGE, now)
    }

    /// True if nothing is newer: the look is from this very second. A key id that a client
    /// invents is not worth another.
    #[must_use]
    pub fn is_latest(self, now: Timestamp) -> bool {
        self.is_younger_than(LATEST_AGE, now)
    }

    /// True if a token may still be signed because of this look.
    #[must_use]
    pub fn allows_signing(self, now: Timestamp) -> bool {
        self.is_younger_than(SIGNING_AGE, now)
    }

    /// Times are whole seconds, rounded down, so a difference of n of them may be
    /// almost n + 1. A look from the future means that the clock has stepped back, and
    /// the look's age is unknown.
    fn is_younger_than(self, age: Duration, now: Timestamp) -> bool {
        self.at <= now && now.since(self.at) < age
    }
}

/// How old a look may be when a request begins. Longer leaves a slow request less time
/// until [`SIGNING_AGE`]; shorter costs a read unit more often.
const LOOK_AGE: Duration = Duration::from_secs(5);
/// How old a look may be if a refresh token names a MAC key that the ring lacks. Longer
/// refuses tokens that another process has just issued after a removal; shorter lets
/// invented key ids, which anyone can send, become reads.
const LATEST_AGE: Duration = Duration::from_secs(1);
/// How old a look may be when a token is signed. Longer lets a removed key sign for
/// longer; shorter fails the requests that take their whole time.
const SIGNING_AGE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::testing::NOW;

    fn look(floor: u64, second: u64) -> FloorLook {
        FloorLook::new(floor, NOW.plus(Duration::from_secs(second)))
    }

    fn at(second: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(second))
    }

    #[test]
    fn a_look_serves_for_five_seconds_and_signs_for_ten() {
        let look = look(3, 0);
        assert!(look.is_recent(at(0)) && look.is_recent(at(4)));
        assert!(!look.is_recent(at(5)));
        assert!(look.is_latest(at(0)) && !look.is_latest(at(1)));
        assert!(look.allows_signing(at(9)));
        assert!(!look.allows_signing(at(10)));
    }

    #[test]
    fn after_a_step_back_of_the_clock_a_look_is_too_old() {
        let look = look(3, 1);
        assert!(!look.is_recent(at(0)));
        assert!(!look.allows_signing(at(0)));
    }

    #[test]
    fn looks_that_end_in_another_order_never_lower_the_floor() {
        let (early, late) = (look(0, 0), look(6, 3));
        assert_eq!(early.and(late), late);
        assert_eq!(late.and(early), late);
        let restored = look(0, 7);
        assert_eq!(late.and(restored), look(6, 7));
    }
}
