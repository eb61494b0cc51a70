//! The route of the API reference.

use gatehouse_edge::contract::{Operation, json};

/// The body of `POST /introspect` (RFC 7662 section 2.1).
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `body` reads")]
struct IntrospectRequest {
    /// The access token in question.
    #[schema(format = Password, min_length = 1)]
    token: String,
}

/// Returns the route.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let active = json!({
        "active": true, "token_type": "Bearer", "iss": "https://auth.example.com",
        "sub": "Sz3WlVYAS0q0X6mUjPqkTA", "aud": "https://auth.example.com",
        "client_id": "gatehouse", "iat": 1_790_000_000, "exp": 1_790_000_300,
        "jti": "1YvWcOoVQ2m0kq3hbQ3zBw", "sid": "m0kq3hbQ3zBw1YvWcOoVQ2",
        "auth_time": 1_790_000_000, "roles": ["user"], "scope": "profile",
    });
    vec![
        Operation::new("POST /introspect", "introspect", "Report whether an access token is active")
            .tag("Tokens")
            .describe("RFC 7662, for services that must see revocations at once. A refresh token is always inactive. `token_type_hint` is ignored.")
            .introspection()
            .form_or_json::<IntrospectRequest>(json!({ "token": "eyJ…" }))
            .returns::<crate::report::Report<'_>>(200, "Whether the token is active, and what it says.", active)
            .oauth_errors(&["invalid_request", "invalid_token", "invalid_client", "insufficient_scope"]),
    ]
}
