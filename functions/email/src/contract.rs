//! The routes of the API reference.

use gatehouse_edge::contract::{Operation, json};

/// The body of `POST /password/forgot`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `forgot` reads")]
struct ForgotPasswordRequest {
    /// The username or the e-mail address.
    username: String,
}

/// Returns the routes.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let body = json!({ "username": "ada" });
    vec![
        Operation::new("POST /password/forgot", "forgotPassword", "Ask for a mail with a code that sets a new password")
            .tag("Accounts")
            .describe("The response is the same whether the account exists or not. The mail goes to the address that the account holds; an account without one, or one that is disabled, gets none. Only deployments with `MailFrom` have this route.")
            .json::<ForgotPasswordRequest>(body)
            .returns_nothing(202, "The request is noted. If there is such an account, it gets a mail soon.")
            .problems(&["too_many_requests"])
            .limit("`AddressMailsPerHour` requests per network of the client"),
    ]
}
