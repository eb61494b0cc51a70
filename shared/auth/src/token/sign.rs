//! Issuing access tokens.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};

use crate::claims::Claims;
use crate::failure::Failure;
use crate::id::{Jti, SessionId, SubjectId};
use crate::key::{SigningError, SigningKey};
use crate::newtype::redacted_debug;
use crate::role::Roles;
use crate::scope::Scopes;
use crate::time::Timestamp;
use crate::token::MAX_TOKEN_BYTES;

/// Issues access tokens for one issuer, audience and client.
#[derive(Debug, Clone)]
pub struct Issuer {
    name: String,
    audience: String,
    client_id: String,
    lifetime: Duration,
}

/// The claims that differ from token to token.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The user whom the token represents.
    pub sub: SubjectId,
    /// The session to which the token belongs.
    pub sid: SessionId,
    /// The token's id: random and never used before.
    pub jti: Jti,
    /// The user's token version.
    pub ver: u64,
    /// When the user entered the password.
    pub auth_time: Timestamp,
    /// What the token may be used for.
    pub scope: Scopes,
    /// The user's roles.
    pub roles: Roles,
}

/// Why no token was issued.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// Its roles and scopes make it longer than a token may be.
    #[error("the token would be too long to be accepted")]
    TooLong,
    /// The claims could not be serialised.
    #[error("the claims could not be serialised")]
    Claims(#[source] serde_json::Error),
    /// The crypto backend could not sign.
    #[error("the token could not be signed")]
    Signature(#[source] SigningError),
}

impl Failure for SignError {
    fn is_transient(&self) -> bool {
        false
    }
}

impl Issuer {
    /// Creates an issuer. `lifetime` must be at most
    /// [`MAX_LIFETIME`](crate::claims::MAX_LIFETIME), or every verifier rejects the tokens.
    #[must_use]
    pub fn new(name: String, audience: String, client_id: String, lifetime: Duration) -> Self {
        Self {
            name,
            audience,
            client_id,
            lifetime,
        }
    }

    /// Issues a token.
    ///
    /// # Errors
    /// [`SignError`] if the token cannot be issued.
    pub fn issue(
        &self,
        grant: Grant,
        key: &SigningKey,
        now: Timestamp,
    ) -> Result<AccessToken, SignError> {
        let claims = Claims {
            iss: self.name.clone(),
            sub: grant.sub,
            aud: self.audience.clone(),
            client_id: self.client_id.clone(),
            iat: now,
            exp: now.plus(self.lifetime),
            jti: grant.jti,
            sid: grant.sid,
            ver: grant.ver,
            auth_time: grant.auth_time,
            scope: grant.scope,
            roles: grant.roles,
        };
        let claims = serde_json::to_vec(&claims).map_err(SignError::Claims)?;
        let header = header(key);
        let mut token = URL_SAFE_NO_PAD.encode(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = key.sign(token.as_bytes()).map_err(SignError::Signature)?;
        token.push('.');
        token.push_str(&signature);
        if token.len() > MAX_TOKEN_BYTES {
            return Err(SignError::TooLong);
        }
        Ok(AccessToken {
            token: token.into(),
            expires_in: self.lifetime,
        })
    }
}

/// RFC 9068 section 2.1. Neither algorithm nor key id has a character that JSON escapes.
fn header(key: &SigningKey) -> String {
    format!(
        r#"{{"alg":"{}","kid":"{}","typ":"at+jwt"}}"#,
        key.algorithm(),
        key.kid()
    )
}

/// A newly issued access token. Anyone who holds it has access, so it is never printed.
pub struct AccessToken {
    token: SecretString,
    expires_in: Duration,
}

impl AccessToken {
    /// Returns the token. Put it only into the response to its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.token.expose_secret()
    }

    /// Returns how long the token is accepted.
    #[must_use]
    pub fn expires_in(&self) -> Duration {
        self.expires_in
    }
}

redacted_debug!(AccessToken);
