//! Unlocking a user after too many wrong passwords.

use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;
use serde_json::json;

use super::listing;
use super::tables::Tables;
use crate::output::Output;

/// Clears the attempts under the username and the e-mail address, and those of the
/// logged-in user.
pub(super) async fn user(tables: &Tables, user: &User, now: Timestamp) -> anyhow::Result<Output> {
    let mut removed = tables.attempts.unlock_subject(&user.sub).await?;
    for digest in user.identifier_digests(now) {
        removed += tables.attempts.unlock(&digest).await?;
    }
    let name = &user.username;
    let text = match removed {
        0 => format!("{name} has no failed logins to clear.\n"),
        _ => format!("Cleared the failed logins of {name}. Those counted per IP address remain.\n"),
    };
    let json = json!({"user": listing::json(user), "removed": removed});
    Ok(Output::new(text, json))
}
