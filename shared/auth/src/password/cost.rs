//! What comparing a password with a stored hash costs: memory, and time on the slowest
//! processor that we support. One model for every form, so that one limit holds for all.
//!
//! That processor is the whole one that Lambda gives a function of 1,769 MB, the size of
//! every function that hashes, on the oldest hardware that it may run on. A unit of work of
//! each form (a round, a block) has a constant: about twice what
//! `no_form_takes_longer_than_its_model` measured on a Xeon of 2023, and four times for
//! SHA-1 and SHA-256, because older processors lack the instructions for them.

use std::fmt;
use std::time::Duration;

/// The most that one comparison takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    memory: u64,
    nanos: u64,
}

/// How a stored hash exceeds what a login may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// Bytes of memory.
    Memory(u64),
    /// Time on the slowest processor that we support.
    Time(Duration),
}

impl Cost {
    /// A number of bytes, and nanoseconds as from [`nanos`].
    pub(super) const fn new(memory: u64, nanos: u64) -> Self {
        Self { memory, nanos }
    }

    /// Returns how long the comparison takes on the slowest processor that we support.
    pub(super) const fn time(self) -> Duration {
        Duration::from_nanos(self.nanos)
    }

    /// Checks both limits.
    ///
    /// # Errors
    /// The [`Excess`] of the first that is exceeded.
    pub(super) fn check(self) -> Result<(), Excess> {
        if self.memory > MAX_MEMORY {
            Err(Excess::Memory(self.memory))
        } else if self.time() > MAX_TIME {
            Err(Excess::Time(self.time()))
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(bytes) => write!(
                f,
                "{} MiB of memory, and a login may use {}",
                bytes.div_ceil(1 << 20),
                MAX_MEMORY >> 20
            ),
            Self::Time(time) => {
                let tenths = time.as_nanos().div_ceil(100_000_000);
                let (whole, tenth) = (tenths / 10, tenths % 10);
                write!(
                    f,
                    "{whole}.{tenth} s on the slowest processor, and a login may take {}",
                    MAX_TIME.as_secs()
                )
            }
        }
    }
}

impl std::error::Error for Excess {}

/// Returns how long `units` of work take if each takes `unit` nanoseconds.
pub(super) const fn nanos(units: u64, unit: u64) -> u64 {
    units.saturating_mul(unit)
}

/// Returns how many blocks of `block` bytes a Merkle-Damgård digest computes for `bytes`: it
/// adds at most `block / 8 + 1` bytes.
pub(super) const fn digest_blocks(bytes: u64, block: u64) -> u64 {
    (bytes + block / 8 + 1).div_ceil(block)
}

/// The length that is assumed while the password is unknown, as in an import. Some forms
/// hash the whole password in every round; a longer one that exceeds the limits does not
/// match. Shorter: fewer long passphrases log in; longer: more hashes are refused.
pub(super) const ASSUMED_PASSWORD: usize = 128;
/// The most bytes of memory that a comparison may use. Without this limit a poisoned item
/// could use up the function's memory.
const MAX_MEMORY: u64 = 256 << 20;
/// The longest that a comparison may take. Two, for both spellings of a password, must fit
/// in the 5 s that a login has. Without this limit a poisoned item could occupy the hashing
/// thread for years.
const MAX_TIME: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
