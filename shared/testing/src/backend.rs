//! A handler of calls: a closure, or a server to forward them to.
//!
//! The same backend can be served at the wire or plugged into the SDK, with faults
//! around it or without.

use std::fmt;
use std::net::TcpStream;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, Request, Response, header};
use http_body_util::{BodyExt as _, Full};

use crate::connector::Connector;
use crate::faults::Faults;
use crate::wire;

/// Where SES has the suppressed addresses, each behind this.
pub(crate) const SUPPRESSED: &str = "/v2/email/suppression/addresses/";

/// A request with its whole body.
pub type Call = Request<Bytes>;

/// A response with its whole body, or none.
pub type Outcome = Result<Response<Bytes>, ConnectionCut>;

/// The connection ends instead of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection was cut")]
pub struct ConnectionCut;

/// Handles calls. Clones share what is behind them.
#[derive(Clone)]
pub struct Backend(Arc<dyn Fn(Call) -> BoxFuture<'static, Outcome> + Send + Sync>);

impl Backend {
    /// Handles calls with a closure.
    pub fn new<F, R>(handle: F) -> Self
    where
        F: Fn(Call) -> R + Send + Sync + 'static,
        R: Future<Output = Outcome> + Send + 'static,
    {
        Self(Arc::new(move |call| Box::pin(handle(call))))
    }

    /// Forwards calls to the server at `url`, signatures and all.
    #[must_use]
    pub fn forwarding_to(url: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = url.trim_end_matches('/').to_owned();
        Self::new(move |call| forward(client.clone(), url.clone(), call))
    }

    /// Injects faults into the calls.
    #[must_use]
    pub fn with(self, faults: &Faults) -> Self {
        let faults = faults.clone();
        Self::new(move |call| {
            let (faults, inner) = (faults.clone(), self.clone());
            async move {
                let operation = operation(&call).to_owned();
                faults.around(&operation, inner.call(call)).await
            }
        })
    }

    /// Handles one call.
    ///
    /// # Errors
    /// [`ConnectionCut`] if the connection ends instead.
    pub async fn call(&self, call: Call) -> Outcome {
        (self.0)(call).await
    }

    /// Serves on a free port until the test's runtime ends, and returns the URL.
    pub async fn serve(self) -> String {
        let handle = move |call: Call, _: Arc<TcpStream>| {
            let backend = self.clone();
            async move {
                let response = backend.call(call).await?;
                Ok(response.map(|body| Full::new(body).boxed_unsync()))
            }
            .boxed()
        };
        wire::serve(Arc::new(handle)).await
    }

    /// Returns an HTTP client for the SDK that calls this backend without a socket.
    #[must_use]
    pub fn http_client(self) -> SharedHttpClient {
        SharedHttpClient::new(Connector::new(self))
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Backend")
    }
}

/// Returns the operation that a call to AWS names, such as `GetItem`. A call to SES names it by
/// its method and path.
#[must_use]
pub fn operation(call: &Call) -> &str {
    match call.uri().path() {
        "/v2/email/outbound-emails" => return "SendEmail",
        "/v2/email/account" => return "GetAccount",
        path if path.starts_with(SUPPRESSED) => {
            let is_read = call.method() == Method::GET;
            return if is_read {
                "GetSuppressedDestination"
            } else {
                "DeleteSuppressedDestination"
            };
        }
        _ => {}
    }
    let target = call.headers().get("x-amz-target");
    let target = target.and_then(|value| value.to_str().ok());
    let target = target.unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default()
}

async fn forward(client: reqwest::Client, url: String, call: Call) -> Outcome {
    let (parts, body) = call.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let sent = client
        .request(parts.method, format!("{url}{path}"))
        .headers(forwardable(&parts.headers))
        .body(body)
        .send();
    let received = sent.await.map_err(|_| ConnectionCut)?;
    let (status, headers) = (received.status(), forwardable(received.headers()));
    let body = received.bytes().await.map_err(|_| ConnectionCut)?;
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// Returns all headers except those that belong to one connection or give the length.
fn forwardable(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in [
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
    ] {
        headers.remove(name);
    }
    headers
}
