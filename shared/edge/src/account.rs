//! A user as responses show them, to themselves and to an administrator.

use gatehouse_auth::external_id::ExternalId;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::role::Roles;
use gatehouse_auth::user::{Profile, Status};
use serde::Serialize;

/// A user without anything secret: the body of `GET /me` and of `/admin/users`.
#[derive(Debug, Serialize)]
pub struct Account<'a> {
    id: &'a SubjectId,
    username: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a str>,
    roles: &'a Roles,
    status: Status,
    created_at: String,
    updated_at: String,
    /// `null` if the account has no password.
    password_changed_at: Option<String>,
}

impl<'a> Account<'a> {
    /// Shows a user.
    #[must_use]
    pub fn of(profile: &'a Profile) -> Self {
        Self {
            id: &profile.sub,
            username: &profile.username,
            email: profile.email.as_deref(),
            external_id: profile.external_id.as_ref().map(ExternalId::as_str),
            roles: &profile.roles,
            status: profile.status,
            created_at: profile.created_at.to_string(),
            updated_at: profile.updated_at.to_string(),
            password_changed_at: profile.password_changed_at.map(|at| at.to_string()),
        }
    }
}
