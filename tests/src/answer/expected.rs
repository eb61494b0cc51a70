//! What a test expects of a response, and how a response differs from it.

use serde_json::{Value, json};

use super::Answer;

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
    pub(crate) fn mismatch(self, answer: &Answer) -> Option<String> {
        let differs = match self {
            Self::Status(status) => answer.status != status,
            Self::NoContent => answer.status != 204 || !answer.text.is_empty(),
            Self::Problem(status, code) => {
                answer.status != status || answer.member("code") != code || !is_problem(answer)
            }
            Self::InvalidField(field) => {
                let problem = Self::Problem(422, "validation_failed");
                let fields = answer.invalid_fields();
                let first = fields.first().map(String::as_str);
                return problem.mismatch(answer).or_else(|| {
                    (first != Some(field)).then(|| format!("expected {self}\n{answer}"))
                });
            }
            Self::OauthError(status, error) => {
                answer.status != status || answer.member("error") != error || !is_oauth(answer)
            }
            Self::FromGateway(status, message) => {
                answer.status != status || answer.json() != json!({ "message": message })
            }
        };
        differs.then(|| format!("expected {self}\n{answer}\n{:?}", answer.headers))
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
fn is_problem(answer: &Answer) -> bool {
    let body = &answer.json();
    answer.header("content-type") == "application/problem+json"
        && body["type"] == format!("urn:gatehouse:problem:{}", answer.member("code"))
        && body["status"] == answer.status
        && ["title", "detail", "instance"].map(|name| body[name].is_string()) == [true; 3]
        && body["request_id"] == answer.header("x-request-id")
        && is_guarded(answer)
}

/// Every member and header that an OAuth error has, and no member of a problem.
fn is_oauth(answer: &Answer) -> bool {
    let body = &answer.json();
    answer.header("content-type") == "application/json"
        && body["error_description"].is_string()
        && ["type", "code"].map(|name| body.get(name)) == [None::<&Value>; 2]
        && is_guarded(answer)
}

/// The headers that every response of a function has.
fn is_guarded(answer: &Answer) -> bool {
    answer.header("x-content-type-options") == "nosniff"
        && answer.header("cache-control") == "no-store"
}
