//! A new password: one transaction that ends every session.

use gatehouse_auth::mail::{MessageKind, Origin};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{StoredHash, User};
use gatehouse_auth::version::{self, MAX_VERSION};

use super::{Accounts, Ended, Part, exhausted};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{moment, number, text};
use crate::dynamodb::transaction::Transaction;
use crate::users::UserUpdate;

/// The reason that the revocation carries.
pub(super) const REASON: &str = "password_changed";

impl Accounts {
    /// Sets the password of a user whose access token has the version `ver`, and ends every
    /// session and every code.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn change_password(
        &self,
        (user, ver): (&User, u64),
        hash: &StoredHash,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        let raised = version::raised(ver, 0).map_err(exhausted)?;
        let part = UserUpdate::for_token(&user.sub, ver)
            .require(
                "#session_version < :last",
                ["session_version"],
                [("last", number(MAX_VERSION - 1))],
            )
            .new_password(hash, raised, now)
            .part(&self.users)?;
        let mut parts = Transaction::new();
        parts.add(Part::User, part);
        let revocation = self
            .revocations
            .subject_part(&user.sub, raised, now, REASON)?;
        parts.add(Part::Revocation, revocation);
        let notice = (MessageKind::PasswordChanged, Origin::Session);
        self.add_notice(&mut parts, notice, user, now)?;
        self.end(parts).await
    }
}

impl UserUpdate {
    /// Sets a password, raises both versions, and ends every code.
    pub(super) fn new_password(self, hash: &StoredHash, raised: u64, now: Timestamp) -> Self {
        self.set("token_version", number(raised))
            .increment("session_version")
            .set("password_hash", text(hash.expose()))
            .set("password_changed_at", moment(now))
            .set("updated_at", moment(now))
            .end_codes()
    }
}
