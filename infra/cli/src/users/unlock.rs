//! The end of a lockout: failed logins, forgotten.

use gatehouse_auth::user::User;
use serde_json::json;

use super::listing;
use super::tables::Tables;
use crate::output::Output;

/// Forgets the failed logins under every name that the person has.
pub(super) async fn user(tables: &Tables, user: &User) -> anyhow::Result<Output> {
    let mut removed = 0;
    for digest in user.identifier_digests() {
        removed += tables.attempts.unlock(&digest).await?;
    }
    let name = &user.username;
    let text = match removed {
        0 => format!("{name} has no failed logins to forget.\n"),
        _ => format!(
            "The failed logins of {name} are forgotten. Those that count against an IP address stay.\n"
        ),
    };
    let json = json!({"user": listing::json(user), "removed": removed});
    Ok(Output::new(text, json))
}
