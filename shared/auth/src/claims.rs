//! The claims of an access token: either verified or about to be signed.

use std::time::Duration;

use serde::Serialize;

use crate::id::{Jti, SessionId, SubjectId};
use crate::role::Roles;
use crate::scope::Scopes;
use crate::time::Timestamp;

/// Longest lifetime of a token. A longer one outlives its revocation, which is
/// kept for this long, and the keys that it was signed with.
pub const MAX_LIFETIME: Duration = Duration::from_hours(1);

/// The verified payload of an access token (RFC 9068 section 2.2).
///
/// Only this crate creates one, either by verifying a token or in order to sign it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Claims {
    /// Who issued the token.
    pub iss: String,
    /// The user whom the token represents.
    pub sub: SubjectId,
    /// The intended recipient of the token: us.
    pub aud: String,
    /// The client that requested the token.
    pub client_id: String,
    /// When the token was issued.
    pub iat: Timestamp,
    /// When the token stops being accepted.
    pub exp: Timestamp,
    /// The token's id, by which it is revoked.
    pub jti: Jti,
    /// The session to which the token belongs.
    pub sid: SessionId,
    /// The user's token version when the token was issued.
    pub ver: u64,
    /// When the user entered the password.
    pub auth_time: Timestamp,
    /// What the token may be used for. A token without scopes has no such claim: an empty
    /// text is not a list of scopes (RFC 6749 section 3.3).
    #[serde(skip_serializing_if = "Scopes::is_empty")]
    pub scope: Scopes,
    /// The user's roles when the token was issued.
    pub roles: Roles,
}
