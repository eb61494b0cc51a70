//! The routes of the API reference.

use gatehouse_auth::{role, scope};
use gatehouse_edge::Account;
use gatehouse_edge::contract::{Operation, Parameter, json};

use crate::list::List;

/// The body of `PATCH /admin/users/{id}`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the schema of what `change` reads")]
struct ChangeUserRequest {
    /// All roles that the user has from now on.
    #[schema(max_items = 32)]
    roles: Option<Vec<RoleName>>,
    /// `disabled` ends every session.
    #[schema(pattern = "^(active|disabled)$")]
    status: Option<String>,
    /// The new username. The old one stays reserved for 30 days. At most once a day.
    username: Option<String>,
    /// The new e-mail address. It takes effect at once, and is not verified.
    email: Option<String>,
}

/// The name of a role.
#[derive(utoipa::ToSchema)]
#[schema(pattern = "^[a-z0-9][a-z0-9_.:-]{0,63}$")]
#[expect(dead_code, reason = "the schema of what `gatehouse-auth` reads")]
struct RoleName(String);

/// No fields.
#[derive(utoipa::ToSchema)]
struct RevokeSessionsRequest {}

fn administration(operation: Operation) -> Operation {
    operation
        .tag("Administration")
        .token(Some(scope::ADMIN), Some(role::ADMIN))
        .problems(&["validation_failed"])
}

fn of_user(operation: Operation) -> Operation {
    let id = Parameter {
        name: "id",
        place: "path",
        description: "The user's id.",
        schema: json!({ "type": "string" }),
    };
    administration(operation)
        .parameter(id)
        .problems(&["not_found"])
}

fn query(name: &'static str, description: &'static str) -> Parameter {
    Parameter {
        name,
        place: "query",
        description,
        schema: json!({ "type": "string" }),
    }
}

/// Returns the routes.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let account = json!({
        "id": "Sz3WlVYAS0q0X6mUjPqkTA", "username": "ada", "email_verified": false, "roles": ["user"], "status": "active",
        "created_at": "2026-11-27T08:30:00Z", "updated_at": "2026-11-27T08:30:00Z",
        "password_changed_at": "2026-11-27T08:30:00Z",
    });
    let page = json!({ "items": [account.clone()], "next_cursor": null });
    let user = |route, id, summary| of_user(Operation::new(route, id, summary));
    vec![
        administration(Operation::new("GET /admin/users", "listUsers", "List users, or find one"))
            .describe("Pages of all users, or at most one user by exactly one of `username`, `email` and `external_id`.")
            .parameter(Parameter {
                name: "limit",
                place: "query",
                description: "Users per page.",
                schema: json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 25 }),
            })
            .parameter(Parameter {
                schema: json!({ "type": "string", "pattern": "^([A-Za-z0-9_-]{21}[AQgw]|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$" }),
                ..query("cursor", "The `next_cursor` of the page before.")
            })
            .parameter(query("username", "The user with this username."))
            .parameter(query("email", "The user with this e-mail address."))
            .parameter(query("external_id", "The user with this id in the system that they were imported from."))
            .returns::<List<'_>>(200, "A page.", page),
        user("GET /admin/users/{id}", "getUser", "One user")
            .returns::<Account<'_>>(200, "The user.", account.clone()),
        user("PATCH /admin/users/{id}", "changeUser", "Change a user's roles, status or names")
            .describe("It takes effect on the user's next request. Fields that are left out stay as they are. New names end no session, and log the user out nowhere.")
            .json::<ChangeUserRequest>(json!({ "roles": ["user", "editor"] }))
            .returns::<Account<'_>>(200, "The user after the change.", account)
            .problems(&["role_not_grantable", "last_admin", "username_taken", "email_taken", "too_many_requests"])
            .limit("one change of the username per user and day"),
        user("DELETE /admin/users/{id}", "deleteUser", "Delete a user and everything about them")
            .describe("Repeating it removes what an interrupted deletion has left.")
            .returns_nothing(204, "The user is deleted, and their tokens are revoked.")
            .problems(&["last_admin"]),
        user(
            "POST /admin/users/{id}/revoke-sessions",
            "revokeUserSessions",
            "End every session of a user",
        )
        .optional_json::<RevokeSessionsRequest>(json!({}))
        .returns_nothing(204, "The sessions have ended."),
    ]
}
