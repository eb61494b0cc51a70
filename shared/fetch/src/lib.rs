//! One HTTP GET, bounded in time and in length, that follows no redirect.
//!
//! It knows neither keys nor passwords, only how not to be held up or filled by
//! who answers.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::aws_lc_rs;

/// What came instead of a body.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No connection, or one that broke.
    #[error("no answer came")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The whole answer was not there in time.
    #[error("the answer did not come in time")]
    Slow,
    /// Another status than 200. Redirects are not followed: who can make one
    /// would choose the answer.
    #[error("the answer has the status {0}")]
    Status(u16),
    /// A body beyond the limit.
    #[error("the answer is too long")]
    TooLong,
}

impl FetchError {
    /// True if the same request may be answered later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connection(_) | Self::Slow => true,
            Self::Status(status) => *status == 429 || *status >= 500,
            Self::TooLong => false,
        }
    }
}

/// How much an answer may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The whole answer, from the first byte of the request.
    pub timeout: Duration,
    /// The longest body, in bytes.
    pub max_bytes: usize,
}

/// A client that gets.
#[derive(Debug)]
pub struct Fetcher {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    limits: Limits,
    user_agent: &'static str,
}

impl Fetcher {
    /// Makes a client that trusts this machine's certificate authorities.
    ///
    /// # Errors
    /// When this machine has none that can be read.
    pub fn new(limits: Limits, user_agent: &'static str) -> std::io::Result<Self> {
        // Named, since the process may link a second provider for something else.
        let builder = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(aws_lc_rs::default_provider())?
            .https_or_http()
            .enable_http1();
        // Requests come seldom: a connection kept for the next would be dead.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(builder.build());
        Ok(Self {
            client,
            limits,
            user_agent,
        })
    }

    /// Gets a whole body. `headers` are sent beside the client's own.
    ///
    /// # Errors
    /// [`FetchError`].
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
        let answer = self.client.request(request).await;
        let answer = answer.map_err(|error| FetchError::Connection(error.into()))?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status().as_u16()));
        }
        let body = Limited::new(answer.into_body(), self.limits.max_bytes);
        match body.collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(FetchError::TooLong),
            Err(error) => Err(FetchError::Connection(error)),
        }
    }
}

/// True if nobody between can change the answer: https, or plain http within this
/// machine.
#[must_use]
pub fn is_authentic(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let local = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => local,
        _ => false,
    }
}
