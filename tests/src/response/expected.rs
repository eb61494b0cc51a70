//! What a test expects of a response, and how a response differs from it.

use serde_json::{Value, json};

use super::Response;

/// What a test expects of a response.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expected<'a> {
    /// A status, whatever the body.
    Status(u16),
    /// 204 and no body.
    NoContent,
    /// A problem (RFC 9457): its status and code.
    Problem(u16, &'a str),
    /// A validation problem, and the first field that it names.
    InvalidField(&'a str),
    /// An error of RFC 6749 section 5.2: its status and `error`.
    OauthError(u16, &'a str),
    /// A response of the gateway itself: its status and message.
    FromGateway(u16, &'a str),
}

impl Expected<'_> {
    /// Returns what was expected and what was received, if they differ.
    pub(crate) fn mismatch(self, response: &Response) -> Option<String> {
        let differs = match self {
            Self::Status(status) => response.status != status,
            Self::NoContent => response.status != 204 || !response.text.is_empty(),
            Self::Problem(status, code) => {
                response.status != status
                    || response.member("code") != code
                    || !is_problem(response)
            }
            Self::InvalidField(field) => {
                let problem = Self::Problem(422, "validation_failed");
                let fields = response.invalid_fields();
                let first = fields.first().map(String::as_str);
                return problem.mismatch(response).or_else(|| {
                    (first != Some(field)).then(|| format!("expected {self}\n{response}"))
                });
            }
            Self::OauthError(status, error) => {
                response.status != status
                    || response.member("error") != error
                    || !is_oauth(response)
            }
            Self::FromGateway(status, message) => {
                response.status != status || response.json() != json!({ "message": message })
            }
        };
        differs.then(|| format!("expected {self}\n{response}\n{:?}", response.headers))
    }
}

impl std::fmt::Display for Expected<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::NoContent => write!(f, "204 without a body"),
            Self::Problem(status, code) => write!(f, "{status} and a problem `{code}`"),
            Self::InvalidField(field) => write!(f, "a problem with the field `{field}`"),
            Self::OauthError(status, error) => write!(f, "{status} and an OAuth error `{error}`"),
            Self::FromGateway(status, message) => {
                write!(f, "{status} and the gateway's message `{message}`")
            }
        }
    }
}

/// Every member and header that a problem of this API has.
fn is_problem(response: &Response) -> bool {
    let body = &response.json();
    response.header("content-type") == "application/problem+json"
        && body["type"] == format!("urn:gatehouse:problem:{}", response.member("code"))
        && body["status"] == response.status
        && ["title", "detail", "instance"].map(|name| body[name].is_string()) == [true; 3]
        && body["request_id"] == response.header("x-request-id")
        && is_guarded(response)
}

/// Every member and header that an OAuth error has, and no member of a problem.
fn is_oauth(response: &Response) -> bool {
    let body = &response.json();
    response.header("content-type") == "application/json"
        && body["error_description"].is_string()
        && ["type", "code"].map(|name| body.get(name)) == [None::<&Value>; 2]
        && is_guarded(response)
}

/// The headers that every response of a function has.
fn is_guarded(response: &Response) -> bool {
    response.header("x-content-type-options") == "nosniff"
        && response.header("cache-control") == "no-store"
}
