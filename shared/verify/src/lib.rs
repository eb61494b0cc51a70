//! Verifies access tokens with the published keys, for services that sit behind
//! no authorizer: a container, a queue's consumer, somebody else's API.
//!
//! **It sees no revocations.** A logout, a change of roles or a disabled account
//! bites here only when the token ends, which is after `ACCESS_TOKEN_TTL_SECONDS`
//! (15 minutes unless set otherwise, an hour at most). Where that is too late,
//! put the authorizer in front.
//!
//! ```no_run
//! use std::time::SystemTime;
//!
//! use gatehouse_verify::{RemoteVerifier, Settings, VerifyError, bearer_token};
//!
//! # async fn example(headers: &http::HeaderMap) -> Result<(), Box<dyn std::error::Error>> {
//! let settings = Settings::new("https://auth.example.com", "gatehouse");
//! let verifier = RemoteVerifier::new(settings)?;
//! verifier.preload(SystemTime::now().into()).await?;
//!
//! let Ok(token) = bearer_token(headers.get_all("authorization")) else {
//!     println!("401");
//!     return Ok(());
//! };
//! match verifier.verify(token, SystemTime::now().into()).await {
//!     Ok(claims) if claims.roles.contains("admin") => println!("hello {}", claims.sub),
//!     Ok(_) => println!("403"),
//!     Err(VerifyError::Token(_)) => println!("401"),
//!     Err(VerifyError::Keys(_)) => println!("503"),
//! }
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

/// Verifies access tokens of one issuer for one audience, with keys that it
/// fetches from the issuer and keeps. Make one for the whole service.
#[derive(Debug)]
pub struct RemoteVerifier {
    verifier: Verifier,
    keys: KeyCache<JwkSetClient>,
}

impl RemoteVerifier {
    /// Makes a verifier. Nothing is fetched yet.
    ///
    /// # Errors
    /// [`SettingsError`] when a setting is odd, or this machine trusts no
    /// certificate authority.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let uri = settings.check()?;
        let client = JwkSetClient::new(uri, settings.timeout)?;
        Ok(Self {
            keys: KeyCache::new(client, settings.max_age),
            verifier: Verifier::new(settings.issuer, settings.audience),
        })
    }

    /// Fetches the keys, so that the first request need not wait for them.
    ///
    /// # Errors
    /// [`RemoteKeysError`] when they cannot be had. The verifier stays usable: the
    /// next token asks again.
    pub async fn preload(&self, now: Timestamp) -> Result<(), RemoteKeysError> {
        self.keys.current(now).await.map(drop)
    }

    /// Verifies a token by every rule but revocation, and returns what it claims.
    ///
    /// # Errors
    /// [`VerifyError::Token`] when it is not good: answer 401.
    /// [`VerifyError::Keys`] when that cannot be told: answer 503, never let it in.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, VerifyError> {
        Ok(self.keys.verify(&self.verifier, token, now).await??)
    }
}
