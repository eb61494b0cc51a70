//! How often somebody may guess: counters that first let pass and then make wait.
//!
//! An attempt is counted before its password is hashed, so that no burst outruns
//! the count. What is decided here, a store writes under the condition that the
//! counter is still what the decision was made from.

mod limit;
mod login;

use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

pub use limit::{Limit, Step};
pub use login::{Counted, KNOWN_FOR, LoginCounters, Settlement};

use crate::time::Timestamp;

/// A counter as the table holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Attempts that are counted: refused ones, and those still under way.
    pub failures: u32,
    /// Until when nothing is let pass.
    #[serde(default)]
    pub locked_until: Option<Timestamp>,
    /// Until when the failures count; nothing where there are none.
    #[serde(default)]
    pub counted_until: Option<Timestamp>,
    /// When the last login through this counter succeeded.
    #[serde(default)]
    pub last_success_at: Option<Timestamp>,
}

/// Returns what stands for an address in counters: of IPv6 its first 64 bits, since
/// who has one of those addresses has them all.
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
