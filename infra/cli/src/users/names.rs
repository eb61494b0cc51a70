//! A new e-mail address or a new username for a user.

use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{User, UserChange};
use gatehouse_store::Changed;

use super::change::outcome;
use super::create;
use super::tables::Tables;
use crate::output::{Output, notice};

/// Sets the e-mail address, which is not verified.
pub(super) async fn email(
    tables: &Tables,
    name: &str,
    address: &str,
    now: Timestamp,
) -> anyhow::Result<Output> {
    let change = UserChange {
        email: Some(create::email(address)?),
        ..UserChange::default()
    };
    let user = tables.find(name).await?;
    let changed = write(tables, &user, &change, now).await?;
    outcome(&user.username, changed, |user| {
        let (name, address) = (&user.username, user.email.as_deref().unwrap_or_default());
        let verified = match user.email_verified_at {
            Some(_) => "verified",
            None => "not verified",
        };
        format!(
            "{name} now has the e-mail address {address}, which is {verified}. Codes that were mailed before are rejected. Sessions continue.\n"
        )
    })
}

/// Changes the username. The old one stays reserved.
pub(super) async fn rename(
    tables: &Tables,
    name: &str,
    new: &str,
    now: Timestamp,
) -> anyhow::Result<Output> {
    let change = UserChange {
        username: Some(create::username(new)?),
        ..UserChange::default()
    };
    let user = tables.find(name).await?;
    let changed = write(tables, &user, &change, now).await?;
    let (old, canonical) = (&user.username, &user.username_canonical);
    outcome(old, changed, |user| {
        let reserved = match user.reserved_names.get(canonical) {
            Some(until) => format!(" Nobody else can take the old name before {until}."),
            None => String::new(),
        };
        format!(
            "{old} is now {}.{reserved} The id stays the same, and sessions continue.\n",
            user.username
        )
    })
}

/// Writes the change, and deletes the counters under the old names.
async fn write(
    tables: &Tables,
    user: &User,
    change: &UserChange,
    now: Timestamp,
) -> anyhow::Result<Changed> {
    let (accounts, attempts) = (&tables.accounts, &tables.attempts);
    let changed = accounts.change(&user.sub, change, now).await?;
    if let Changed::Done { before, after } = &changed {
        let deleted = accounts.delete_attempts_of_old_names(attempts, before, after);
        if let Err(error) = deleted.await {
            notice(&format!(
                "warning: the failed logins under the old name are still counted until they expire: {error}"
            ));
        }
    }
    Ok(changed)
}
