//! Which counters an attempt at a login goes through.

use std::time::Duration;

use super::Counter;
use crate::time::Timestamp;

/// What an attempt at a login is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Counted {
    /// The identifier, whatever the address.
    Identifier,
    /// The identifier from this address.
    Pair,
    /// The address, whatever the identifier.
    Address,
}

/// The counters of one attempt at a login, as they were read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoginCounters {
    /// Of the identifier.
    pub identifier: Option<Counter>,
    /// Of the identifier and the address.
    pub pair: Option<Counter>,
    /// Of the address.
    pub address: Option<Counter>,
}

impl Counted {
    /// Names the counter, as the log does.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identifier => "identifier",
            Self::Pair => "pair",
            Self::Address => "address",
        }
    }
}

impl LoginCounters {
    /// Returns a counter.
    #[must_use]
    pub const fn of(&self, counted: Counted) -> Option<&Counter> {
        match counted {
            Counted::Identifier => self.identifier.as_ref(),
            Counted::Pair => self.pair.as_ref(),
            Counted::Address => self.address.as_ref(),
        }
    }

    /// True if the account has lately logged in from this address by this identifier.
    #[must_use]
    pub fn is_known(&self, now: Timestamp) -> bool {
        let last = self.pair.and_then(|pair| pair.last_success_at);
        last.is_some_and(|last| last.plus(KNOWN_FOR) > now)
    }

    /// Returns the counters that bind the attempt, in the order in which they are
    /// reserved: the one that all attackers share comes first, so that what it
    /// refuses counts nowhere.
    ///
    /// A known address has its pair alone: neither strangers, nor newcomers behind
    /// the same address, can keep its people out. All others share the identifier's,
    /// which is at least as narrow as one for each of them would be.
    #[must_use]
    pub fn binding(&self, now: Timestamp) -> &'static [Counted] {
        if self.is_known(now) {
            &[Counted::Pair]
        } else {
            &[Counted::Identifier, Counted::Address]
        }
    }

    /// Decides what a success writes, where the first of the binding counters holds
    /// `failures` attempts, this one included. What would have no effect is left out:
    /// it would be a write at every login.
    #[must_use]
    pub fn settle(&self, failures: u32, now: Timestamp) -> Settlement {
        let matters = failures >= SETTLED_FROM;
        if !self.is_known(now) {
            return Settlement {
                marks_pair: true,
                releases_identifier: matters,
            };
        }
        let last = self.pair.and_then(|pair| pair.last_success_at);
        let ages = last.is_none_or(|last| now.since(last) >= MARKED_EVERY);
        Settlement {
            marks_pair: matters || ages,
            releases_identifier: false,
        }
    }
}

/// What a login that succeeded writes to its counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    /// The pair is known from now on, and has no failures.
    pub marks_pair: bool,
    /// The identifier has one attempt less.
    pub releases_identifier: bool,
}

/// How long an address stays known after it was marked, so that it is at least 30 days
/// after a login. Shorter lets strangers lock out who logs in seldom; longer trusts
/// addresses that have gone to somebody else.
pub const KNOWN_FOR: Duration = Duration::from_hours(45 * 24);
/// How old a mark grows before the next login makes it anew. Shorter costs writes.
const MARKED_EVERY: Duration = Duration::from_hours(15 * 24);
/// From as many attempts on a success takes them back: half of the free ones.
const SETTLED_FROM: u32 = 3;
