//! The id of a key.

use serde::{Deserialize, Serialize};

use crate::newtype::string_newtype;

/// Id of a signing key (RFC 7517 section 4.5): `[A-Za-z0-9_-]{1,64}`.
///
/// Our ids are RFC 7638 thumbprints. The pattern keeps paths, commands and queries
/// out of every lookup by `kid`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Kid(String);

/// The text is not a key id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key id must be 1 to 64 letters, digits, `_` or `-`")]
pub struct KidError;

impl Kid {
    /// Parses a key id.
    ///
    /// # Errors
    /// [`KidError`] unless it matches the pattern.
    pub fn parse(text: &str) -> Result<Self, KidError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if text.is_empty() || text.len() > MAX_KID_BYTES || !text.bytes().all(allowed) {
            return Err(KidError);
        }
        Ok(Self(text.to_owned()))
    }
}

string_newtype!(Kid, KidError);

/// Longest key id in bytes. Raising it lets forged tokens put more into logs.
const MAX_KID_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_commands_queries_and_long_ids_are_refused() {
        let long = "a".repeat(65);
        for bad in [
            "",
            "../../dev/null",
            "|sleep 10",
            "' OR 1=1 --",
            "a.b",
            "a\0",
            "\u{e9}",
            "a\n",
            &long,
        ] {
            assert_eq!(Kid::parse(bad), Err(KidError), "{bad:?}");
        }
        assert!(Kid::parse(&"a".repeat(64)).is_ok());
        assert_eq!(Kid::parse("aZ0_-").unwrap().as_str(), "aZ0_-");
    }
}
