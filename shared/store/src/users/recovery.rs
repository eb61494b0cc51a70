//! The recovery code of a user, of which the user's item holds a digest.

use gatehouse_auth::code::{CodeDigest, MailCode};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::recovery::Recovery;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, User};
use serde::Deserialize;

use super::Users;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{moment, names, pk, text, values};

/// The attributes of a user's item that describe a recovery code.
#[derive(Deserialize)]
struct RecoveryItem {
    recovery_digest: Option<CodeDigest>,
    recovery_expires_at: Option<Timestamp>,
}

impl Users {
    /// Grants a recovery code, which invalidates any earlier one.
    ///
    /// Returns false, and writes nothing, if there is no such user or the user is disabled:
    /// a code must not outlast that.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn set_recovery(
        &self,
        sub: &SubjectId,
        recovery: &Recovery,
    ) -> Result<bool, StoreError> {
        let update = self.table().update(pk(&ItemKey::user(sub)), |update| {
            update
                .condition_expression("#status = :active")
                .update_expression(
                    "SET #recovery_digest = :digest, #recovery_expires_at = :expires_at",
                )
                .set_expression_attribute_names(Some(names([
                    "recovery_digest",
                    "recovery_expires_at",
                    "status",
                ])))
                .set_expression_attribute_values(Some(values([
                    ("active", text("active")),
                    ("digest", text(recovery.digest.expose())),
                    ("expires_at", moment(recovery.expires_at)),
                ])))
        });
        Ok(update.await?.is_done())
    }

    /// Reads a user and their recovery code, consistently.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or the item is corrupt.
    pub async fn get_with_recovery(
        &self,
        sub: &SubjectId,
    ) -> Result<Option<(User, Option<Recovery>)>, StoreError> {
        let Some(item) = self.item(sub).await? else {
            return Ok(None);
        };
        let key = ItemKey::user(sub);
        let recovery: RecoveryItem = self.table().decode(key.as_str(), item.clone())?;
        let user = self.read(sub, item)?;
        let granted = recovery.recovery_digest.zip(recovery.recovery_expires_at);
        let recovery = granted.map(|(digest, expires_at)| Recovery { digest, expires_at });
        Ok(Some((user, recovery)))
    }

    /// Reads the user whose recovery code it is, unless the code has expired or the user
    /// is disabled.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or the item is corrupt.
    pub async fn find_by_recovery(
        &self,
        code: &MailCode,
        now: Timestamp,
    ) -> Result<Option<User>, StoreError> {
        let found = self.get_with_recovery(code.sub()).await?;
        Ok(found.and_then(|(user, recovery)| {
            let accepts = recovery.is_some_and(|recovery| recovery.accepts(code, now));
            (accepts && user.status == Status::Active).then_some(user)
        }))
    }
}
