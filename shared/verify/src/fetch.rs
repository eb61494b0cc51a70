//! One request for a JWK Set.

use std::time::Duration;

use gatehouse_auth::json;
use gatehouse_auth::key::{PublicJwk, parse_jwk_set};
use gatehouse_fetch::{Fetcher, Limits};
use http::Uri;

use crate::error::FetchError;
use crate::settings::SettingsError;

/// A client of one address.
#[derive(Debug)]
pub(crate) struct JwkSetClient {
    fetcher: Fetcher,
    uri: Uri,
}

impl JwkSetClient {
    /// Makes a client that trusts this machine's certificate authorities.
    pub(crate) fn new(uri: Uri, timeout: Duration) -> Result<Self, SettingsError> {
        let limits = Limits {
            timeout,
            max_bytes: MAX_BODY_BYTES,
        };
        let fetcher = Fetcher::new(limits, USER_AGENT).map_err(SettingsError::Authorities)?;
        Ok(Self { fetcher, uri })
    }

    /// Fetches the keys: all of the set, or none of it.
    pub(crate) async fn fetch(&self) -> Result<Vec<PublicJwk>, FetchError> {
        let body = self
            .fetcher
            .get(&self.uri, &[("accept", "application/json")]);
        let set = json::parse(&body.await?, MAX_DEPTH).map_err(FetchError::Json)?;
        parse_jwk_set(&set).map_err(FetchError::Keys)
    }
}

const USER_AGENT: &str = concat!("gatehouse-verify/", env!("CARGO_PKG_VERSION"));
/// Longest set in bytes: a hundred RSA keys. More lets whoever answers in the
/// issuer's place fill this process's memory.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// Deepest nesting of a set. More only makes odd ones dearer to refuse.
const MAX_DEPTH: usize = 8;
