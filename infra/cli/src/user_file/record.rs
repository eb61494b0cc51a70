//! One user, in the form that files contain, and its conversion from and to the table's form.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::digest;
use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::external_id::ExternalId;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::password;
use gatehouse_auth::role::Roles;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, User};
use gatehouse_auth::username::Username;
use serde::Serialize;
use uuid::Uuid;

/// A user in a file, with each field in the form that an export writes. It has no `Debug`,
/// because it contains a password hash.
#[derive(Clone, Default, Serialize)]
pub(crate) struct Record {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_id: Option<String>,
    pub(crate) username: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    /// Whether the user has verified `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password_hash: Option<String>,
    /// In alphabetical order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) roles: Option<Vec<String>>,
    /// `active` or `disabled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session_version: Option<u64>,
    /// RFC 3339 in UTC, like the next two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) updated_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password_changed_at: Option<String>,
}

/// A problem with a field. It never contains the value of the field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Remark {
    /// The field, if the problem concerns only one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) field: String,
    pub(crate) detail: String,
}

impl Remark {
    pub(crate) fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            detail: detail.into(),
        }
    }
}

impl Record {
    /// Creates the user. The same record always gets the same subject, so that a line that is
    /// imported again is recognised.
    pub(crate) fn user(&self, now: Timestamp) -> Result<User, Remark> {
        let refused = |field: &'static str, error: &dyn std::error::Error| {
            Remark::new(field, error.to_string())
        };
        let username =
            Username::parse(&self.username).map_err(|error| refused("username", &error))?;
        let email = self.email.as_deref().map(EmailAddress::parse).transpose();
        let email = email.map_err(|error| refused("email", &error))?;
        let hash = password::import(self.password_hash.as_deref().unwrap_or_default())
            .map_err(|error| refused("password_hash", &error))?;
        let roles = match &self.roles {
            Some(roles) => Roles::parse(roles.iter().map(String::as_str)),
            None => Ok(Roles::of_new_user()),
        };
        let digest = self.digest();
        let (sub, external_id) = self.identity(&digest)?;
        let roles = roles.map_err(|error| refused("roles", &error))?;
        let created_at = timestamp(self.created_at.as_deref()).unwrap_or(now);
        let is_verified = email.is_some() && self.email_verified == Some(true);
        Ok(User {
            external_id,
            imported: Some(digest),
            status: match self.status.as_deref() {
                Some("disabled") => Status::Disabled,
                Some(_) | None => Status::Active,
            },
            token_version: self.token_version.unwrap_or(0),
            session_version: self.session_version.unwrap_or(0),
            updated_at: timestamp(self.updated_at.as_deref()).unwrap_or(now),
            password_changed_at: hash
                .as_ref()
                .map(|_| timestamp(self.password_changed_at.as_deref()).unwrap_or(created_at)),
            // The file does not say when.
            email_verified_at: is_verified.then_some(now),
            ..User::new(sub, &username, email.as_ref(), roles, hash, created_at)
        })
    }

    /// Returns the digest of the record. Fields that are absent from the file do not contribute,
    /// so it depends neither on the format of the file nor on the time of the import.
    pub(crate) fn digest(&self) -> String {
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        digest::sha256(&canonical)
    }

    /// Returns the subject, and the id from the other system.
    ///
    /// Only UUIDs and ids from our own exports become the subject. They are globally unique,
    /// and a subject must never be reused for another user.
    fn identity(&self, digest: &str) -> Result<(SubjectId, Option<ExternalId>), Remark> {
        let external = |text: &str| {
            ExternalId::parse(text).map_err(|error| Remark::new("external_id", error.to_string()))
        };
        let given = self.external_id.as_deref().map(external).transpose()?;
        let Some(id) = self.id.as_deref() else {
            return Ok((derive_subject(digest)?, given));
        };
        if let Some(own) = self.exported_id(id) {
            return Ok((own, given));
        }
        let old = external(id)?;
        if given.is_some_and(|given| given != old) {
            let detail = "id becomes the external id, so a different external_id is not possible: remove one of them";
            return Err(Remark::new("external_id", detail));
        }
        let sub = match Uuid::try_parse(id) {
            Ok(uuid) => SubjectId::from_bytes(uuid.into_bytes()),
            Err(_) => derive_subject(digest)?,
        };
        Ok((sub, Some(old)))
    }

    /// Returns the subject if our own export wrote it.
    fn exported_id(&self, id: &str) -> Option<SubjectId> {
        self.token_version?;
        let sub = SubjectId::parse(id).ok()?;
        let again = SubjectId::from_bytes(sub.to_bytes()?);
        (again == sub).then_some(sub)
    }
}

impl From<&User> for Record {
    fn from(user: &User) -> Self {
        Self {
            id: Some(user.sub.to_string()),
            external_id: user.external_id.as_ref().map(ToString::to_string),
            username: user.username.clone(),
            email: user.email.clone(),
            email_verified: (user.email.as_ref()).map(|_| user.email_verified_at.is_some()),
            password_hash: (user.password_hash.as_ref()).map(|hash| hash.expose().to_owned()),
            roles: Some(user.roles.iter().map(ToString::to_string).collect()),
            status: Some(
                match user.status {
                    Status::Active => "active",
                    Status::Disabled => "disabled",
                }
                .to_owned(),
            ),
            token_version: Some(user.token_version),
            session_version: Some(user.session_version),
            created_at: Some(user.created_at.to_string()),
            updated_at: Some(user.updated_at.to_string()),
            password_changed_at: user.password_changed_at.map(|at| at.to_string()),
        }
    }
}

/// Derives a subject for a user whose id cannot be one.
fn derive_subject(digest: &str) -> Result<SubjectId, Remark> {
    let digest = digest::sha256(format!("subject of the line {digest}").as_bytes());
    let bytes = URL_SAFE_NO_PAD.decode(digest).unwrap_or_default();
    let (bytes, _) = bytes
        .split_first_chunk()
        .ok_or_else(|| Remark::new("id", "could not be derived"))?;
    Ok(SubjectId::from_bytes(*bytes))
}

fn timestamp(text: Option<&str>) -> Option<Timestamp> {
    text.and_then(Timestamp::parse)
}
