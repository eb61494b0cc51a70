//! A function behind Lambda's Invoke API: `cargo lambda watch`.

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;

use super::error::InvokeError;
use super::invocation::Invocation;

/// A function at an invoke endpoint.
#[derive(Debug)]
pub(crate) struct Remote {
    function: String,
    /// Host and port.
    authority: String,
}

impl Remote {
    /// Creates a function at `endpoint`, which is `http://HOST:PORT`.
    pub(super) fn new(endpoint: &str, function: &str) -> Self {
        let authority = endpoint.strip_prefix("http://").unwrap_or(endpoint);
        Self {
            function: function.to_owned(),
            authority: authority.trim_end_matches('/').to_owned(),
        }
    }

    pub(super) async fn invoke(&self, invocation: Invocation) -> Result<Bytes, InvokeError> {
        let (status, failed, body) =
            self.post(invocation)
                .await
                .map_err(|source| InvokeError::Unreachable {
                    function: self.function.clone(),
                    endpoint: self.authority.clone(),
                    reason: source.to_string(),
                })?;
        if status.is_success() && !failed {
            return Ok(body);
        }
        let report: Report = serde_json::from_slice(&body).unwrap_or_else(|_| Report {
            error_type: status.to_string(),
            message: String::from_utf8_lossy(&body).into_owned(),
        });
        Err(InvokeError::Failed {
            function: self.function.clone(),
            error_type: report.error_type,
            message: report.message,
        })
    }

    async fn post(&self, invocation: Invocation) -> Result<(StatusCode, bool, Bytes), Failure> {
        let stream = TcpStream::connect(&self.authority).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = Request::post(format!(
            "/2015-03-31/functions/{}/invocations",
            self.function
        ))
        .header(header::HOST, &self.authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-amzn-trace-id", invocation.trace)
        .body(Full::new(invocation.payload))?;
        let response = sender.send_request(request).await?;
        let failed = response.headers().contains_key("x-amz-function-error");
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        connection.abort();
        Ok((status, failed, body))
    }
}

/// An error in Lambda's format.
#[derive(Deserialize)]
struct Report {
    #[serde(rename = "errorType")]
    error_type: String,
    #[serde(rename = "errorMessage")]
    message: String,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;
