//! A user's account.

mod addresses;
mod names;
#[cfg(test)]
mod tests;

pub use addresses::Unproven;
pub use names::{NAME_RESERVATION, NewAddress, RENAME_INTERVAL};

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[cfg(feature = "people")]
use crate::email::EmailAddress;
use crate::external_id::ExternalId;
use crate::id::SubjectId;
use crate::newtype::redacted_debug;
use crate::role::{ADMIN, Roles};
use crate::time::Timestamp;
#[cfg(feature = "people")]
use crate::username::Username;
use crate::version::{self, VersionExhausted};

/// A user with an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    /// Stable opaque id; never reused, even after deletion.
    pub sub: SubjectId,
    /// The username as typed, for display.
    pub username: String,
    /// The canonical username, which is unique.
    pub username_canonical: String,
    /// The e-mail address as typed; mail is sent to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The canonical e-mail address, which is unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_canonical: Option<String>,
    /// The id in the system that this user was imported from; it is unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// The digest of the line of a file that created this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<String>,
    /// The password hash; `None` if the account has no password, as imported ones may.
    /// Then no login succeeds until a recovery code sets the first password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<StoredHash>,
    /// The roles; read again at every login and refresh.
    pub roles: Roles,
    /// Whether the user may log in and refresh.
    pub status: Status,
    /// In every access token as `ver`; raising it ends all access tokens.
    #[serde(deserialize_with = "version::deserialize")]
    pub token_version: u64,
    /// In every session; raising it ends all sessions.
    #[serde(deserialize_with = "version::deserialize")]
    pub session_version: u64,
    /// When the account was created.
    pub created_at: Timestamp,
    /// When the account last changed.
    pub updated_at: Timestamp,
    /// When the password was last set; `None` if there is no password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_changed_at: Option<Timestamp>,
    /// How often the account was written; every write increments it, and a transaction that
    /// was decided from an account is conditional on it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub revision: u64,
    /// The lowest revision whose mailed codes are valid: a new password, a used code, a
    /// change of address and disabling set it to the revision that they write.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub codes_since: u64,
    /// When the user verified `email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_verified_at: Option<Timestamp>,
    /// The address that waits to be verified, as typed. It reserves nothing, and nobody can
    /// log in with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_email: Option<String>,
    /// The canonical spelling of the address that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_email_canonical: Option<String>,
    /// When the user typed the address that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_email_at: Option<Timestamp>,
    /// Whether the account cannot be used before its address is verified: set at its
    /// registration, if the deployment requires it then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verification_required: bool,
    /// The canonical usernames that the user had before, and until when nobody else may take
    /// them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reserved_names: BTreeMap<String, Timestamp>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Whether a user may log in and refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// May log in and refresh.
    Active,
    /// May do neither; the response is that of a wrong password.
    Disabled,
}

/// A user without the password hash: what may be shown.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Profile {
    /// The subject.
    pub sub: SubjectId,
    /// The username as typed.
    pub username: String,
    /// The e-mail address as typed.
    #[serde(default)]
    pub email: Option<String>,
    /// The id in the system that this user was imported from.
    #[serde(default)]
    pub external_id: Option<ExternalId>,
    /// The roles.
    pub roles: Roles,
    /// Whether the user may log in and refresh.
    pub status: Status,
    /// When the account was created.
    pub created_at: Timestamp,
    /// When the account last changed.
    pub updated_at: Timestamp,
    /// When the password was last set; `None` if there is no password.
    #[serde(default)]
    pub password_changed_at: Option<Timestamp>,
    /// When the user verified `email`.
    #[serde(default)]
    pub email_verified_at: Option<Timestamp>,
    /// The address that waits to be verified, as typed.
    #[serde(default)]
    pub pending_email: Option<String>,
}

impl From<User> for Profile {
    fn from(user: User) -> Self {
        Self {
            sub: user.sub,
            username: user.username,
            email: user.email,
            external_id: user.external_id,
            roles: user.roles,
            status: user.status,
            created_at: user.created_at,
            updated_at: user.updated_at,
            password_changed_at: user.password_changed_at,
            email_verified_at: user.email_verified_at,
            pending_email: user.pending_email,
        }
    }
}

/// What an administrator may change about a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserChange {
    /// The new roles, or `None` to keep them.
    pub roles: Option<Roles>,
    /// The new status, or `None` to keep it.
    pub status: Option<Status>,
    /// The new username, or `None` to keep it.
    #[cfg(feature = "people")]
    pub username: Option<Username>,
    /// The new e-mail address, or `None` to keep it.
    #[cfg(feature = "people")]
    pub email: Option<EmailAddress>,
}

/// Why a user cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefused {
    /// A version cannot be raised.
    #[error(transparent)]
    Exhausted(#[from] VersionExhausted),
    /// The username changed less than a day ago.
    #[error("the username changed less than a day ago")]
    RenamedRecently {
        /// When it may change again.
        until: Timestamp,
    },
}

impl User {
    /// Creates an active user with both versions 0. Without a `hash`, no login succeeds
    /// until a recovery code sets the first password.
    #[cfg(feature = "people")]
    #[must_use]
    pub fn new(
        sub: SubjectId,
        username: &Username,
        email: Option<&EmailAddress>,
        roles: Roles,
        hash: Option<StoredHash>,
        now: Timestamp,
    ) -> Self {
        Self {
            sub,
            username: username.display().to_owned(),
            username_canonical: username.canonical().to_owned(),
            email: email.map(|email| email.display().to_owned()),
            email_canonical: email.map(|email| email.canonical().to_owned()),
            external_id: None,
            imported: None,
            password_changed_at: hash.as_ref().map(|_| now),
            password_hash: hash,
            roles,
            status: Status::Active,
            token_version: 0,
            session_version: 0,
            created_at: now,
            updated_at: now,
            revision: 0,
            codes_since: 0,
            email_verified_at: None,
            pending_email: None,
            pending_email_canonical: None,
            pending_email_at: None,
            verification_required: false,
            reserved_names: BTreeMap::new(),
        }
    }

    /// Returns the digests of the canonical username, of the e-mail address (if any), and of
    /// the earlier usernames that are still reserved: failed logins of this user are counted
    /// by all of them.
    #[cfg(feature = "tokens")]
    #[must_use]
    pub fn identifier_digests(&self, now: Timestamp) -> Vec<String> {
        let current = [
            Some(self.username_canonical.as_str()),
            self.email_canonical.as_deref(),
        ];
        let names = current.into_iter().flatten();
        names
            .chain(self.reserved_names(now))
            .map(|name| crate::digest::sha256(name.as_bytes()))
            .collect()
    }

    /// Returns the digests under which something is stored about this user: those of their
    /// [identifiers](Self::identifier_digests), and that of their mailbox.
    #[cfg(feature = "tokens")]
    #[must_use]
    pub fn trace_digests(&self, now: Timestamp) -> Vec<String> {
        let mut digests = self.identifier_digests(now);
        let mailbox = self.email_canonical.as_deref();
        let mailbox = mailbox.map(crate::mail::recipient_digest);
        digests.extend(mailbox.filter(|mailbox| !digests.contains(mailbox)));
        digests
    }

    /// True if this user counts as an administrator: active, and with the role.
    #[must_use]
    pub fn is_active_admin(&self) -> bool {
        self.status == Status::Active && self.roles.contains(ADMIN)
    }

    /// Returns the user after a change, or `None` if nothing changes.
    ///
    /// A change of roles or status raises the token version, so that existing tokens are
    /// refused on the next request. Disabling also raises the session version: a user who is
    /// enabled again has to log in again, and no code from before is valid. A change of roles does not end sessions, and one of
    /// names ends nothing but mailed codes: no token contains a name.
    ///
    /// `lowest_allowed` is the lowest version of the user's tokens that is not revoked. It
    /// is above the user's own version only after the user was restored from a backup.
    ///
    /// # Errors
    /// [`ChangeRefused`] if a version cannot be raised, or if the username changed less than
    /// a day ago.
    pub fn changed(
        &self,
        change: &UserChange,
        lowest_allowed: u64,
        now: Timestamp,
    ) -> Result<Option<Self>, ChangeRefused> {
        let mut after = self.clone();
        let new_rights = after.set_rights(change, lowest_allowed)?;
        let new_names = after.set_names(change, now)?;
        if !(new_rights || new_names) {
            return Ok(None);
        }
        after.updated_at = now;
        after.revision = version::raised(self.revision, 0)?;
        if new_names || after.session_version > self.session_version {
            after.codes_since = after.revision;
        }
        Ok(Some(after))
    }

    /// Sets roles and status with the versions that this raises; returns false if nothing
    /// changes.
    fn set_rights(
        &mut self,
        change: &UserChange,
        lowest_allowed: u64,
    ) -> Result<bool, VersionExhausted> {
        let roles = change.roles.as_ref().unwrap_or(&self.roles);
        let status = change.status.unwrap_or(self.status);
        if *roles == self.roles && status == self.status {
            return Ok(false);
        }
        if status == Status::Disabled && self.status == Status::Active {
            self.session_version = version::raised(self.session_version, 0)?;
        }
        self.roles = roles.clone();
        self.status = status;
        self.token_version = version::raised(self.token_version, lowest_allowed)?;
        Ok(true)
    }

    #[cfg(feature = "people")]
    fn set_names(&mut self, change: &UserChange, now: Timestamp) -> Result<bool, ChangeRefused> {
        let renamed = match &change.username {
            Some(username) => self.rename(username, now)?,
            None => false,
        };
        let has_moved = change
            .email
            .as_ref()
            .is_some_and(|email| self.set_email(email));
        Ok(renamed || has_moved)
    }

    /// Without this feature, a change has no names.
    #[cfg(not(feature = "people"))]
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "changes names with the feature"
    )]
    fn set_names(&mut self, _: &UserChange, _: Timestamp) -> Result<bool, ChangeRefused> {
        Ok(false)
    }
}

/// A password hash as stored in the table, in the form of the library that computed it.
/// Never printed.
#[derive(Clone)]
pub struct StoredHash(SecretString);

impl StoredHash {
    /// Wraps a hash.
    #[must_use]
    pub fn new(phc: String) -> Self {
        Self(SecretString::from(phc))
    }

    /// Returns the text, only for a hasher or a table.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

redacted_debug!(StoredHash);

/// Serialised only for the table: no response contains a `User`.
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
