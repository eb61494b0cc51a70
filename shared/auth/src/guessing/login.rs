//! Which lane a login attempt is counted in.

use std::time::Duration;

use super::{Counter, Lane, LaneState};
use crate::time::Timestamp;

/// What an attempt is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Counted {
    /// The identifier, from any network.
    Identifier,
    /// The identifier together with this network.
    Pair,
    /// The network, with any identifier.
    Address,
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

/// The counters of one login attempt, as last seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoginCounters {
    /// The identifier's counter.
    pub identifier: Counter,
    /// The counter of the identifier together with the network.
    pub pair: Counter,
    /// The network's counter.
    pub address: Counter,
}

impl LoginCounters {
    /// True if the attempt may be counted by its identifier. Otherwise its pair counts it,
    /// whether or not the network is known: that only decides what the attempt is compared
    /// with, so that no response shows for whom a network is known.
    #[must_use]
    pub fn identifier_is_open(&self, address: &Lane, now: Timestamp) -> bool {
        self.address_is_open(address, now) && is_open(&Lane::IDENTIFIER, &self.identifier, now)
    }

    /// True if the identifier is full with attempts that may be given back. Those of an
    /// address that is full do not wait for it: they could not use it.
    #[must_use]
    pub fn identifier_is_busy(&self, address: &Lane, now: Timestamp) -> bool {
        self.address_is_open(address, now) && self.identifier.is_busy(now)
    }

    /// Returns the counter that keeps an attempt from being counted by its identifier, and
    /// how long it will do so, at least a second. It is never the pair, which others cannot
    /// see.
    #[must_use]
    pub fn wait(&self, address: &Lane, now: Timestamp) -> (Counted, Duration) {
        let of_address = wait(address, &self.address, now);
        let of_identifier = wait(&Lane::IDENTIFIER, &self.identifier, now);
        if of_address > of_identifier {
            (Counted::Address, of_address)
        } else {
            (Counted::Identifier, of_identifier)
        }
    }

    fn address_is_open(&self, lane: &Lane, now: Timestamp) -> bool {
        is_open(lane, &self.address, now)
    }
}

fn is_open(lane: &Lane, counter: &Counter, now: Timestamp) -> bool {
    match lane.state(counter.tat, now) {
        LaneState::Drained | LaneState::Filling => true,
        LaneState::Full { .. } => false,
    }
}

fn wait(lane: &Lane, counter: &Counter, now: Timestamp) -> Duration {
    match lane.state(counter.tat, now) {
        LaneState::Full { wait } => wait.max(SHORTEST_WAIT),
        LaneState::Drained | LaneState::Filling => SHORTEST_WAIT,
    }
}

/// What a refused client waits even if the lane has opened in the meantime. A shorter wait
/// is no wait: `Retry-After` is in whole seconds.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
