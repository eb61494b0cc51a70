//! The versions of a user and of their sessions, which only rise.
//!
//! They are numbers in JSON, in tokens, exports and tables, so none is larger than every
//! JSON library can hold exactly (RFC 8259 section 6).

use serde::{Deserialize, Deserializer, de};

/// The largest version: 2^53 - 1. As the lowest allowed version of a subject it means that
/// the subject was deleted, so no version of a user ever reaches it.
pub const MAX_VERSION: u64 = (1 << 53) - 1;

/// A version that cannot be raised any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the version is at its end and cannot be raised")]
pub struct VersionExhausted;

/// Returns the version that follows both of these.
///
/// # Errors
/// [`VersionExhausted`] rather than a version that means a deletion.
pub fn raised(version: u64, lowest_allowed: u64) -> Result<u64, VersionExhausted> {
    let next = version.max(lowest_allowed).checked_add(1);
    next.filter(|next| *next < MAX_VERSION)
        .ok_or(VersionExhausted)
}

/// Reads a version, for `#[serde(deserialize_with)]`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let version = u64::deserialize(deserializer)?;
    if version <= MAX_VERSION {
        Ok(version)
    } else {
        let expected = format!("a version of at most {MAX_VERSION}");
        Err(de::Error::invalid_value(
            de::Unexpected::Unsigned(version),
            &expected.as_str(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_rises_above_both_and_never_to_the_last() {
        assert_eq!(raised(3, 0), Ok(4));
        assert_eq!(raised(3, 7), Ok(8));
        assert_eq!(raised(MAX_VERSION - 2, 0), Ok(MAX_VERSION - 1));
        for version in [MAX_VERSION - 1, MAX_VERSION, u64::MAX] {
            assert_eq!(raised(version, 0), Err(VersionExhausted));
            assert_eq!(raised(0, version), Err(VersionExhausted));
        }
    }
}
