//! How often a password may be guessed: counters that allow some attempts and then
//! impose growing waits.
//!
//! An attempt is counted before its password is hashed, so that no burst can outrun the
//! counter. This module only decides; the store writes the decision on condition that
//! the counter has not changed since it was read.

mod limit;
mod login;

use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

pub use limit::{Limit, Step};
pub use login::{Counted, KNOWN_FOR, LoginCounters, Settlement};

use crate::time::Timestamp;

/// A counter as stored in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Counted attempts: rejected ones, and those still in progress.
    pub failures: u32,
    /// Until when every attempt is refused.
    #[serde(default)]
    pub locked_until: Option<Timestamp>,
    /// Until when the failures count; `None` if there are none.
    #[serde(default)]
    pub counted_until: Option<Timestamp>,
    /// When the last login through this counter succeeded.
    #[serde(default)]
    pub last_success_at: Option<Timestamp>,
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
