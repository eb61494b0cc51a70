//! The id of a client.

use serde::{Deserialize, Serialize};

use crate::newtype::string_newtype;

/// The text is not a client id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a client id has 1 to 64 characters: ASCII letters, digits, `.`, `_` and `-`, \
     beginning with a letter or a digit"
)]
pub struct ClientIdError;

/// The id of a client, chosen by the operator; case-sensitive.
///
/// Its characters are the same with and without the form encoding of RFC 6749
/// section 2.3.1, which many libraries omit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

impl ClientId {
    /// Parses an id.
    ///
    /// # Errors
    /// [`ClientIdError`] states the rule.
    pub fn parse(text: &str) -> Result<Self, ClientIdError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let begins_well = text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric());
        if begins_well && text.len() <= MAX_BYTES && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ClientIdError)
        }
    }
}

string_newtype!(ClientId, ClientIdError);

/// Maximum length of an id in bytes. Raising it lets callers grow table keys and the cache.
const MAX_BYTES: usize = 64;
