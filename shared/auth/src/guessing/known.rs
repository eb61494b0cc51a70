//! The networks that an account logs in from with one identifier.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The known networks of an identifier, by their digests, and when the account last logged
/// in from each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KnownNetworks(BTreeMap<String, Timestamp>);

/// What a successful login does to the known networks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// The network is known; its time becomes now.
    Refresh,
    /// The network becomes known; these are all of them then.
    Add(KnownNetworks),
    /// Nothing: too many others became known today.
    Leave,
}

impl KnownNetworks {
    /// True if the account has logged in from the network in the last 45 days.
    #[must_use]
    pub fn contains(&self, network: &str, now: Timestamp) -> bool {
        let is_current = |at: &Timestamp| at.plus(KNOWN_FOR) > now;
        self.0.get(network).is_some_and(is_current)
    }

    /// True if the network is known, but will not be for much longer.
    #[must_use]
    pub fn is_aging(&self, network: &str, now: Timestamp) -> bool {
        let is_old = |at: &Timestamp| now.since(*at) >= RENEWED_AFTER;
        self.contains(network, now) && self.0.get(network).is_some_and(is_old)
    }

    /// Returns them with one more, without those that are no longer known and, if there are
    /// too many, without the one that was used longest ago.
    #[must_use]
    pub fn with(&self, network: &str, now: Timestamp) -> Self {
        let mut known = self.0.clone();
        known.retain(|other, at| other != network && at.plus(KNOWN_FOR) > now);
        while known.len() >= MAX_KNOWN {
            let oldest = known.iter().min_by_key(|(_, at)| **at);
            let Some(oldest) = oldest.map(|(network, _)| network.clone()) else {
                break;
            };
            known.remove(&oldest);
        }
        known.insert(network.to_owned(), now);
        Self(known)
    }

    /// Returns the digests of the networks, and when each was last used.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Timestamp)> {
        self.0.iter().map(|(network, at)| (network.as_str(), *at))
    }
}

/// How many networks are known to one identifier. Each adds four guesses a day; fewer
/// exempt fewer of an owner's networks from what strangers do.
pub(super) const MAX_KNOWN: usize = 3;
/// How long a network stays known after a login. A shorter time lets strangers lock out
/// people who rarely log in; a longer one trusts networks that now belong to someone else.
pub const KNOWN_FOR: Duration = Duration::from_hours(45 * 24);
/// The age at which a login that was counted by its pair renews the mark, which costs it one
/// write more. A shorter one costs writes during an attack, a longer one shortens the time
/// for which the network stays known after it.
const RENEWED_AFTER: Duration = Duration::from_hours(15 * 24);
