//! The routes of the API reference.

use gatehouse_edge::contract::{Operation, Parameter, json};

/// The body of `POST /refresh` (RFC 6749 section 6).
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `rotate` reads")]
struct RefreshRequest {
    /// `refresh_token`; required in a form, optional in JSON.
    #[schema(pattern = "^refresh_token$")]
    grant_type: Option<String>,
    /// Required, unless the token is in the cookie.
    #[schema(format = Password)]
    refresh_token: Option<String>,
    /// Fewer scopes for the access token, separated by spaces.
    scope: Option<String>,
    /// With the cookie: the user whose cookie it must be.
    sub: Option<String>,
}

/// The body of `POST /revoke` (RFC 7009 section 2.1).
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `revoke` reads")]
struct RevokeRequest {
    /// A refresh token or an access token. Required, unless the token is in the cookie.
    #[schema(format = Password)]
    token: Option<String>,
    /// With the cookie: the user whose cookie it must be.
    sub: Option<String>,
}

/// Anything: the body has no meaning.
#[derive(utoipa::ToSchema)]
struct Empty {}

/// Returns the routes.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let body = json!({ "grant_type": "refresh_token", "refresh_token": "gh_rt_…" });
    vec![
        Operation::new("POST /refresh", "refresh", "Issue a new pair of tokens")
            .tag("Tokens")
            .describe("A refresh token is used once. Within `RefreshGraceSeconds` (30) it returns the same successor again; after that, using it ends the session (RFC 9700 section 4.14.2).")
            .describe("Refresh once for all callers of a client, and repeat a refresh whose response was lost with the same `Idempotency-Key`.")
            .form_or_json::<RefreshRequest>(body)
            .parameter(Parameter {
                name: "Idempotency-Key",
                place: "header",
                description: "New and random for each refresh, and the same for each repetition of it. A repetition returns the same successor until somebody uses it.",
                schema: json!({ "type": "string", "minLength": 22, "maxLength": 255, "pattern": "^[!-~]+$" }),
            })
            .returns_tokens("The next tokens of the session.")
            .sets_cookie()
            .reads_cookie()
            .oauth_errors(&["invalid_request", "invalid_grant", "invalid_scope", "unsupported_grant_type",
                "another_account"]),
        Operation::new("POST /revoke", "revoke", "End the session of a refresh token, or one access token")
            .tag("Tokens")
            .describe("RFC 7009; `token_type_hint` is ignored. An invalid token gets the same response.")
            .form_or_json::<RevokeRequest>(json!({ "token": "gh_rt_…" }))
            .returns::<Empty>(200, "The token is not valid (any longer).", json!({}))
            .sets_cookie()
            .reads_cookie()
            .oauth_errors(&["invalid_request", "another_account"]),
    ]
}
