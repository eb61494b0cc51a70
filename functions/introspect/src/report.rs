//! What a response says about a token (RFC 7662 section 2.2).

use gatehouse_auth::claims::Claims;
use gatehouse_auth::id::{Jti, SessionId, SubjectId};
use gatehouse_auth::role::Roles;
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::time::Timestamp;
use serde::Serialize;

/// Whether a token is active and, if it is, what it says. `sid`, `auth_time` and `roles`
/// are from RFC 9068.
#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Introspection))]
pub(crate) enum Report<'a> {
    Active(ValidToken<'a>),
    Inactive(InvalidToken),
}

/// Every token that is not valid, whatever the reason.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = InactiveToken))]
pub(crate) struct InvalidToken {
    /// Always false.
    active: bool,
}

/// A valid token.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ActiveToken))]
pub(crate) struct ValidToken<'a> {
    /// Always true.
    active: bool,
    /// Always `Bearer`.
    token_type: &'static str,
    iss: &'a str,
    #[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^[!-~]{1,128}$"))]
    sub: &'a SubjectId,
    aud: &'a str,
    client_id: &'a str,
    #[cfg_attr(feature = "schema", schema(value_type = i64))]
    iat: Timestamp,
    #[cfg_attr(feature = "schema", schema(value_type = i64))]
    exp: Timestamp,
    #[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^[!-~]{1,128}$"))]
    jti: &'a Jti,
    #[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^[!-~]{1,128}$"))]
    sid: &'a SessionId,
    /// When the user entered the password.
    #[cfg_attr(feature = "schema", schema(value_type = i64))]
    auth_time: Timestamp,
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    roles: &'a Roles,
    /// Separated by spaces; missing if the token has no scope.
    #[serde(skip_serializing_if = "Scopes::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = String, required = false))]
    scope: &'a Scopes,
}

impl<'a> Report<'a> {
    /// Reports about a token; without claims it is not active.
    pub(crate) fn of(claims: Option<&'a Claims>) -> Self {
        let Some(claims) = claims else {
            return Self::Inactive(InvalidToken { active: false });
        };
        Self::Active(ValidToken {
            active: true,
            token_type: "Bearer",
            iss: &claims.iss,
            sub: &claims.sub,
            aud: &claims.aud,
            client_id: &claims.client_id,
            iat: claims.iat,
            exp: claims.exp,
            jti: &claims.jti,
            sid: &claims.sid,
            auth_time: claims.auth_time,
            roles: &claims.roles,
            scope: &claims.scope,
        })
    }
}
