//! The id that a person had in the system they were imported from.

use serde::{Deserialize, Serialize};

use crate::item_key::ItemKey;
use crate::newtype::string_newtype;

/// The text is not an id of another system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an external id has 1 to {MAX_CHARACTERS} characters, none of them a control character")]
pub struct ExternalIdError;

/// An id of another system, as its file had it without white space around it:
/// 1 to 128 characters. Two that differ in case are two ids.
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

    /// Returns the key of the item that leads from this id to its user.
    #[must_use]
    pub fn name_key(&self) -> ItemKey {
        ItemKey::external_id(self)
    }
}

string_newtype!(ExternalId, ExternalIdError);

/// Longest id in characters. It becomes part of a table's key, which has 2,048 bytes.
const MAX_CHARACTERS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_kept_as_it_is_but_for_white_space_around_it() {
        for (text, kept) in [("17", "17"), (" auth0|5f7c \n", "auth0|5f7c"), ("Ä", "Ä")] {
            assert_eq!(ExternalId::parse(text).unwrap().as_str(), kept);
        }
        assert!(ExternalId::parse(&"ä".repeat(128)).is_ok());
    }

    #[test]
    fn an_id_without_text_with_too_much_of_it_or_with_control_characters_is_refused() {
        for text in ["", "  ", "a\tb", "a\0", &"x".repeat(129)] {
            assert_eq!(ExternalId::parse(text), Err(ExternalIdError), "{text:?}");
        }
    }
}
