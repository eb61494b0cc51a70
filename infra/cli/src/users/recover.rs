//! The way back for who forgot the password, until there is mail.

use anyhow::bail;
use gatehouse_auth::random;
use gatehouse_auth::recovery::{Recovery, RecoveryCode};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, User};
use serde_json::json;

use super::tables::{Tables, deleted_in_the_meantime};
use crate::output::Output;

/// Grants a recovery and prints its code, here and nowhere else: the table has
/// its digest alone.
pub(super) async fn code(tables: &Tables, user: &User, now: Timestamp) -> anyhow::Result<Output> {
    let (sub, name) = (&user.sub, &user.username);
    if user.status == Status::Disabled {
        bail!("{name} is disabled, and a disabled account is not recovered: enable it first");
    }
    let code = RecoveryCode::mint(sub, random::bytes()?)?;
    let recovery = Recovery::grant(&code, now);
    if !tables.accounts.users.set_recovery(sub, &recovery).await? {
        return Err(deleted_in_the_meantime(name));
    }
    let ends = recovery.expires_at.to_string();
    Ok(Output::new(
        format!(
            "{code}\n\nGive this code to {name} and nobody else. It sets a new password once, until {ends}, with\n\
             POST /password/reset {{\"code\": \"…\", \"new_password\": \"…\"}}\n\
             Any earlier code is now invalid.\n",
            code = code.expose()
        ),
        json!({"code": code.expose(), "expires_at": ends}),
    ))
}
