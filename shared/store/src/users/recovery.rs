//! The recovery code of a user, of which the user's item holds a digest.

use gatehouse_auth::code::CodeDigest;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::recovery::Recovery;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;
use serde::Deserialize;

use super::{UserUpdate, Users};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{moment, text};

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
        UserUpdate::new(sub)
            .require(
                "#status = :active",
                ["status"],
                [("active", text("active"))],
            )
            .set("recovery_digest", text(recovery.digest.expose()))
            .set("recovery_expires_at", moment(recovery.expires_at))
            .write(self)
            .await
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
}
