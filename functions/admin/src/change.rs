//! `PATCH /admin/users/{id}` and `POST /admin/users/{id}/revoke-sessions`.

use gatehouse_auth::role::Roles;
use gatehouse_auth::user::{Profile, Status, User, UserChange};
use gatehouse_edge::{Account, AuditEvent, FieldError, Problem, Request, Response, response};
use gatehouse_store::Changed;
use http::StatusCode;

use crate::app::Call;

/// Responds to `PATCH /admin/users/{id}`.
pub(crate) async fn change(call: &Call<'_>) -> Result<Response, Problem> {
    let target = call.target()?;
    let change = read(call.request)?;
    // Decided on the user as the write will find them: a role that someone else has just
    // removed is granted again, not kept.
    let decide = |user: &User| check_grants(call, user, &change).map(|()| change.clone());
    let changed = call.app.accounts.change_with(&target, decide, call.now);
    let user = match changed.await? {
        Changed::NotFound => return Err(Problem::not_found()),
        Changed::LastAdmin => return Err(Problem::last_admin()),
        Changed::Unchanged(user) => user,
        Changed::Done { before, after } => {
            record(call, &before, &after);
            after
        }
    };
    let profile = Profile::from(*user);
    Ok(response::json(StatusCode::OK, &Account::of(&profile)))
}

const REASON: &str = "ended_by_an_administrator";

/// Responds to `POST /admin/users/{id}/revoke-sessions`.
pub(crate) async fn revoke_sessions(call: &Call<'_>) -> Result<Response, Problem> {
    let target = call.target()?;
    call.request.json_or_empty(|_| ())?;
    let accounts = &call.app.accounts;
    let ended = accounts.end_sessions_of(&target, REASON, call.now).await?;
    if !ended {
        return Err(Problem::not_found());
    }
    call.record(&target, AuditEvent::SessionRevoked, Some(REASON));
    Ok(response::no_content())
}

fn read(request: &Request) -> Result<UserChange, Problem> {
    let (roles, status) = request.json(|fields| {
        let roles = fields.optional_texts("roles");
        (roles, fields.optional_text("status"))
    })?;
    let mut errors = Vec::new();
    let roles = roles.map(|names| Roles::parse(names.iter().map(String::as_str)));
    let roles = roles.transpose().unwrap_or_else(|error| {
        errors.push(FieldError::new("roles", "invalid", error.to_string()));
        None
    });
    let status = match status.as_deref() {
        None => None,
        Some("active") => Some(Status::Active),
        Some("disabled") => Some(Status::Disabled),
        Some(_) => {
            let detail = "must be active or disabled";
            errors.push(FieldError::new("status", "unknown", detail));
            None
        }
    };
    if errors.is_empty() {
        Ok(UserChange { roles, status })
    } else {
        Err(Problem::validation_failed(errors))
    }
}

/// Checks that the caller may grant the roles that the change adds.
fn check_grants(call: &Call<'_>, user: &User, change: &UserChange) -> Result<(), Problem> {
    let grantable = &call.app.grantable;
    let refused = change
        .roles
        .as_ref()
        .and_then(|roles| grantable.refused(&call.actor.roles, &user.roles, roles));
    match refused {
        None => Ok(()),
        Some(role) => {
            call.actor.record_refusal("role_not_grantable");
            Err(Problem::role_not_grantable(&role))
        }
    }
}

/// Records one event for each thing that changed.
fn record(call: &Call<'_>, before: &User, after: &User) {
    if before.roles != after.roles {
        call.record(&after.sub, AuditEvent::RoleChanged, None);
    }
    match (before.status, after.status) {
        (Status::Active, Status::Disabled) => {
            call.record(&after.sub, AuditEvent::UserDisabled, None);
        }
        (Status::Disabled, Status::Active) => {
            call.record(&after.sub, AuditEvent::UserEnabled, None);
        }
        (Status::Active, Status::Active) | (Status::Disabled, Status::Disabled) => {}
    }
}
