//! Which counters apply to a login attempt.

use std::time::Duration;

use super::Counter;
use crate::time::Timestamp;

/// What a login attempt is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Counted {
    /// The identifier, from any address.
    Identifier,
    /// The identifier together with this address.
    Pair,
    /// The address, with any identifier.
    Address,
}

/// The counters of one login attempt, as read from the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoginCounters {
    /// The identifier's counter.
    pub identifier: Option<Counter>,
    /// The counter of the identifier together with the address.
    pub pair: Option<Counter>,
    /// The address's counter.
    pub address: Option<Counter>,
}

impl Counted {
    /// Returns the counter's name, as logged.
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

    /// True if the account has recently logged in from this address with this identifier.
    #[must_use]
    pub fn is_known(&self, now: Timestamp) -> bool {
        let last = self.pair.and_then(|pair| pair.last_success_at);
        last.is_some_and(|last| last.plus(KNOWN_FOR) > now)
    }

    /// Returns the counters that apply to the attempt, in the order in which they are
    /// incremented: the one that all attackers share comes first, so that an attempt
    /// which it refuses is not counted anywhere.
    ///
    /// A known address uses only its own pair, so that neither strangers nor newcomers
    /// behind the same address can lock out its users. All others share the identifier's
    /// counter, which is at least as strict as a separate one for each would be.
    #[must_use]
    pub fn binding(&self, now: Timestamp) -> &'static [Counted] {
        if self.is_known(now) {
            &[Counted::Pair]
        } else {
            &[Counted::Identifier, Counted::Address]
        }
    }

    /// Decides what a success writes, given that the first counter that applies holds
    /// `failures` attempts including this one. Omits writes that would have no effect;
    /// otherwise every login would cost one.
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

/// What a successful login writes to its counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    /// The pair is now known and has no failures.
    pub marks_pair: bool,
    /// The identifier has one attempt fewer.
    pub releases_identifier: bool,
}

/// How long an address stays known after it is marked, which makes at least 30 days after
/// a login. A shorter time lets strangers lock out people who rarely log in; a longer one
/// trusts addresses that now belong to someone else.
pub const KNOWN_FOR: Duration = Duration::from_hours(45 * 24);
/// How old a mark gets before the next login renews it. A shorter time costs writes.
const MARKED_EVERY: Duration = Duration::from_hours(15 * 24);
/// From this many attempts on, a success subtracts its own: half of the free ones.
const SETTLED_FROM: u32 = 3;
