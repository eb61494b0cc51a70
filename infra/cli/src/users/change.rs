//! Roles, status, the end of sessions: the changes that an administrator makes.

use anyhow::bail;
use gatehouse_auth::role::{ADMIN, Role, Roles};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, User, UserChange};
use gatehouse_store::Changed;
use serde_json::json;

use super::listing;
use super::tables::{Tables, deleted_in_the_meantime};
use crate::output::Output;

/// Gives the role of administrators.
pub(super) async fn promote(tables: &Tables, name: &str, now: Timestamp) -> anyhow::Result<Output> {
    roles(tables, name, (&[Role::parse(ADMIN)?], &[]), now).await
}

/// Gives some roles and takes others away, whatever else changes meanwhile.
pub(super) async fn roles(
    tables: &Tables,
    name: &str,
    (add, remove): (&[Role], &[Role]),
    now: Timestamp,
) -> anyhow::Result<Output> {
    if let Some(both) = add.iter().find(|role| remove.contains(role)) {
        bail!("{both} cannot be given and taken away at once");
    }
    let user = tables.find(name).await?;
    let decide = |user: &User| {
        let kept = user.roles.iter().filter(|role| !remove.contains(role));
        let roles = Roles::parse(kept.chain(add).map(Role::as_str))?;
        anyhow::Ok(UserChange {
            roles: Some(roles),
            status: None,
        })
    };
    let sub = &user.sub;
    let changed = tables.accounts.change_with(sub, decide, now).await?;
    outcome(&user.username, changed, |user| {
        let mut text = format!(
            "{} has the roles {} now. Existing access tokens are now rejected; refreshing returns the new roles.\n",
            user.username,
            listing::roles(&user.roles.to_string())
        );
        if user.status == Status::Disabled {
            text.push_str("The account is disabled: nobody can log in to it.\n");
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
        roles: None,
        status: Some(status),
    };
    let sub = &user.sub;
    let changed = tables.accounts.change(sub, &change, now).await?;
    outcome(&user.username, changed, |user| match user.status {
        Status::Active => format!("{} may log in again.\n", user.username),
        Status::Disabled => format!(
            "{} is disabled: every session has ended, and every access token is rejected.\n",
            user.username
        ),
    })
}

/// Ends every session of a person.
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
        format!("Every session of {name} has ended, and every access token is rejected.\n"),
        json!({"changed": true, "user": listing::json(user)}),
    ))
}

fn outcome(name: &str, changed: Changed, text: impl Fn(&User) -> String) -> anyhow::Result<Output> {
    match changed {
        Changed::Done { after, .. } => Ok(Output::new(
            text(&after),
            json!({"changed": true, "user": listing::json(&after)}),
        )),
        Changed::Unchanged(user) => Ok(Output::new(
            format!("Nothing was changed: {name} is like that already.\n"),
            json!({"changed": false, "user": listing::json(&user)}),
        )),
        Changed::NotFound => Err(deleted_in_the_meantime(name)),
        Changed::LastAdmin => {
            bail!("{name} is the last administrator who can log in: promote somebody else first")
        }
    }
}
