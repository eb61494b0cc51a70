//! Which counters an attempt at a login goes through.

use std::time::Duration;

use super::{Counter, Limit};
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

    /// True if the account has logged in from this address within 30 days, by this
    /// identifier.
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
    /// the same address, can keep its people out.
    #[must_use]
    pub fn binding(&self, now: Timestamp) -> &'static [(Counted, Limit)] {
        if self.is_known(now) {
            &[(Counted::Pair, Limit::KNOWN_PAIR)]
        } else {
            &[
                (Counted::Identifier, Limit::IDENTIFIER),
                (Counted::Pair, Limit::PAIR),
                (Counted::Address, Limit::ADDRESS),
            ]
        }
    }
}

/// How long an address stays known after a login. Shorter lets strangers lock out who
/// logs in seldom; longer trusts addresses that have gone to somebody else.
pub const KNOWN_FOR: Duration = Duration::from_hours(30 * 24);
