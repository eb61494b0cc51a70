//! Every error that a client can see: when it occurs, and what a client does.

use serde_json::{Value, json};

use crate::error::{Code, OAUTH_ERRORS};

/// The format of an error's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// `application/problem+json` (RFC 9457); the code is the member `code`.
    Problem,
    /// RFC 6749 section 5.2, at `/refresh`, `/revoke` and `/introspect`; the code is the
    /// member `error`.
    Oauth,
    /// API Gateway's own, if no function responds; there is no code.
    Gateway,
}

/// An error that a client can see.
#[derive(Debug, Clone)]
pub struct ErrorEntry {
    /// The stable code; API Gateway's text if there is none.
    pub code: &'static str,
    /// The title of a problem; empty otherwise.
    pub title: &'static str,
    /// The format of its body.
    pub format: Format,
    /// The HTTP status.
    pub status: u16,
    /// When it occurs.
    pub when: &'static str,
    /// What a client does about it.
    pub client: &'static str,
}

/// Returns every error, in the order of the reference.
#[must_use]
pub fn errors() -> Vec<ErrorEntry> {
    let problems = Code::ALL.into_iter().map(|code| {
        let (status, when, client) = code.reference();
        ErrorEntry {
            code: code.as_str(),
            title: code.title(),
            format: Format::Problem,
            status,
            when,
            client,
        }
    });
    let oauth = OAUTH_ERRORS.into_iter().map(of(Format::Oauth));
    let gateway = GATEWAY_ERRORS.into_iter().map(of(Format::Gateway));
    problems.chain(oauth).chain(gateway).collect()
}

/// Code, status, when it occurs, what a client does.
pub(crate) type Row = (&'static str, u16, &'static str, &'static str);

impl ErrorEntry {
    /// Returns a body with this error.
    pub(super) fn example(&self) -> Value {
        match self.format {
            Format::Problem => json!({
                "type": format!("urn:gatehouse:problem:{}", self.code),
                "title": self.title,
                "status": self.status,
                "detail": "what happened, for people",
                "instance": "urn:gatehouse:request:LV7fzho-PHcEJPw=",
                "code": self.code,
                "request_id": "LV7fzho-PHcEJPw=",
            }),
            Format::Oauth => json!({
                "error": self.code,
                "error_description": "what happened, for people",
            }),
            Format::Gateway => json!({ "message": self.code }),
        }
    }
}

fn of(format: Format) -> impl Fn(Row) -> ErrorEntry {
    move |(code, status, when, client)| ErrorEntry {
        code,
        title: "",
        format,
        status,
        when,
        client,
    }
}

const GATEWAY_ERRORS: [Row; 9] = [
    (
        "Bad Request",
        400,
        "The request is not valid HTTP.",
        "Correct the client.",
    ),
    (
        "Unauthorized",
        401,
        "The header `Authorization` is missing or empty.",
        "Log in, or send the access token.",
    ),
    (
        "Forbidden",
        403,
        "The header `Authorization` does not hold exactly one valid access token: it is malformed, expired or revoked, or its user has changed.",
        "Refresh once and retry. If that fails too, log in again.",
    ),
    (
        "Not Found",
        404,
        "There is no such route. API Gateway returns 404 for a wrong method too.",
        "Correct the method or the path.",
    ),
    (
        "Request Entity Too Large",
        413,
        "The body is larger than API Gateway's 10 MB.",
        "Send less.",
    ),
    (
        "Too Many Requests",
        429,
        "The route has reached its rate limit or burst limit for all clients together.",
        "Wait a second, then retry, waiting longer each time.",
    ),
    (
        "Request Header Fields Too Large",
        431,
        "The request line and the headers are larger than 10,240 bytes.",
        "Send less.",
    ),
    (
        "Internal Server Error",
        500,
        "The function or the authorizer failed or ran out of time.",
        "Retry a request that can be repeated. Report it with the header `apigw-requestid`.",
    ),
    (
        "Service Unavailable",
        503,
        "The function did not respond within 30 seconds, or could not be started.",
        "Wait a second, then retry, waiting longer each time.",
    ),
];

#[cfg(test)]
mod tests;
