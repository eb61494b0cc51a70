//! One request for a JWK Set, bounded in time and length.

use std::time::Duration;

use bytes::Bytes;
use gatehouse_auth::json;
use gatehouse_auth::key::{PublicJwk, parse_jwk_set};
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::aws_lc_rs;

use crate::error::FetchError;
use crate::settings::SettingsError;

/// A client of one address.
#[derive(Debug)]
pub(crate) struct JwkSetClient {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    uri: Uri,
    timeout: Duration,
}

impl JwkSetClient {
    /// Makes a client that trusts this machine's certificate authorities.
    pub(crate) fn new(uri: Uri, timeout: Duration) -> Result<Self, SettingsError> {
        // Named, since the process may link a second provider for something else.
        let builder = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(aws_lc_rs::default_provider())
            .map_err(SettingsError::Authorities)?;
        let builder = if uri.scheme() == Some(&http::uri::Scheme::HTTPS) {
            builder.https_only()
        } else {
            builder.https_or_http()
        };
        // One request in five minutes: a connection kept for the next would be dead.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(builder.enable_http1().build());
        Ok(Self {
            client,
            uri,
            timeout,
        })
    }

    /// Fetches the keys: all of the set, or none of it.
    pub(crate) async fn fetch(&self) -> Result<Vec<PublicJwk>, FetchError> {
        let read = tokio::time::timeout(self.timeout, self.read());
        let body = read.await.map_err(|_| FetchError::Slow)??;
        let set = json::parse(&body, MAX_DEPTH).map_err(FetchError::Json)?;
        parse_jwk_set(&set).map_err(FetchError::Keys)
    }

    async fn read(&self) -> Result<Bytes, FetchError> {
        let request = Request::get(&self.uri)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, USER_AGENT)
            .body(Empty::new())
            .map_err(|error| FetchError::Connection(error.into()))?;
        let answer = self.client.request(request).await;
        let answer = answer.map_err(|error| FetchError::Connection(error.into()))?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status().as_u16()));
        }
        let body = Limited::new(answer.into_body(), MAX_BODY_BYTES);
        match body.collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(FetchError::TooLong),
            Err(error) => Err(FetchError::Connection(error)),
        }
    }
}

const USER_AGENT: &str = concat!("gatehouse-verify/", env!("CARGO_PKG_VERSION"));
/// Longest set in bytes: a hundred RSA keys. More lets whoever answers in the
/// issuer's place fill this process's memory.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// Deepest nesting of a set. More only makes odd ones dearer to refuse.
const MAX_DEPTH: usize = 8;
