//! The route of the API reference.

use gatehouse_edge::contract::{Operation, json};

/// The body of `POST /login`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `attempt` reads")]
struct LoginRequest {
    /// The username or the e-mail address.
    username: String,
    #[schema(format = Password)]
    password: String,
    /// Scopes for the session, separated by spaces; without it, all that the user may have.
    #[schema(pattern = r"^([!#-\[\]-~]+( [!#-\[\]-~]+)*)?$")]
    scope: Option<String>,
    /// `cookie` puts the refresh token into the cookie; requires `RefreshCookie=on`.
    #[schema(pattern = "^cookie$")]
    refresh: Option<String>,
}

/// Returns the route.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let body = json!({ "username": "ada", "password": "seven quiet otters at dawn" });
    vec![
        Operation::new("POST /login", "login", "Check a password and begin a session")
            .tag("Tokens")
            .describe("A wrong password, an unknown name and a disabled account get the same response after the same time.")
            .json::<LoginRequest>(body)
            .returns_tokens("The first tokens of a new session.")
            .sets_cookie()
            .problems(&[
                "invalid_credentials",
                "email_not_verified",
                "invalid_scope",
                "too_many_requests",
            ])
            .limit("failed logins per user and per network of the client: `docs/defaults.md`"),
    ]
}
