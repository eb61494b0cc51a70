//! The routes of the API reference.

use gatehouse_edge::contract::{Operation, json};

/// The body of `POST /password/forgot`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `forgot` reads")]
struct ForgotPasswordRequest {
    /// The username or the e-mail address.
    username: String,
}

/// The body of `POST /email/verify`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `verification` reads")]
struct VerifyEmailRequest {
    /// The code in the mail.
    #[schema(format = Password, pattern = "^gh_ev_[A-Za-z0-9_-]+$")]
    code: String,
    /// The account's password, unless there is an access token.
    #[schema(format = Password)]
    password: Option<String>,
}

/// The body of `POST /email/verification`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `verification` reads")]
struct SendVerificationRequest {
    /// The username or the e-mail address, unless there is an access token.
    username: Option<String>,
    /// The account's password, unless there is an access token.
    #[schema(format = Password)]
    password: Option<String>,
}

const MAILS: &str = "`AddressMailsPerHour` requests for mails per network of the client";
const PROOF: &str = "The proof of the account is its access token, in the header `Authorization` and with the scope `profile`, or its password, which is counted like a login. Only deployments with `MailFrom` have this route.";

/// The body of `PUT /me/email`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `address` reads")]
struct ChangeEmailRequest {
    /// The new address. It waits until it is verified.
    #[schema(format = "email")]
    email: String,
    #[schema(format = Password)]
    password: String,
}

/// The body of `POST /email/cancel`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `address` reads")]
struct CancelEmailRequest {
    /// The code from the mail to the old address.
    #[schema(format = Password, pattern = "^gh_ec_[A-Za-z0-9_-]+$")]
    code: String,
}

/// Returns the routes.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let body = json!({ "username": "ada" });
    vec![
        Operation::new("POST /password/forgot", "forgotPassword", "Request a mail with a code that sets a new password")
            .tag("Accounts")
            .describe("The response is the same whether the account exists or not. The mail goes to the address that the account holds; an account without one, or one that is disabled, gets none. Only deployments with `MailFrom` have this route.")
            .json::<ForgotPasswordRequest>(body)
            .returns_nothing(202, "The request was accepted. If there is such an account, its owner gets a mail soon.")
            .problems(&["too_many_requests"])
            .limit(MAILS),
        Operation::new("POST /email/verify", "verifyEmail", "Verify an address with the code that was mailed to it")
            .tag("Accounts")
            .describe("The code changes nothing without a proof of the account that it belongs to.")
            .describe(PROOF)
            .json::<VerifyEmailRequest>(json!({
                "code": "gh_ev_example", "password": "seven quiet otters at dawn",
            }))
            .returns_nothing(204, "The account now holds the address, verified. An account that held it unverified no longer does.")
            .problems(&[
                "invalid_code",
                "invalid_credentials",
                "unauthorized",
                "insufficient_scope",
                "email_taken",
                "too_many_requests",
            ])
            .limit("`AddressAttemptsPerHour` registrations, password resets and verifications together, per network of the client; failed passwords as at a login: `docs/defaults.md`"),
        Operation::new("POST /email/verification", "sendVerification", "Request another mail with a code that verifies an address")
            .tag("Accounts")
            .describe("The mail goes to the address that waits, or to the one that the account holds unverified. No other is sent within five minutes.")
            .describe(PROOF)
            .optional_json::<SendVerificationRequest>(json!({
                "username": "ada", "password": "seven quiet otters at dawn",
            }))
            .returns_nothing(202, "The request was accepted. If the account has an address to verify, a mail goes to it soon.")
            .problems(&[
                "invalid_credentials",
                "unauthorized",
                "insufficient_scope",
                "too_many_requests",
            ])
            .limit(MAILS),
        Operation::new("PUT /me/email", "changeEmail", "Request a change of the e-mail address")
            .tag("Accounts")
            .describe("The new address gets a mail with a code that verifies it, and the old one a mail with a code that cancels the change. Nothing changes until the new address is verified. The response is the same whether somebody else has the address or not. To withdraw the change, send the address that the account holds, if it is verified. Only deployments with `MailFrom` have this route.")
            .token(None, None)
            .json::<ChangeEmailRequest>(json!({
                "email": "ada@example.net", "password": "seven quiet otters at dawn",
            }))
            .returns_nothing(202, "The address waits for its code.")
            .problems(&["invalid_credentials", "too_many_requests"])
            .limit("wrong passwords per user: `docs/defaults.md`"),
        Operation::new("POST /email/cancel", "cancelEmail", "Cancel a change of address")
            .tag("Accounts")
            .describe("It also ends every session. The code is in the mail to the old address, and is valid until the change is made, for 24 hours at most. It gives no access. Only deployments with `MailFrom` have this route.")
            .json::<CancelEmailRequest>(json!({ "code": "gh_ec_example" }))
            .returns_nothing(204, "The change is cancelled, and every session has ended.")
            .problems(&["invalid_code", "too_many_requests"])
            .limit("`AddressAttemptsPerHour`, as for registrations and password resets, per network of the client"),
    ]
}
