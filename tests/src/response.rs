//! An HTTP response, read to its end, and what tests assert about it.

mod expected;

use std::panic::Location;

use anyhow::{Context, bail};
use serde_json::Value;

pub(crate) use expected::Expected;

/// A response: status, headers, and the body as text.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers; names are in lower case.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub text: String,
    /// The request, for failure messages.
    request: String,
}

impl Response {
    /// Reads a response to its end; `request` names what was sent in failures.
    ///
    /// # Errors
    /// If the connection breaks before the end.
    pub async fn read(request: String, response: reqwest::Response) -> anyhow::Result<Self> {
        Ok(Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.context("the body is incomplete")?,
            request,
        })
    }

    /// Returns the body as JSON, or `null` if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// Returns a string member of the body; empty if there is none.
    #[must_use]
    pub fn member(&self, name: &str) -> String {
        self.json()
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    /// Returns the members of an array in the body; empty if there is none.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<Value> {
        let body = self.json();
        let list = body.get(name).and_then(Value::as_array);
        list.cloned().unwrap_or_default()
    }

    /// Returns a header's value; empty if it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Returns the problem's `code`, or the OAuth `error`, or the gateway's `message`.
    #[must_use]
    pub fn code(&self) -> String {
        ["code", "error", "message"]
            .into_iter()
            .map(|name| self.member(name))
            .find(|text| !text.is_empty())
            .unwrap_or_default()
    }

    /// Returns the fields that a validation problem names, in its order.
    #[must_use]
    pub fn invalid_fields(&self) -> Vec<String> {
        let field = |error: &Value| error["field"].as_str().unwrap_or_default().to_owned();
        self.list("errors").iter().map(field).collect()
    }

    /// Returns status, headers and body for a snapshot. The values of `redacted` members
    /// are replaced by their names, as are those that differ in each response.
    #[must_use]
    pub fn snapshot(&self, redacted: &[&str]) -> String {
        let mut body = self.json();
        for name in ["instance", "request_id"].iter().chain(redacted) {
            if let Some(value) = body.get_mut(name) {
                *value = Value::from(format!("[{name}]"));
            }
        }
        let headers = SHOWN_HEADERS.map(|name| match self.header(name) {
            "" => String::new(),
            value => format!("{name}: {value}\n"),
        });
        format!("{}\n{}\n{body:#}", self.status, headers.concat())
    }

    /// Adds a case to the failure messages, for tests that send many requests.
    #[must_use]
    pub fn case(mut self, case: impl std::fmt::Display) -> Self {
        self.request = format!("{}, {case}", self.request);
        self
    }

    /// Asserts the status.
    #[track_caller]
    pub fn assert_status(&self, status: u16) {
        self.assert(Expected::Status(status));
    }

    /// Asserts 204 and an empty body.
    #[track_caller]
    pub fn assert_no_content(&self) {
        self.assert(Expected::NoContent);
    }

    /// Asserts a problem (RFC 9457) with every member that the API promises.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, code: &str) {
        self.assert(Expected::Problem(status, code));
    }

    /// Asserts a validation problem (422) that names this field first.
    #[track_caller]
    pub fn assert_invalid_field(&self, field: &str) {
        self.assert(Expected::InvalidField(field));
    }

    /// Asserts an error of RFC 6749 section 5.2.
    #[track_caller]
    pub fn assert_oauth_error(&self, status: u16, error: &str) {
        self.assert(Expected::OauthError(status, error));
    }

    /// Asserts a response that the gateway sent, without calling a function.
    #[track_caller]
    pub fn assert_from_gateway(&self, status: u16, message: &str) {
        self.assert(Expected::FromGateway(status, message));
    }

    #[track_caller]
    #[expect(clippy::panic, reason = "this is an assertion")]
    fn assert(&self, expected: Expected<'_>) {
        if let Some(mismatch) = expected.mismatch(self) {
            panic!("{mismatch}");
        }
    }

    /// Reports a mismatch as an error that names the caller's line, for functions that
    /// are `async` and cannot panic there.
    pub(crate) fn expect(&self, expected: Expected<'_>, at: &Location<'_>) -> anyhow::Result<()> {
        match expected.mismatch(self) {
            Some(mismatch) => bail!("{at}: {mismatch}"),
            None => Ok(()),
        }
    }
}

/// The request and what came back, on one line.
impl std::fmt::Display for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            status,
            text,
            request,
            ..
        } = self;
        write!(f, "{request}: received {status} {text}")
    }
}

/// The headers that the API promises, in a snapshot's order.
const SHOWN_HEADERS: [&str; 7] = [
    "cache-control",
    "content-type",
    "location",
    "retry-after",
    "vary",
    "www-authenticate",
    "x-content-type-options",
];
