//! What is held about a person, as the rules see it.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::SubjectId;
use crate::role::Roles;
use crate::time::Timestamp;

/// A person with an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    /// Stable opaque id; never used again, even after deletion.
    pub sub: SubjectId,
    /// The username as it was typed, for display.
    pub username: String,
    /// The canonical username, by which it is unique.
    pub username_canonical: String,
    /// The e-mail address as it was typed; mail goes here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The canonical e-mail address, by which it is unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_canonical: Option<String>,
    /// The password's hash in PHC string format.
    pub password_hash: StoredHash,
    /// The roles, taken afresh at every login and refresh.
    pub roles: Roles,
    /// Whether the person may log in and refresh.
    pub status: Status,
    /// In every access token as `ver`; raising it ends all access tokens.
    pub token_version: u64,
    /// In every session; raising it ends all sessions.
    pub session_version: u64,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When the account last changed.
    pub updated_at: Timestamp,
    /// When the password was last set.
    pub password_changed_at: Timestamp,
}

/// Whether a person may log in and refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// May log in and refresh.
    Active,
    /// May do neither; answers are those of a wrong password.
    Disabled,
}

/// A password hash as the table holds it: PHC string format. Never printed.
#[derive(Clone)]
pub struct StoredHash(SecretString);

impl StoredHash {
    /// Wraps a hash in PHC string format.
    #[must_use]
    pub fn new(phc: String) -> Self {
        Self(SecretString::from(phc))
    }

    /// Returns the PHC string, for a hasher or a table alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoredHash([redacted])")
    }
}

/// Serialised for the table alone: no answer holds a `User`.
impl Serialize for StoredHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for StoredHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_does_not_print() {
        let hash = StoredHash::new("$argon2id$canary".into());
        assert_eq!(format!("{hash:?}"), "StoredHash([redacted])");
    }
}
