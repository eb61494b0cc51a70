//! How often a password may be guessed: leaky buckets, which admit a few attempts at once
//! and after that one in each period.
//!
//! An attempt is counted before its password is hashed, so that no burst can outrun the
//! counter, and given back if the password was right. This module only decides; the store
//! writes each decision on a condition of its own, whatever was read before.

mod known;
mod lane;
mod login;

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use serde::{Deserialize, Deserializer};

pub use known::{KNOWN_FOR, KnownNetworks, Mark};
pub use lane::{Lane, LaneState};
pub use login::{Counted, LoginCounters};

use crate::time::Timestamp;

/// A counter as stored in the table.
///
/// Items of earlier releases have other attributes, and are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Counter {
    /// When the lane will have drained, since the epoch.
    #[serde(default, deserialize_with = "seconds")]
    pub tat: Option<Duration>,
    /// When an attempt was last counted.
    #[serde(default, rename = "res")]
    pub reserved_at: Option<Timestamp>,
    /// The networks that the account logs in from; only an identifier has them.
    #[serde(default)]
    pub known: KnownNetworks,
    /// When the lane of newly known networks will have drained, since the epoch.
    #[serde(default, deserialize_with = "seconds")]
    pub known_tat: Option<Duration>,
}

impl Counter {
    /// True if an attempt was counted just now, so that it may still be given back.
    #[must_use]
    pub fn is_busy(&self, now: Timestamp) -> bool {
        self.reserved_at
            .is_some_and(|reserved_at| now.since(reserved_at) <= UNDER_WAY)
    }

    /// Decides what a successful login from a network does to the known ones.
    #[must_use]
    pub fn mark(&self, network: &str, now: Timestamp) -> Mark {
        if self.known.contains(network, now) {
            return Mark::Refresh;
        }
        match Lane::NEWLY_KNOWN.state(self.known_tat, now) {
            LaneState::Drained => Mark::Add(self.known.with(network, now)),
            LaneState::Filling | LaneState::Full { .. } => Mark::Leave,
        }
    }
}

/// How long after its reservation an attempt may still be under way. Times are whole
/// seconds, so a difference of one is an age of up to two. Longer lets a refusal take
/// longer; shorter refuses right passwords because of others that are being checked.
const UNDER_WAY: Duration = Duration::from_secs(1);

/// Reads a time since the epoch, which may have fractions of a second.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let seconds = Option::<f64>::deserialize(deserializer)?;
    let duration = seconds.map(Duration::try_from_secs_f64).transpose();
    duration.map_err(serde::de::Error::custom)
}

/// Returns the form of an address that counters use. For IPv6 that is the first 64 bits,
/// because whoever has one of those addresses has all of them.
#[must_use]
pub fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => {
            let prefix = address.to_bits() >> 64 << 64;
            format!("{}/64", Ipv6Addr::from_bits(prefix))
        }
        Ok(IpAddr::V4(_)) | Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests;
