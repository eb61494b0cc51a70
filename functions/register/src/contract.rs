//! The route of the API reference.

use gatehouse_edge::contract::{Operation, json};

/// The body of `POST /register`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `newcomer` reads")]
struct RegisterRequest {
    /// 3 to 32 characters; capitals do not distinguish names (RFC 8265).
    #[schema(min_length = 1)]
    username: String,
    /// Long enough and hard to guess: by default at least 15 characters.
    #[schema(format = Password, min_length = 1)]
    password: String,
    /// If the service sends mail, the address waits until it is verified with the code that is
    /// mailed to it. Otherwise it is unique, and never verified. Required with
    /// `EmailVerification=required`.
    #[schema(format = "email")]
    email: Option<String>,
}

/// Returns the route.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let body = json!({ "username": "ada", "password": "seven quiet otters at dawn" });
    let account = json!({
        "id": "Sz3WlVYAS0q0X6mUjPqkTA", "username": "ada", "roles": ["user"],
        "created_at": "2026-11-27T08:30:00Z",
    });
    vec![
        Operation::new("POST /register", "register", "Create an account")
            .tag("Accounts")
            .describe("Anyone may, unless the operator has closed registration. It does not log in.")
            .json::<RegisterRequest>(body)
            .returns::<super::Account<'_>>(201, "The account exists.", account)
            .headers(&[("Location", "Where the account is.", "^/me$")])
            .problems(&[
                "weak_password",
                "registration_closed",
                "username_taken",
                "email_taken",
                "too_many_requests",
            ])
            .limit("`AddressAttemptsPerHour` registrations and password resets together, per network of the client"),
    ]
}
