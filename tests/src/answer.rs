//! An HTTP answer, read whole.

use anyhow::Context;
use serde_json::Value;

/// An answer: status, headers, and the body as text.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, in lower case.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// Reads a response to its end.
    ///
    /// # Errors
    /// When the connection breaks before the end.
    pub async fn read(response: reqwest::Response) -> anyhow::Result<Self> {
        Ok(Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.context("the body broke off")?,
        })
    }

    /// Returns the body as JSON; `null` where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// Returns a member of the body that is a text; empty where it is none.
    #[must_use]
    pub fn member(&self, name: &str) -> String {
        self.json()
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    /// Returns a header's value; empty where there is none.
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
}
