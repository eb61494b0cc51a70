//! One user as a file has it, and as a table has it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::digest;
use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::password;
use gatehouse_auth::role::Roles;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, User};
use gatehouse_auth::username::Username;
use serde::{Deserialize, Serialize};

/// A user in a file. There is no `Debug`: it holds a hash.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    pub(crate) username: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    /// Absent, empty or `!…` if the account has no password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password_hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) roles: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token_version: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) session_version: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) updated_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password_changed_at: Option<String>,
}

/// Why a record is not taken over. It never repeats what the record holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Refusal {
    /// The member, where one is to blame.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) field: &'static str,
    pub(crate) detail: String,
}

impl Refusal {
    pub(crate) fn new(field: &'static str, detail: impl Into<String>) -> Self {
        Self {
            field,
            detail: detail.into(),
        }
    }
}

impl Record {
    /// Makes the user. One without an id gets one that the import and the name give,
    /// so that a run that is taken up again knows its own work.
    pub(crate) fn user(&self, import: &str, now: Timestamp) -> Result<User, Refusal> {
        let username = Username::parse(&self.username)
            .map_err(|error| Refusal::new("username", error.to_string()))?;
        let email = self.email.as_deref().map(EmailAddress::parse).transpose();
        let email = email.map_err(|error| Refusal::new("email", error.to_string()))?;
        let hash = password::import(self.password_hash.as_deref().unwrap_or_default())
            .map_err(|error| Refusal::new("password_hash", error.to_string()))?;
        let roles = match &self.roles {
            Some(roles) => Roles::parse(roles.iter().map(String::as_str)),
            None => Roles::parse(["user"]),
        };
        let created_at = moment("created_at", self.created_at.as_deref(), now)?;
        Ok(User {
            sub: self.sub(import, username.canonical())?,
            username: username.display().to_owned(),
            username_canonical: username.canonical().to_owned(),
            email: email.as_ref().map(|email| email.display().to_owned()),
            email_canonical: email.as_ref().map(|email| email.canonical().to_owned()),
            external_id: None,
            imported: None,
            roles: roles.map_err(|error| Refusal::new("roles", error.to_string()))?,
            status: match self.status.as_deref() {
                None | Some("active") => Status::Active,
                Some("disabled") => Status::Disabled,
                Some(_) => return Err(Refusal::new("status", "is neither active nor disabled")),
            },
            token_version: self.token_version.unwrap_or(0),
            session_version: self.session_version.unwrap_or(0),
            created_at,
            updated_at: moment("updated_at", self.updated_at.as_deref(), now)?,
            password_changed_at: match &hash {
                None => None,
                Some(_) => Some(moment(
                    "password_changed_at",
                    self.password_changed_at.as_deref(),
                    created_at,
                )?),
            },
            password_hash: hash,
        })
    }

    fn sub(&self, import: &str, canonical: &str) -> Result<SubjectId, Refusal> {
        let Some(id) = &self.id else {
            let digest = digest::sha256(format!("import {import} {canonical}").as_bytes());
            let bytes = URL_SAFE_NO_PAD.decode(digest).unwrap_or_default();
            let (bytes, _) = bytes
                .split_first_chunk()
                .ok_or_else(|| Refusal::new("id", "could not be made"))?;
            return Ok(SubjectId::from_bytes(*bytes));
        };
        let ours = SubjectId::parse(id)
            .ok()
            .filter(|id| id.to_bytes().is_some());
        ours.ok_or_else(|| Refusal::new("id", "is not 16 bytes in base64url: leave it out"))
    }
}

impl From<&User> for Record {
    fn from(user: &User) -> Self {
        Self {
            id: Some(user.sub.to_string()),
            username: user.username.clone(),
            email: user.email.clone(),
            password_hash: user
                .password_hash
                .as_ref()
                .map(|hash| hash.expose().to_owned()),
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

fn moment(
    field: &'static str,
    text: Option<&str>,
    otherwise: Timestamp,
) -> Result<Timestamp, Refusal> {
    match text {
        None => Ok(otherwise),
        Some(text) => Timestamp::parse(text)
            .ok_or_else(|| Refusal::new(field, "is no time such as 2027-01-15T08:00:00Z")),
    }
}
