//! Opaque identifiers of subjects, sessions, tokens and attempts.
//!
//! Our own are 16 random bytes in base64url (22 characters). Any printable ASCII of
//! at most 128 bytes parses, because a token's claims may contain it (RFC 7519
//! section 4.1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::newtype::string_newtype;

/// The text is not an identifier: empty, over 128 bytes, or not printable ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an identifier must be 1 to 128 bytes of printable ASCII")]
pub struct IdError;

/// Longest identifier in bytes. Raising it lets the claims of a token enlarge table
/// keys.
pub const MAX_ID_BYTES: usize = 128;

macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Creates an identifier of 22 characters from 16 random bytes.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(URL_SAFE_NO_PAD.encode(bytes))
            }

            /// Returns the 16 bytes if this is one of our own identifiers.
            #[must_use]
            pub fn to_bytes(&self) -> Option<[u8; 16]> {
                URL_SAFE_NO_PAD.decode(&self.0).ok()?.try_into().ok()
            }

            /// Parses an identifier.
            ///
            /// # Errors
            /// [`IdError`] unless it is 1 to 128 bytes of printable ASCII.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
                if printable && !text.is_empty() && text.len() <= MAX_ID_BYTES {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError)
                }
            }
        }

        string_newtype!($name, IdError);
    };
}

opaque_id! {
    /// Stable opaque id of a user: the claim `sub`. Never a name, never reused.
    SubjectId
}
impl SubjectId {
    /// True if a user may have this id: one of our own, or an imported UUID (RFC 9562
    /// section 4).
    #[must_use]
    pub fn may_be_of_a_user(&self) -> bool {
        self.to_bytes().is_some() || is_uuid(&self.0)
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}

opaque_id! {
    /// Id of one login: the claim `sid`.
    SessionId
}
opaque_id! {
    /// Id of one access token: the claim `jti` (RFC 7519 section 4.1.7).
    Jti
}
opaque_id! {
    /// Id of one attempt at a refresh; distinguishes a lost response from a rival.
    AttemptId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_identifiers_have_22_characters_and_round_trip() {
        let id = SubjectId::from_bytes([7; 16]);
        assert_eq!(id.as_str().len(), 22);
        assert_eq!(id.to_bytes(), Some([7; 16]));
        assert_eq!(SubjectId::parse(id.as_str()), Ok(id));
    }

    #[test]
    fn a_user_has_one_of_our_own_ids_or_a_uuid() {
        for (id, expected) in [
            ("BwcHBwcHBwcHBwcHBwcHBw", true),
            ("9f0e1bb6-1b53-4ea5-9a3c-8c0d55a6f3cd", true),
            ("9F0E1BB6-1B53-4EA5-9A3C-8C0D55A6F3CD", true),
            ("9f0e1bb6-1b53-4ea5-9a3c-8c0d55a6f3cg", false),
            ("9f0e1bb61b534ea59a3c8c0d55a6f3cd", false),
            ("BwcHBwcHBwcHBwcHBwcHB", false),
            ("BwcHBwcHBwcHBwcHBwcHBx", false),
            ("user#BwcHBwcHBwcHBwcHBwcH", false),
            ("17", false),
        ] {
            let id = SubjectId::parse(id).unwrap();
            assert_eq!(id.may_be_of_a_user(), expected, "{id}");
        }
    }

    #[test]
    fn empty_long_spaced_and_non_ascii_identifiers_are_refused() {
        for bad in ["", "a b", "a\n", "\u{e9}", "a\0", &"x".repeat(129)] {
            assert_eq!(Jti::parse(bad), Err(IdError), "{bad:?}");
        }
        assert!(Jti::parse(&"x".repeat(128)).is_ok());
    }
}
