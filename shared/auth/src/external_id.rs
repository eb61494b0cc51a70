//! The id that a person had in the system from which they were imported.

use serde::{Deserialize, Serialize};

use crate::item_key::ItemKey;
use crate::newtype::string_newtype;

/// The text is not a valid external id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an external id has 1 to {MAX_CHARACTERS} characters, none of them a control character")]
pub struct ExternalIdError;

/// An id from another system, as in its file but without surrounding whitespace: 1 to 128
/// characters, case-sensitive.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExternalId(String);

impl ExternalId {
    /// Parses an id.
    ///
    /// # Errors
    /// [`ExternalIdError`] if it is empty, too long, or has a control character.
    pub fn parse(text: &str) -> Result<Self, ExternalIdError> {
        let text = text.trim();
        let long = text.chars().count() > MAX_CHARACTERS;
        if text.is_empty() || long || text.chars().any(char::is_control) {
            return Err(ExternalIdError);
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the key of the item that maps this id to its user.
    #[must_use]
    pub fn name_key(&self) -> ItemKey {
        ItemKey::external_id(self)
    }
}

string_newtype!(ExternalId, ExternalIdError);

/// Maximum length in characters. The id becomes part of a table key, which is limited to
/// 2,048 bytes.
const MAX_CHARACTERS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_kept_unchanged_except_for_surrounding_whitespace() {
        for (text, kept) in [("17", "17"), (" auth0|5f7c \n", "auth0|5f7c"), ("Ä", "Ä")] {
            assert_eq!(ExternalId::parse(text).unwrap().as_str(), kept);
        }
        assert!(ExternalId::parse(&"ä".repeat(128)).is_ok());
    }

    #[test]
    fn an_empty_or_too_long_id_or_one_with_control_characters_is_rejected() {
        for text in ["", "  ", "a\tb", "a\0", &"x".repeat(129)] {
            assert_eq!(ExternalId::parse(text), Err(ExternalIdError), "{text:?}");
        }
    }
}
