//! A user as responses show them, to themselves and to an administrator.

use gatehouse_auth::external_id::ExternalId;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::role::Roles;
use gatehouse_auth::user::{Profile, Status};
use serde::Serialize;

/// A user without anything secret: the body of `GET /me` and of `/admin/users`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Account<'a> {
    /// The user's id: the claim `sub`. It never changes.
    #[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^[!-~]{1,128}$", example = "Sz3WlVYAS0q0X6mUjPqkTA"))]
    id: &'a SubjectId,
    /// The username as the user typed it.
    username: &'a str,
    /// Missing if the account has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = String, required = false))]
    email: Option<&'a str>,
    /// Whether the user has verified `email`.
    email_verified: bool,
    /// An address that waits for its verification; missing if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = String, required = false))]
    pending_email: Option<&'a str>,
    /// The id in the system that the user was imported from; missing if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = String, required = false))]
    external_id: Option<&'a str>,
    /// What the user may do.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    roles: &'a Roles,
    /// `disabled` if the user may neither log in nor refresh.
    #[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^(active|disabled)$"))]
    status: Status,
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    created_at: String,
    #[cfg_attr(feature = "schema", schema(format = DateTime, example = "2026-11-27T08:30:00Z"))]
    updated_at: String,
    /// `null` if the account has no password.
    #[cfg_attr(feature = "schema", schema(required = true, format = DateTime, example = "2026-11-27T08:30:00Z"))]
    password_changed_at: Option<String>,
    /// `GET /admin/users/{id}` with mail, for a user with an address: whether SES sends
    /// nothing to `email`, or to `pending_email` if there is no `email`, because a mail to it
    /// bounced or was reported as spam. `unknown` if SES could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = String, required = false, pattern = "^(listed|not_listed|unknown)$"))]
    email_suppression: Option<EmailSuppression>,
}

/// Whether an address is on SES's suppression list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailSuppression {
    /// SES sends nothing to it.
    Listed,
    /// SES sends to it.
    NotListed,
    /// SES could not be asked.
    Unknown,
}

impl From<Option<bool>> for EmailSuppression {
    fn from(is_listed: Option<bool>) -> Self {
        match is_listed {
            Some(true) => Self::Listed,
            Some(false) => Self::NotListed,
            None => Self::Unknown,
        }
    }
}

impl<'a> Account<'a> {
    /// Shows a user.
    #[must_use]
    pub fn of(profile: &'a Profile) -> Self {
        Self {
            id: &profile.sub,
            username: &profile.username,
            email: profile.email.as_deref(),
            email_verified: profile.email_verified_at.is_some(),
            pending_email: profile.pending_email.as_deref(),
            external_id: profile.external_id.as_ref().map(ExternalId::as_str),
            roles: &profile.roles,
            status: profile.status,
            created_at: profile.created_at.to_string(),
            updated_at: profile.updated_at.to_string(),
            password_changed_at: profile.password_changed_at.map(|at| at.to_string()),
            email_suppression: None,
        }
    }

    /// Adds whether SES sends nothing to the user's address.
    #[must_use]
    pub fn with_suppression(mut self, suppression: Option<EmailSuppression>) -> Self {
        self.email_suppression = suppression;
        self
    }
}
