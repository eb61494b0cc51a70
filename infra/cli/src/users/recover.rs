//! Recovery codes, for users who forgot their password and whom no mail reaches.

use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::random;
use gatehouse_auth::recovery::Recovery;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, User};
use serde_json::json;

use super::tables::Tables;
use crate::error::ErrorCode;
use crate::output::Output;

/// Issues a recovery code and prints it. The table only stores its digest, so it cannot be
/// shown again.
pub(super) async fn code(tables: &Tables, user: &User, now: Timestamp) -> anyhow::Result<Output> {
    let (sub, name) = (&user.sub, &user.username);
    if user.status == Status::Disabled {
        return Err(ErrorCode::Conflict.error(format!(
            "{name} is disabled, and disabled accounts cannot be recovered: enable it first"
        )));
    }
    let code = MailCode::mint(CodeKind::Recovery, sub, random::bytes()?)?;
    let recovery = Recovery::grant(&code, now);
    if !tables.accounts.users.set_recovery(sub, &recovery).await? {
        return Err(ErrorCode::Conflict.error(format!(
            "{name} was deleted or disabled in the meantime: nothing was changed"
        )));
    }
    let ends = recovery.expires_at.to_string();
    Ok(Output::new(
        format!(
            "{code}\n\nGive this code only to {name}. Until {ends}, it can be used once to set a new password:\n\
             POST /password/reset {{\"code\": \"…\", \"new_password\": \"…\"}}\n\
             Earlier codes of this command are no longer valid; mailed ones stay valid until they end.\n",
            code = code.expose()
        ),
        json!({"code": code.expose(), "expires_at": ends}),
    ))
}
