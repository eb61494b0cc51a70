//! Roles, status, the end of sessions: the changes that an administrator makes.

use anyhow::bail;
use gatehouse_auth::role::{ADMIN, Role, Roles};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, User, UserChange};
use gatehouse_store::{Changed, change_user, change_user_by, end_sessions_of};
use serde_json::json;

use super::listing;
use super::people::{People, Person, gone, token};
use crate::answer::Answer;

/// Gives the role of administrators.
pub(super) async fn promote(people: &People, name: &str, now: Timestamp) -> anyhow::Result<Answer> {
    roles(people, name, (&[Role::parse(ADMIN)?], &[]), now).await
}

/// Gives some roles and takes others away, whatever else changes meanwhile.
pub(super) async fn roles(
    people: &People,
    name: &str,
    (add, remove): (&[Role], &[Role]),
    now: Timestamp,
) -> anyhow::Result<Answer> {
    if let Some(both) = add.iter().find(|role| remove.contains(role)) {
        bail!("{both} cannot be given and taken away at once");
    }
    let person = people.find(name).await?;
    let decide = |user: &User| {
        let kept = user.roles.iter().filter(|role| !remove.contains(role));
        let roles = Roles::parse(kept.chain(add).map(Role::as_str))?;
        anyhow::Ok(UserChange {
            roles: Some(roles),
            status: None,
        })
    };
    let (users, revocations) = (&people.users, &people.revocations);
    let sub = &person.user.sub;
    let changed = change_user_by(users, revocations, sub, decide, now, &token()?).await?;
    told(&person.user.username, changed, |user| {
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
    people: &People,
    person: &Person,
    status: Status,
    now: Timestamp,
) -> anyhow::Result<Answer> {
    let change = UserChange {
        roles: None,
        status: Some(status),
    };
    let (users, revocations) = (&people.users, &people.revocations);
    let sub = &person.user.sub;
    let changed = change_user(users, revocations, sub, &change, now, &token()?).await?;
    told(&person.user.username, changed, |user| match user.status {
        Status::Active => format!("{} may log in again.\n", user.username),
        Status::Disabled => format!(
            "{} is disabled: every session has ended, and every access token is rejected.\n",
            user.username
        ),
    })
}

/// Ends every session of a person.
pub(super) async fn end_sessions(
    people: &People,
    person: &Person,
    now: Timestamp,
) -> anyhow::Result<Answer> {
    let (users, revocations) = (&people.users, &people.revocations);
    let (sub, name) = (&person.user.sub, &person.user.username);
    let ended = end_sessions_of(users, revocations, sub, now, "operator", &token()?).await?;
    if !ended {
        return gone(name);
    }
    Ok(Answer {
        text: format!("Every session of {name} has ended, and every access token is rejected.\n"),
        json: json!({"changed": true, "user": listing::json(&person.user)}),
    })
}

fn told(name: &str, changed: Changed, text: impl Fn(&User) -> String) -> anyhow::Result<Answer> {
    match changed {
        Changed::Done { after, .. } => Ok(Answer {
            text: text(&after),
            json: json!({"changed": true, "user": listing::json(&after)}),
        }),
        Changed::Unchanged(user) => Ok(Answer {
            text: format!("Nothing was changed: {name} is like that already.\n"),
            json: json!({"changed": false, "user": listing::json(&user)}),
        }),
        Changed::NotFound => gone(name),
        Changed::LastAdmin => {
            bail!("{name} is the last administrator who can log in: promote somebody else first")
        }
    }
}
