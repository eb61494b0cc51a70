//! Fetches a JWK Set over HTTP.

use std::time::Duration;

use gatehouse_auth::json;
use gatehouse_auth::key::{KeySource, PublicJwk, VerifyingKeys, parse_jwk_set};
use gatehouse_auth::time::Timestamp;
use gatehouse_fetch::{Fetcher, Limits};
use http::Uri;

use crate::error::{JwkSetError, RemoteKeysError, SettingsError};

/// A client for one URL.
#[derive(Debug)]
pub(crate) struct JwkSetClient {
    fetcher: Fetcher,
    uri: Uri,
}

impl JwkSetClient {
    /// Creates a client that trusts this machine's certificate authorities.
    pub(crate) fn new(uri: Uri, timeout: Duration) -> Result<Self, SettingsError> {
        let limits = Limits {
            timeout,
            max_bytes: MAX_BODY_BYTES,
        };
        let fetcher = Fetcher::new(limits, USER_AGENT).map_err(SettingsError::Authorities)?;
        Ok(Self { fetcher, uri })
    }

    async fn jwk_set(&self) -> Result<Vec<PublicJwk>, JwkSetError> {
        let body = self
            .fetcher
            .get(&self.uri, &[("accept", "application/json")]);
        let set = json::parse(&body.await?, MAX_DEPTH).map_err(JwkSetError::Json)?;
        parse_jwk_set(&set).map_err(JwkSetError::Keys)
    }
}

impl KeySource for JwkSetClient {
    type Keys = VerifyingKeys;
    type Error = RemoteKeysError;

    /// Fetches the whole set or none of it.
    async fn fetch(&self, _: Timestamp) -> Result<VerifyingKeys, RemoteKeysError> {
        Ok(VerifyingKeys::from_jwks(self.jwk_set().await?))
    }
}

const USER_AGENT: &str = concat!("gatehouse-verify/", env!("CARGO_PKG_VERSION"));
/// Longest set in bytes: a hundred RSA keys. More lets anyone who responds in the
/// issuer's place fill this process's memory.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// Deepest nesting of a set. More only makes invalid ones more expensive to refuse.
const MAX_DEPTH: usize = 8;
