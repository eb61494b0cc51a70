//! What a service refused, and why there was no response.

use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde_json::Value;

/// Why a call did not succeed. Its code and its message are the service's own.
pub type RestError = SdkError<Refusal, HttpResponse>;

/// A response that is not a success.
#[derive(Debug)]
pub struct Refusal(ErrorMetadata);

impl Refusal {
    /// Reads the code and the message where the services' JSON protocols put them.
    pub(crate) fn read(response: &HttpResponse) -> Self {
        let body: Option<Value> = response
            .body()
            .bytes()
            .and_then(|body| serde_json::from_slice(body).ok());
        let text = |names: [&str; 2]| {
            let body = body.as_ref()?;
            names.iter().find_map(|name| body.get(name)?.as_str())
        };
        let code = response.headers().get("x-amzn-errortype");
        let code = code.or_else(|| text(["__type", "code"]));
        let mut metadata = ErrorMetadata::builder();
        if let Some(code) = code {
            metadata = metadata.code(shape(code));
        }
        if let Some(message) = text(["message", "Message"]) {
            metadata = metadata.message(message);
        }
        Self(metadata.build())
    }
}

/// Returns the error's name in `aws.service#Name:http://...`.
fn shape(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or_default();
    code.rsplit('#').next().unwrap_or_default()
}

impl ProvideErrorMetadata for Refusal {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl std::error::Error for Refusal {}
