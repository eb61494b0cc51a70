//! A new password: one transaction that ends every session.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::recovery::{Recovery, RecoveryCode};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, StoredHash, User};
use serde::Deserialize;

use crate::accounts::change::{MAX_ATTEMPTS, changed_each_time};
use crate::accounts::sign_out::Ended;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{moment, names, number, pk, text, values};
use crate::dynamodb::transaction::{self, Outcome};
use crate::revocations::Revocations;
use crate::users::Users;

/// What a user's item holds of a recovery, beside the user.
#[derive(Deserialize)]
struct RecoveryItem {
    recovery_digest: Option<gatehouse_auth::recovery::RecoveryDigest>,
    recovery_expires_at: Option<Timestamp>,
}

impl Users {
    /// Grants a recovery; one that was granted before is good no more.
    ///
    /// False, with nothing written, if there is no such user.
    ///
    /// # Errors
    /// [`StoreError`] as the call gives it.
    pub async fn set_recovery(
        &self,
        sub: &SubjectId,
        recovery: &Recovery,
    ) -> Result<bool, StoreError> {
        let update = self.table().update(pk(&ItemKey::user(sub)), |update| {
            update
                .condition_expression("attribute_exists(pk)")
                .update_expression(
                    "SET #recovery_digest = :digest, #recovery_expires_at = :expires_at",
                )
                .set_expression_attribute_names(Some(names(RECOVERY)))
                .set_expression_attribute_values(Some(values([
                    ("digest", text(recovery.digest.expose())),
                    ("expires_at", moment(recovery.expires_at)),
                ])))
        });
        Ok(update.await?.is_done())
    }

    /// Reads a user with the recovery that was granted, consistently.
    ///
    /// # Errors
    /// [`StoreError`] as the call or the item gives it.
    pub async fn get_with_recovery(
        &self,
        sub: &SubjectId,
    ) -> Result<Option<(User, Option<Recovery>)>, StoreError> {
        let Some(item) = self.item(sub).await? else {
            return Ok(None);
        };
        let recovery: RecoveryItem = self
            .table()
            .decode(ItemKey::user(sub).as_str(), item.clone())?;
        let user = self.read(sub, item)?;
        let granted = recovery.recovery_digest.zip(recovery.recovery_expires_at);
        let recovery = granted.map(|(digest, expires_at)| Recovery { digest, expires_at });
        Ok(Some((user, recovery)))
    }

    /// Reads the user whose recovery accepts a code; a disabled one has none.
    ///
    /// # Errors
    /// [`StoreError`] as the call or the item gives it.
    pub async fn recovering(
        &self,
        code: &RecoveryCode,
        now: Timestamp,
    ) -> Result<Option<User>, StoreError> {
        let found = self.get_with_recovery(code.sub()).await?;
        Ok(found.and_then(|(user, recovery)| {
            let accepts = recovery.is_some_and(|recovery| recovery.accepts(code, now));
            (accepts && user.status == Status::Active).then_some(user)
        }))
    }

    /// Makes the part of a transaction that sets a password, and raises both
    /// counters if `ver` is the current one. A recovery ends with it.
    fn password_part(
        &self,
        sub: &SubjectId,
        ver: u64,
        hash: &StoredHash,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let mut named = names([
            "token_version",
            "session_version",
            "password_hash",
            "password_changed_at",
            "updated_at",
        ]);
        named.extend(names(RECOVERY));
        transaction::update(
            Update::builder()
                .table_name(self.table().name())
                .set_key(Some(pk(&ItemKey::user(sub))))
                .condition_expression("#token_version = :ver")
                .update_expression(
                    "SET #token_version = :raised, #session_version = #session_version + :one, \
                     #password_hash = :hash, #password_changed_at = :now, #updated_at = :now \
                     REMOVE #recovery_digest, #recovery_expires_at",
                )
                .set_expression_attribute_names(Some(named))
                .set_expression_attribute_values(Some(values([
                    ("ver", number(ver)),
                    ("raised", number(ver.saturating_add(1))),
                    ("one", number(1)),
                    ("hash", text(hash.expose())),
                    ("now", moment(now)),
                ]))),
        )
    }
}

/// Sets a password for its owner, whose access token has the version `ver`, and
/// ends every session.
///
/// # Errors
/// [`StoreError`] as the call gives it.
pub async fn change_password(
    users: &Users,
    revocations: &Revocations,
    (sub, ver): (&SubjectId, u64),
    hash: &StoredHash,
    now: Timestamp,
) -> Result<Ended, StoreError> {
    let parts = vec![
        users.password_part(sub, ver, hash, now)?,
        revocations.subject_part(sub, ver.saturating_add(1), now, "password_changed")?,
    ];
    match transaction::write(users.table().client(), parts).await? {
        Outcome::Written => Ok(Ended::Done),
        Outcome::Refused(_) => Ok(Ended::Refused),
    }
}

/// Sets a password for who holds a recovery code, and ends every session; the
/// code is used up by it.
///
/// [`Ended::Refused`], with nothing written, if the code is not good (any more):
/// whatever else has changed about the user is read anew.
///
/// # Errors
/// [`StoreError`] as the calls give it.
pub async fn reset_password(
    users: &Users,
    revocations: &Revocations,
    code: &RecoveryCode,
    hash: &StoredHash,
    now: Timestamp,
) -> Result<Ended, StoreError> {
    for _ in 0..MAX_ATTEMPTS {
        let Some(user) = users.recovering(code, now).await? else {
            return Ok(Ended::Refused);
        };
        let ver = user.token_version;
        let caller = (code.sub(), ver);
        // The version alone is enough of a condition: every use of a code raises it.
        match change_password(users, revocations, caller, hash, now).await? {
            Ended::Done => return Ok(Ended::Done),
            Ended::Refused => {}
        }
    }
    Err(changed_each_time())
}

const RECOVERY: [&str; 2] = ["recovery_digest", "recovery_expires_at"];
