//! A problem as a response: `application/problem+json`.

use serde::Serialize;

use super::{FieldError, Problem};
use crate::Response;
use crate::error::IntoResponse;

impl Problem {
    /// Turns the problem into the response to the request with this id, and logs the
    /// failure behind it.
    #[must_use]
    pub fn into_response(self, request_id: &str) -> Response {
        let wire = Wire {
            problem_type: format!("urn:gatehouse:problem:{}", self.code()),
            title: self.code.title(),
            status: self.status().as_u16(),
            detail: &self.fault.detail,
            instance: format!("urn:gatehouse:request:{}", urn_safe(request_id)),
            code: self.code(),
            request_id,
            errors: &self.errors,
            suggestions: &self.suggestions,
        };
        self.fault.respond("application/problem+json", &wire)
    }
}

impl IntoResponse for Problem {
    fn into_response(self, request_id: &str) -> Response {
        self.into_response(request_id)
    }
}

/// RFC 8141 allows only a few characters in a URN; the others are percent-encoded.
fn urn_safe(request_id: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_.=-".contains(&byte);
    request_id
        .bytes()
        .map(|byte| match byte {
            byte if safe(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// A problem (RFC 9457).
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Problem))]
pub(crate) struct Wire<'a> {
    /// A URN of the problem's kind: `urn:gatehouse:problem:` and the code.
    #[serde(rename = "type")]
    problem_type: String,
    /// The kind of problem, for people.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened, for people.
    detail: &'a str,
    /// A URN of this request.
    instance: String,
    /// The stable word that clients compare.
    code: &'static str,
    /// The id of the request, as in the header `X-Request-Id`.
    request_id: &'a str,
    /// What is wrong with each field.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    errors: &'a [FieldError],
    /// Advice for a better password.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    suggestions: &'a [String],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_request_id_becomes_a_valid_urn() {
        assert_eq!(urn_safe("a/b+c= \u{e9}"), "a%2Fb%2Bc=%20%C3%A9");
    }
}
