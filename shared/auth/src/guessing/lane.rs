//! One leaky bucket: how many attempts it admits at once, and how fast it drains.

use std::time::Duration;

use super::known::MAX_KNOWN;
use crate::time::Timestamp;

/// A leaky bucket. Its whole state is one number, `tat`: when it will have drained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane {
    burst: u32,
    period: Duration,
}

/// What a lane does with one more attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneState {
    /// It admits the attempt, the first in it: `tat` becomes one period from now.
    Drained,
    /// It admits the attempt, besides others: `tat` moves by one period.
    Filling,
    /// It refuses the attempt.
    Full {
        /// How long until it admits one.
        wait: Duration,
    },
}

impl Lane {
    /// For one identifier from any network: 20 attempts in any 24 hours. More let strangers
    /// guess more; fewer let them lock out an owner at a new network for longer.
    pub const IDENTIFIER: Self = Self::new(10, Duration::from_mins(144));
    /// For one identifier from one network: 4 attempts in any 24 hours. Only a known
    /// network's are compared with the account's hash.
    pub const PAIR: Self = Self::new(3, DAY);
    /// For one user who is logged in, to confirm the password: 10 in any 24 hours. More let
    /// the thief of a token guess more.
    pub const SUBJECT: Self = Self::new(5, Duration::from_mins(288));
    /// For the networks that become known to one identifier: 3 in any 24 hours. Each has its
    /// own pair, and so its own guesses.
    pub const NEWLY_KNOWN: Self = Self::new(1, Duration::from_hours(12));

    /// For one recipient of mails that strangers can cause: 5 in any hour and 20 in any 24
    /// hours. More fill a mailbox; fewer let strangers use up the mails of an owner sooner.
    pub const RECIPIENT: Self = Self::new(5, Duration::from_mins(96));
    /// For the addresses that one user types, and that get a code: 10 in any 24 hours. More
    /// let one account mail more people who have nothing to do with it; fewer hold up a user
    /// who mistypes.
    pub const NEW_ADDRESSES: Self = Self::new(5, Duration::from_mins(288));

    /// For one network, whichever user it names: stops anyone from trying one guess on each
    /// of many accounts. How many attempts fit depends on how many people share a network.
    #[must_use]
    pub fn address(attempts_per_hour: u32) -> Self {
        let burst = attempts_per_hour.max(1);
        Self::new(burst, HOUR / burst)
    }

    /// Decides about one more attempt.
    #[must_use]
    pub fn state(&self, tat: Option<Duration>, now: Timestamp) -> LaneState {
        let drained = since_epoch(now);
        match tat {
            Some(tat) if tat > self.limit(now) => LaneState::Full {
                wait: tat.saturating_sub(self.limit(now)),
            },
            Some(tat) if tat > drained => LaneState::Filling,
            Some(_) | None => LaneState::Drained,
        }
    }

    /// Returns how far one attempt moves `tat`.
    #[must_use]
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// Returns the `tat` of the first attempt in a drained lane.
    #[must_use]
    pub fn first(&self, now: Timestamp) -> Duration {
        since_epoch(now).saturating_add(self.period)
    }

    /// Returns the greatest `tat` with which it still admits an attempt.
    #[must_use]
    pub fn limit(&self, now: Timestamp) -> Duration {
        let others = self.period.saturating_mul(self.burst.saturating_sub(1));
        since_epoch(now).saturating_add(others)
    }

    /// Returns how many attempts it admits in any 24 hours.
    pub(super) const fn per_day(&self) -> u128 {
        self.burst as u128 + DAY.as_nanos() / self.period.as_nanos()
    }

    const fn new(burst: u32, period: Duration) -> Self {
        Self { burst, period }
    }
}

/// What is compared with one account's hash in any 24 hours: by the username and by the
/// e-mail address, from all strangers together and from each network that was or becomes
/// known; and with a stolen token. NIST SP 800-63B-4 section 3.2.2 allows a hundred.
pub(super) const GUESSES_PER_DAY: u128 = 2
    * (Lane::IDENTIFIER.per_day()
        + Lane::PAIR.per_day() * (MAX_KNOWN as u128 + Lane::NEWLY_KNOWN.per_day()))
    + Lane::SUBJECT.per_day();
const _: () = assert!(GUESSES_PER_DAY < 100);

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

fn since_epoch(now: Timestamp) -> Duration {
    now.since(Timestamp::from_unix(0))
}
