//! The routes of the API reference.

use gatehouse_auth::scope::PROFILE;
use gatehouse_edge::Account;
use gatehouse_edge::contract::{Operation, Parameter, json};

use crate::export::Export;
use crate::sessions::List;

/// The body of `PUT /me/password`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `new_password` reads")]
struct ChangePasswordRequest {
    #[schema(format = Password)]
    current_password: String,
    #[schema(format = Password, min_length = 1)]
    new_password: String,
}

/// The body of `POST /password/reset`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `new_password` reads")]
struct ResetPasswordRequest {
    /// The code from the mail, or the one that the operator issued.
    #[schema(format = Password, pattern = "^gh_rc_[A-Za-z0-9_-]+$")]
    code: String,
    #[schema(format = Password, min_length = 1)]
    new_password: String,
}

/// The body of `DELETE /me`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `deletion` reads")]
struct DeleteAccountRequest {
    #[schema(format = Password)]
    password: String,
}

const PASSWORDS: &str = "wrong passwords per user: `docs/defaults.md`";

/// Returns the routes.
#[must_use]
pub fn operations() -> Vec<Operation> {
    [accounts(), passwords(), sessions()].concat()
}

fn accounts() -> Vec<Operation> {
    let account = json!({
        "id": "Sz3WlVYAS0q0X6mUjPqkTA", "username": "ada", "email_verified": false,
        "roles": ["user"], "status": "active",
        "created_at": "2026-11-27T08:30:00Z", "updated_at": "2026-11-27T08:30:00Z",
        "password_changed_at": "2026-11-27T08:30:00Z",
    });
    let export = json!({
        "exported_at": "2026-11-27T08:30:00Z",
        "user": {
            "id": "Sz3WlVYAS0q0X6mUjPqkTA", "username": "Ada", "username_canonical": "ada",
            "email": null, "email_canonical": null, "email_verified_at": null, "pending_email": null,
            "pending_email_canonical": null, "pending_email_at": null,
            "verification_required": false, "external_id": null, "imported": null,
            "roles": ["user"], "status": "active", "reserved_names": {},
            "token_version": 0, "session_version": 0,
            "revision": 0, "codes_since": 0,
            "created_at": "2026-11-27T08:30:00Z", "updated_at": "2026-11-27T08:30:00Z",
        },
        "password": {
            "algorithm": "argon2id", "parameters": "m=19456, t=2, p=1",
            "changed_at": "2026-11-27T08:30:00Z",
        },
        "recovery": null,
        "sessions": [], "revocations": [], "login_attempts": [],
        "messages": [], "mailed_codes": [], "mail_counters": [],
    });
    vec![
        Operation::new("GET /me", "getMe", "The user's own account")
            .tag("Accounts")
            .token(Some(PROFILE), None)
            .problems(&["validation_failed"])
            .returns::<Account<'_>>(200, "The account.", account),
        Operation::new(
            "DELETE /me",
            "deleteMe",
            "Delete the account and everything about it",
        )
        .tag("Accounts")
        .describe("The password proves more than any scope, so none is required.")
        .token(None, None)
        .json::<DeleteAccountRequest>(json!({ "password": "seven quiet otters at dawn" }))
        .returns_nothing(204, "The account is deleted, and its tokens are revoked.")
        .problems(&["invalid_credentials", "last_admin", "too_many_requests"])
        .limit(PASSWORDS),
        Operation::new(
            "GET /me/export",
            "exportMe",
            "Everything that is stored about the user",
        )
        .tag("Accounts")
        .describe("Nothing in it lets anyone log in.")
        .token(Some(PROFILE), None)
        .problems(&["validation_failed"])
        .returns::<Export<'_>>(200, "The data.", export),
    ]
}

fn passwords() -> Vec<Operation> {
    vec![
        Operation::new("PUT /me/password", "changePassword", "Set a new password")
            .tag("Accounts")
            .describe("Every session ends, including this one. The password proves more than any scope, so none is required.")
            .token(None, None)
            .json::<ChangePasswordRequest>(json!({
                "current_password": "seven quiet otters at dawn",
                "new_password": "eight quiet otters at dusk",
            }))
            .returns_nothing(204, "The password is set: log in again.")
            .problems(&["weak_password", "invalid_credentials", "too_many_requests"])
            .limit(PASSWORDS),
        Operation::new("POST /password/reset", "resetPassword", "Set a new password with a recovery code")
            .tag("Accounts")
            .describe("Every session ends. `POST /password/forgot` mails a code, whose use proves the address; the operator issues codes with `gatehouse users recover`.")
            .json::<ResetPasswordRequest>(json!({
                "code": "gh_rc_example", "new_password": "eight quiet otters at dusk",
            }))
            .returns_nothing(204, "The password is set: log in.")
            .problems(&["weak_password", "invalid_code", "too_many_requests"])
            .limit("`AddressAttemptsPerHour` registrations and password resets together, per network of the client"),
    ]
}

fn sessions() -> Vec<Operation> {
    let sessions = json!({ "items": [{
        "id": "m0kq3hbQ3zBw1YvWcOoVQ2", "created_at": "2026-11-27T08:30:00Z",
        "last_used_at": "2026-11-27T08:30:00Z", "expires_at": "2026-12-27T08:30:00Z",
        "ip": "192.0.2.7", "user_agent": "curl/8", "current": true,
    }] });
    vec![
        Operation::new(
            "GET /sessions",
            "listSessions",
            "The user's active sessions",
        )
        .tag("Sessions")
        .token(Some(PROFILE), None)
        .problems(&["validation_failed"])
        .returns::<List<'_>>(200, "The sessions.", sessions),
        Operation::new(
            "DELETE /sessions/{id}",
            "endSession",
            "End one of the user's sessions",
        )
        .tag("Sessions")
        .describe("Ending a session that has ended succeeds.")
        .token(Some(PROFILE), None)
        .parameter(Parameter {
            name: "id",
            place: "path",
            description: "The session's id.",
            schema: json!({ "type": "string" }),
        })
        .returns_nothing(204, "The session has ended.")
        .problems(&["not_found", "validation_failed"]),
    ]
}
