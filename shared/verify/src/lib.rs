//! Verifies access tokens with the issuer's published keys, for services that are not
//! behind the authorizer: a container, a queue consumer, someone else's API.
//!
//! **It does not see revocations.** A logout, a change of roles or a disabled account
//! takes effect here only when the token expires, after `ACCESS_TOKEN_TTL_SECONDS` (15
//! minutes by default, at most an hour). If that is too late, put the service behind the
//! authorizer.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use gatehouse_verify::{RemoteVerifier, Settings, VerifyError, bearer_token};
//! use http::HeaderMap;
//!
//! /// Returns the status for a request to administrators' data.
//! async fn status(verifier: &RemoteVerifier, headers: &HeaderMap) -> u16 {
//!     let Ok(token) = bearer_token(headers.get_all("authorization")) else {
//!         return 401;
//!     };
//!     match verifier.verify(token, SystemTime::now().into()).await {
//!         Ok(claims) if claims.roles.contains("admin") => 200,
//!         Ok(_) => 403,
//!         Err(VerifyError::Token(_)) => 401,
//!         Err(VerifyError::Keys(_)) => 503,
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The issuer is the stack's output `TokenIssuer`; here, nothing listens at its URL.
//! let verifier = RemoteVerifier::new(Settings::new("http://127.0.0.1:1", "gatehouse"))?;
//! let mut headers = HeaderMap::new();
//! assert_eq!(status(&verifier, &headers).await, 401);
//!
//! // Without keys, no token can be verified. That is an error, never an allow.
//! headers.insert("authorization", "Bearer a.b.c".parse()?);
//! assert_eq!(status(&verifier, &headers).await, 503);
//! # Ok(())
//! # }
//! ```

mod error;
mod fetch;
mod settings;

pub use error::{JwkSetError, RemoteKeysError, SettingsError, VerifyError};
pub use gatehouse_auth::authorization::{CredentialError, bearer_token};
pub use gatehouse_auth::claims::Claims;
pub use gatehouse_auth::time::Timestamp;
pub use gatehouse_auth::token::TokenError;
pub use gatehouse_fetch::FetchError as HttpError;
pub use settings::Settings;

use gatehouse_auth::key::KeyCache;
use gatehouse_auth::token::Verifier;

use fetch::JwkSetClient;

/// Verifies access tokens of one issuer for one audience, with keys that it fetches from
/// the issuer and caches. Create one for the whole service.
#[derive(Debug)]
pub struct RemoteVerifier {
    verifier: Verifier,
    keys: KeyCache<JwkSetClient>,
}

impl RemoteVerifier {
    /// Creates a verifier. Nothing is fetched yet.
    ///
    /// # Errors
    /// [`SettingsError`] if a setting is invalid, or if this machine trusts no certificate
    /// authority.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let uri = settings.check()?;
        let client = JwkSetClient::new(uri, settings.timeout)?;
        Ok(Self {
            keys: KeyCache::new(client, settings.max_age),
            verifier: Verifier::new(settings.issuer, settings.audience),
        })
    }

    /// Fetches the keys, so that the first request does not have to wait for them.
    ///
    /// # Errors
    /// [`RemoteKeysError`] if they cannot be fetched. The verifier remains usable: the next
    /// token tries again.
    pub async fn preload(&self, now: Timestamp) -> Result<(), RemoteKeysError> {
        self.keys.current(now).await.map(drop)
    }

    /// Verifies a token by every rule except revocation, and returns its claims.
    ///
    /// # Errors
    /// [`VerifyError::Token`] if the token is not valid: return 401.
    /// [`VerifyError::Keys`] if that is unknown because there are no keys: return 503, and
    /// never accept the token.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, VerifyError> {
        Ok(self.keys.verify(&self.verifier, token, now).await??)
    }
}
