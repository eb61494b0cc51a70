//! One HTTP GET, limited in time and in length, that follows no redirects.
//!
//! It knows nothing of keys or passwords. Its concern is that no server can delay the
//! caller or fill its memory.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::aws_lc_rs;

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The connection failed.
    #[error("no response came")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The response was not complete in time.
    #[error("the response was not complete in time")]
    Slow,
    /// The status is not 200. Redirects are not followed: whoever can send one would
    /// choose where the response comes from.
    #[error("the response has the status {0}")]
    Status(u16),
    /// The body is longer than the limit.
    #[error("the response is too long")]
    TooLong,
}

impl FetchError {
    /// True if the same request may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connection(_) | Self::Slow => true,
            Self::Status(status) => *status == 429 || *status >= 500,
            Self::TooLong => false,
        }
    }
}

/// The limits of a response.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The time for the whole response, from the first byte of the request.
    pub timeout: Duration,
    /// The longest body, in bytes.
    pub max_bytes: usize,
}

/// An HTTP client that sends GET requests.
#[derive(Debug)]
pub struct Fetcher {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    limits: Limits,
    user_agent: &'static str,
}

impl Fetcher {
    /// Builds a client that trusts the certificate authorities of this machine.
    ///
    /// # Errors
    /// If this machine has none, or they cannot be read.
    pub fn new(limits: Limits, user_agent: &'static str) -> std::io::Result<Self> {
        // Explicit, since the process may link another provider too.
        let builder = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(aws_lc_rs::default_provider())?
            .https_or_http()
            .enable_http1();
        // Requests are rare: an idle connection would be closed before the next one.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(builder.build());
        Ok(Self {
            client,
            limits,
            user_agent,
        })
    }

    /// Reads a whole body. `headers` are sent in addition to the client's own.
    ///
    /// # Errors
    /// [`FetchError`] if there is no complete response of 200 within the limits.
    pub async fn get(&self, uri: &Uri, headers: &[(&str, &str)]) -> Result<Bytes, FetchError> {
        let read = tokio::time::timeout(self.limits.timeout, self.read(uri, headers));
        read.await.map_err(|_| FetchError::Slow)?
    }

    async fn read(&self, uri: &Uri, headers: &[(&str, &str)]) -> Result<Bytes, FetchError> {
        let mut request = Request::get(uri).header(header::USER_AGENT, self.user_agent);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Empty::new())
            .map_err(|error| FetchError::Connection(error.into()))?;
        let response = self.client.request(request).await;
        let response = response.map_err(|error| FetchError::Connection(error.into()))?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let body = Limited::new(response.into_body(), self.limits.max_bytes);
        match body.collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(FetchError::TooLong),
            Err(error) => Err(FetchError::Connection(error)),
        }
    }
}

/// True if the response cannot be changed in transit: https, or plain http within this
/// machine.
#[must_use]
pub fn is_authentic(uri: &Uri) -> bool {
    gatehouse_auth::url::is_authentic(uri.scheme_str(), uri.host())
}
