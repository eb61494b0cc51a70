//! `PATCH /admin/users/{id}` and `POST /admin/users/{id}/revoke-sessions`.

use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::role::{RoleError, Roles};
use gatehouse_auth::user::{Profile, Status, User, UserChange};
use gatehouse_auth::username::Username;
use gatehouse_edge::{Account, AuditEvent, FieldError, Problem, Request, Response, response};
use gatehouse_store::{Changed, Claim};
use http::StatusCode;

use crate::app::Call;

/// Responds to `PATCH /admin/users/{id}`.
pub(crate) async fn change(call: &Call<'_>) -> Result<Response, Problem> {
    let target = call.target()?;
    let change = requested(call.request)?;
    // Decided on the user as the write will find them: a role that someone else has just
    // removed is granted again, not kept.
    let decide = |user: &User| check_grants(call, user, &change).map(|()| change.clone());
    let changed = call.app.accounts.change_with(&target, decide, call.now);
    let user = match changed.await? {
        Changed::NotFound => return Err(Problem::not_found()),
        Changed::LastAdmin => return Err(Problem::last_admin()),
        Changed::Taken(claim) => return Err(taken(claim)),
        Changed::RenamedRecently { until } => {
            return Err(Problem::too_many_requests(until.since(call.now)));
        }
        Changed::Unchanged(user) => user,
        Changed::Done { before, after } => {
            record(call, &before, &after);
            forget_old_names(call, &before, &after).await;
            after
        }
    };
    let profile = Profile::from(*user);
    Ok(response::json(StatusCode::OK, &Account::of(&profile)))
}

const BY_AN_ADMINISTRATOR: &str = "by_an_administrator";

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

fn requested(request: &Request) -> Result<UserChange, Problem> {
    let given = request.json(|fields| Given {
        roles: fields.optional_texts("roles"),
        status: fields.optional_text("status"),
        username: fields.optional_text("username"),
        email: fields.optional_text("email"),
    })?;
    let mut errors = Vec::new();
    let change = UserChange {
        roles: valid(given.roles(), &mut errors),
        status: valid(given.status(), &mut errors),
        username: valid(given.username(), &mut errors),
        email: valid(given.email(), &mut errors),
    };
    if errors.is_empty() {
        Ok(change)
    } else {
        Err(Problem::validation_failed(errors))
    }
}

/// The fields of the body, as sent.
struct Given {
    roles: Option<Vec<String>>,
    status: Option<String>,
    username: Option<String>,
    email: Option<String>,
}

/// A field that is valid, if it was sent.
type Field<T> = Result<Option<T>, FieldError>;

impl Given {
    fn roles(&self) -> Field<Roles> {
        let roles = self.roles.as_ref();
        let roles = roles.map(|names| Roles::parse(names.iter().map(String::as_str)));
        let invalid = |error: RoleError| FieldError::new("roles", "invalid", error.to_string());
        roles.transpose().map_err(invalid)
    }

    fn status(&self) -> Field<Status> {
        match self.status.as_deref() {
            None => Ok(None),
            Some("active") => Ok(Some(Status::Active)),
            Some("disabled") => Ok(Some(Status::Disabled)),
            Some(_) => {
                let detail = "must be active or disabled";
                Err(FieldError::new("status", "unknown", detail))
            }
        }
    }

    fn username(&self) -> Field<Username> {
        let username = self.username.as_deref().map(Username::parse);
        let username = username.transpose();
        username.map_err(|error| FieldError::new("username", error.code(), error.to_string()))
    }

    fn email(&self) -> Field<EmailAddress> {
        let email = self.email.as_deref().map(EmailAddress::parse).transpose();
        email.map_err(|error| FieldError::new("email", error.code(), error.to_string()))
    }
}

/// Returns the field, or adds its error to the others.
fn valid<T>(field: Field<T>, errors: &mut Vec<FieldError>) -> Option<T> {
    field.unwrap_or_else(|error| {
        errors.push(error);
        None
    })
}

fn taken(claim: Claim) -> Problem {
    match claim {
        Claim::Email => Problem::email_taken(),
        Claim::Subject | Claim::Username | Claim::ExternalId => Problem::username_taken(),
    }
}

/// Deletes the counters under the old names. If that fails, the request succeeds all the
/// same: they expire.
async fn forget_old_names(call: &Call<'_>, before: &User, after: &User) {
    let app = call.app;
    let deleted = app
        .accounts
        .delete_attempts_of_old_names(&app.attempts, before, after);
    if let Err(error) = deleted.await {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(
            error,
            "the counters of an old name remain until they expire"
        );
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
    if before.username != after.username {
        call.record(
            &after.sub,
            AuditEvent::UserRenamed,
            Some(BY_AN_ADMINISTRATOR),
        );
    }
    if (&before.email, &before.pending_email) != (&after.email, &after.pending_email) {
        call.record(
            &after.sub,
            AuditEvent::EmailChanged,
            Some(BY_AN_ADMINISTRATOR),
        );
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
