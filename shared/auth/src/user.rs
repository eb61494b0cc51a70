//! A user's account.

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
    /// When the user proved to read mail sent to `email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_verified_at: Option<Timestamp>,
    /// The address that waits for a proof, as typed. It reserves nothing, and nobody can
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
    /// When the user proved to read mail sent to `email`.
    #[serde(default)]
    pub email_verified_at: Option<Timestamp>,
    /// The address that waits for a proof, as typed.
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
        }
    }

    /// Returns the digests of the canonical username and e-mail address (if any), by which
    /// failed logins of this user are counted.
    #[cfg(feature = "tokens")]
    #[must_use]
    pub fn identifier_digests(&self) -> Vec<String> {
        let names = [
            Some(&self.username_canonical),
            self.email_canonical.as_ref(),
        ];
        let names = names.into_iter().flatten();
        names
            .map(|name| crate::digest::sha256(name.as_bytes()))
            .collect()
    }

    /// True if this user counts as an administrator: active, and with the role.
    #[must_use]
    pub fn is_active_admin(&self) -> bool {
        self.status == Status::Active && self.roles.contains(ADMIN)
    }

    /// Returns the user after a change, or `None` if nothing changes.
    ///
    /// Any change raises the token version, so that existing tokens are refused on the
    /// next request. Disabling also raises the session version: a user who is enabled
    /// again has to log in again. A change of roles does not end sessions.
    ///
    /// `lowest_allowed` is the lowest version of the user's tokens that is not revoked. It
    /// is above the user's own version only after the user was restored from a backup.
    ///
    /// # Errors
    /// [`VersionExhausted`] if a version cannot be raised.
    pub fn changed(
        &self,
        change: &UserChange,
        lowest_allowed: u64,
        now: Timestamp,
    ) -> Result<Option<Self>, VersionExhausted> {
        let roles = change.roles.as_ref().unwrap_or(&self.roles);
        let status = change.status.unwrap_or(self.status);
        if *roles == self.roles && status == self.status {
            return Ok(None);
        }
        let disables = status == Status::Disabled && self.status == Status::Active;
        let mut after = self.clone();
        after.roles.clone_from(roles);
        after.status = status;
        after.token_version = version::raised(self.token_version, lowest_allowed)?;
        if disables {
            after.session_version = version::raised(self.session_version, 0)?;
        }
        after.updated_at = now;
        Ok(Some(after))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ada(roles: &[&str], status: Status) -> User {
        User {
            status,
            token_version: 5,
            session_version: 3,
            ..User::new(
                SubjectId::from_bytes([1; 16]),
                &Username::parse("Ada").unwrap(),
                None,
                Roles::parse(roles.iter().copied()).unwrap(),
                Some(StoredHash::new("$argon2id$canary".into())),
                Timestamp::from_unix(1),
            )
        }
    }

    /// The roles, the status and both versions after a change.
    fn change(user: &User, roles: Option<&[&str]>, status: Option<Status>) -> Option<String> {
        let roles = roles.map(|names| Roles::parse(names.iter().copied()).unwrap());
        let change = UserChange { roles, status };
        let after = user.changed(&change, 0, Timestamp::from_unix(9)).unwrap()?;
        assert_eq!(after.updated_at.unix(), 9);
        let User {
            roles,
            status,
            token_version,
            session_version,
            ..
        } = after;
        Some(format!(
            "{roles} {status:?} {token_version} {session_version}"
        ))
    }

    #[test]
    fn a_change_of_roles_raises_only_the_token_version() {
        let user = ada(&["user"], Status::Active);
        let after = change(&user, Some(&["admin", "user"]), None);
        assert_eq!(after.as_deref(), Some("admin user Active 6 3"));
        let after = change(&user, Some(&[]), None);
        assert_eq!(after.as_deref(), Some(" Active 6 3"));
    }

    #[test]
    fn disabling_raises_both_versions_and_enabling_the_first() {
        let user = ada(&["user"], Status::Active);
        let after = change(&user, None, Some(Status::Disabled));
        assert_eq!(after.as_deref(), Some("user Disabled 6 4"));
        let user = ada(&["user"], Status::Disabled);
        let after = change(&user, None, Some(Status::Active));
        assert_eq!(after.as_deref(), Some("user Active 6 3"));
    }

    #[test]
    fn a_user_from_a_backup_rises_above_what_was_revoked_since() {
        let user = ada(&["user"], Status::Active);
        let change = UserChange {
            status: Some(Status::Disabled),
            ..UserChange::default()
        };
        let now = Timestamp::from_unix(9);
        let after = user.changed(&change, 17, now).unwrap().unwrap();
        assert_eq!(after.token_version, 18);
        assert_eq!(
            user.changed(&change, u64::MAX, now).unwrap_err(),
            VersionExhausted
        );
    }

    #[test]
    fn setting_the_current_value_changes_nothing() {
        let user = ada(&["user"], Status::Active);
        assert_eq!(change(&user, None, None), None);
        assert_eq!(change(&user, Some(&["user"]), Some(Status::Active)), None);
    }

    #[test]
    fn a_disabled_administrator_does_not_count() {
        assert!(ada(&["admin"], Status::Active).is_active_admin());
        assert!(!ada(&["admin"], Status::Disabled).is_active_admin());
        assert!(!ada(&["administrator"], Status::Active).is_active_admin());
    }

    #[test]
    fn failed_logins_are_counted_by_every_identifier_of_the_user() {
        use crate::identifier::LoginIdentifier;

        let mut user = ada(&["user"], Status::Active);
        let digest = |typed: &str| LoginIdentifier::parse(typed).digest();
        assert_eq!(user.identifier_digests(), [digest("ADA")]);
        user.email_canonical = Some("ada@example.org".into());
        let both = [digest("ada"), digest("Ada@Example.org")];
        assert_eq!(user.identifier_digests(), both);
    }

    #[test]
    fn a_hash_does_not_print() {
        let hash = StoredHash::new("$argon2id$canary".into());
        assert_eq!(format!("{hash:?}"), "StoredHash([redacted])");
    }
}
