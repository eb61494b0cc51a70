//! The route of the API reference.

use gatehouse_edge::contract::{Operation, json};

/// The body of `POST /logout`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `scope` reads")]
struct LogoutRequest {
    /// `local` ends this session, `others` all except this one, `global` all.
    #[schema(pattern = "^(local|others|global)$", default = "local")]
    scope: Option<String>,
}

/// Returns the route.
#[must_use]
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new("POST /logout", "logout", "End this session, the others, or all")
            .tag("Tokens")
            .describe("`others` and `global` require the scope `profile`. The access tokens of these sessions are refused from the next request on.")
            .token(None, None)
            .optional_json::<LogoutRequest>(json!({ "scope": "local" }))
            .returns_nothing(204, "The sessions have ended.")
            .sets_cookie()
            .problems(&["insufficient_scope"]),
    ]
}
