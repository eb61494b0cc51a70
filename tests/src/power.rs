//! What no route gives: the first administrator, and a recovery code.
//!
//! The command does both in a deployment, through these very functions.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::ensure;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::random;
use gatehouse_auth::recovery::{Recovery, RecoveryCode};
use gatehouse_auth::role::Roles;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::UserChange;
use gatehouse_store::Changed;

use crate::person::Person;
use crate::service::Service;
use crate::tables::Tables;

/// Registers somebody new, makes them an administrator, and logs them in.
///
/// # Errors
/// When any of it is refused.
pub async fn administrator(service: &Service) -> anyhow::Result<Person> {
    let mut person = Person::register(service).await?;
    promote(service, &person).await?;
    person.log_in(service).await?;
    Ok(person)
}

/// Gives somebody the roles `admin` and `user`.
///
/// # Errors
/// When there is no such user.
pub async fn promote(service: &Service, person: &Person) -> anyhow::Result<()> {
    let tables = Tables::of(service);
    let change = UserChange {
        roles: Some(Roles::parse(["admin", "user"])?),
        status: None,
    };
    let sub = SubjectId::parse(&person.id)?;
    let changed = tables.accounts()?.change(&sub, &change, now()?).await?;
    ensure!(matches!(changed, Changed::Done { .. }), "not promoted");
    Ok(())
}

/// Grants somebody a recovery `ago` seconds ago, and returns the code.
///
/// # Errors
/// When there is no such user.
pub async fn recover(service: &Service, person: &Person, ago: u64) -> anyhow::Result<String> {
    let code = RecoveryCode::mint(&SubjectId::parse(&person.id)?, random::bytes()?)?;
    let then = now()?.minus(std::time::Duration::from_secs(ago));
    let recovery = Recovery::grant(&code, then);
    let users = Tables::of(service).users()?;
    ensure!(users.set_recovery(code.sub(), &recovery).await?, "nobody");
    Ok(code.expose().to_owned())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' clock is the machine's"
)]
fn now() -> anyhow::Result<Timestamp> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Timestamp::from_unix(i64::try_from(since.as_secs())?))
}
