//! Changes of roles and status, and the end of all sessions of a user.

use gatehouse_auth::role::{ADMIN, Role, Roles};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, User, UserChange};
use gatehouse_store::{Changed, Claim};
use serde_json::json;

use super::listing;
use super::tables::{Tables, deleted_in_the_meantime};
use crate::error::ErrorCode;
use crate::output::Output;

/// Adds the administrator's role.
pub(super) async fn promote(tables: &Tables, name: &str, now: Timestamp) -> anyhow::Result<Output> {
    roles(tables, name, (&[Role::parse(ADMIN)?], &[]), now).await
}

/// Adds and removes roles, even if other roles change at the same time.
pub(super) async fn roles(
    tables: &Tables,
    name: &str,
    (add, remove): (&[Role], &[Role]),
    now: Timestamp,
) -> anyhow::Result<Output> {
    if let Some(both) = add.iter().find(|role| remove.contains(role)) {
        let message = format!("cannot both add and remove the role {both}");
        return Err(ErrorCode::Usage.error(message));
    }
    let user = tables.find(name).await?;
    let decide = |user: &User| {
        let kept = user.roles.iter().filter(|role| !remove.contains(role));
        let roles = Roles::parse(kept.chain(add).map(Role::as_str))?;
        anyhow::Ok(UserChange {
            roles: Some(roles),
            ..UserChange::default()
        })
    };
    let sub = &user.sub;
    let changed = tables.accounts.change_with(sub, decide, now).await?;
    outcome(&user.username, changed, |user| {
        let mut text = format!(
            "{} now has the roles {}. Existing access tokens are rejected. Refreshed tokens have the new roles; log in again to get their scopes.\n",
            user.username,
            listing::roles(&user.roles.to_string())
        );
        if user.status == Status::Disabled {
            text.push_str("The account is disabled, so nobody can log in to it.\n");
        }
        text
    })
}

/// Disables or enables an account.
pub(super) async fn status(
    tables: &Tables,
    user: &User,
    status: Status,
    now: Timestamp,
) -> anyhow::Result<Output> {
    let change = UserChange {
        status: Some(status),
        ..UserChange::default()
    };
    let sub = &user.sub;
    let changed = tables.accounts.change(sub, &change, now).await?;
    outcome(&user.username, changed, |user| match user.status {
        Status::Active => format!("{} is enabled and can log in again.\n", user.username),
        Status::Disabled => format!(
            "{} is disabled. Every session has ended, and existing access tokens are rejected.\n",
            user.username
        ),
    })
}

/// Ends every session of a user.
pub(super) async fn end_sessions(
    tables: &Tables,
    user: &User,
    now: Timestamp,
) -> anyhow::Result<Output> {
    let (sub, name) = (&user.sub, &user.username);
    let ended = tables.accounts.end_sessions_of(sub, "operator", now);
    if !ended.await? {
        return Err(deleted_in_the_meantime(name));
    }
    Ok(Output::new(
        format!("Every session of {name} has ended, and existing access tokens are rejected.\n"),
        json!({"changed": true, "user": listing::json(user)}),
    ))
}

/// Describes the result of a change.
pub(super) fn outcome(
    name: &str,
    changed: Changed,
    text: impl Fn(&User) -> String,
) -> anyhow::Result<Output> {
    match changed {
        Changed::Done { after, .. } => Ok(Output::new(
            text(&after),
            json!({"changed": true, "user": listing::json(&after)}),
        )),
        Changed::Unchanged(user) => Ok(Output::new(
            format!("Nothing was changed, because {name} already has these settings.\n"),
            json!({"changed": false, "user": listing::json(&user)}),
        )),
        Changed::NotFound => Err(deleted_in_the_meantime(name)),
        Changed::LastAdmin => Err(ErrorCode::Conflict.error(format!(
            "{name} is the last administrator who can log in: promote another user first"
        ))),
        Changed::Taken(Claim::Email) => {
            Err(ErrorCode::Conflict.error("the e-mail address is already taken"))
        }
        Changed::Taken(Claim::Subject | Claim::Username | Claim::ExternalId) => {
            let taken = "the username is already taken, or reserved because another user had it";
            Err(ErrorCode::Conflict.error(taken))
        }
        Changed::RenamedRecently { until } => Err(ErrorCode::Conflict.error(format!(
            "{name} was renamed less than a day ago: try again after {until}"
        ))),
    }
}
