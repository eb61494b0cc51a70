//! A new password: one transaction that ends every session.

use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::code::{CodeDigest, MailCode};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::StoredHash;
use gatehouse_auth::version::{self, MAX_VERSION};

use super::{Accounts, Ended, MAX_ATTEMPTS, Part, changed_each_time, exhausted};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{moment, names, number, pk, text, values};
use crate::dynamodb::transaction::Transaction;
use crate::revocations::LowestVersion;

impl Accounts {
    /// Sets the password of the user whose access token has the version `ver`, and ends
    /// every session.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn change_password(
        &self,
        owner: (&SubjectId, u64),
        hash: &StoredHash,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        let part = |raised| self.password_part(owner, raised, hash, None, now);
        self.set_password(owner, 0, part, now).await
    }

    async fn set_password(
        &self,
        (sub, ver): (&SubjectId, u64),
        lowest_allowed: u64,
        part: impl Fn(u64) -> Result<TransactWriteItem, StoreError>,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        let raised = version::raised(ver, lowest_allowed).map_err(exhausted)?;
        let mut parts = Transaction::new();
        parts.add(Part::User, part(raised)?);
        let reason = "password_changed";
        let revocation = self.revocations.subject_part(sub, raised, now, reason)?;
        parts.add(Part::Revocation, revocation);
        self.end(parts).await
    }

    /// Sets the password of the user who has a recovery code, and ends every session. The
    /// code cannot be used again.
    ///
    /// Returns [`Ended::Refused`], and writes nothing, if the code is invalid or has
    /// expired. If the user has changed in other ways in the meantime, it tries again.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails; [`StoreError::Unavailable`] if the user changed
    /// during each of five attempts.
    pub async fn reset_password(
        &self,
        code: &MailCode,
        hash: &StoredHash,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let Some(user) = self.users.find_by_recovery(code, now).await? else {
                return Ok(Ended::Refused);
            };
            let owner = (code.sub(), user.token_version);
            let lowest = match self.revocations.lowest_version(code.sub()).await? {
                LowestVersion::Allowed(lowest) => lowest,
                LowestVersion::Deleted => return Ok(Ended::Refused),
            };
            // Every use of a code raises the version, but another code that takes its
            // place does not.
            let digest = code.digest();
            let part = |raised| self.password_part(owner, raised, hash, Some(&digest), now);
            match self.set_password(owner, lowest, part, now).await? {
                Ended::Done => return Ok(Ended::Done),
                Ended::Refused => {}
            }
        }
        Err(changed_each_time())
    }

    /// Builds the part that sets a password and raises both versions, if `ver` is the
    /// current one and, if there is one, `code` is the user's recovery code. It removes the
    /// code.
    fn password_part(
        &self,
        (sub, ver): (&SubjectId, u64),
        raised: u64,
        hash: &StoredHash,
        code: Option<&CodeDigest>,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let users = self.users.table();
        let mut condition = "#token_version = :ver AND #session_version < :last".to_owned();
        let mut values = values([
            ("ver", number(ver)),
            ("raised", number(raised)),
            ("last", number(MAX_VERSION - 1)),
            ("one", number(1)),
            ("hash", text(hash.expose())),
            ("now", moment(now)),
        ]);
        if let Some(code) = code {
            condition.push_str(" AND #recovery_digest = :code");
            values.insert(":code".to_owned(), text(code.expose()));
        }
        users.update_part(pk(&ItemKey::user(sub)), |update| {
            update
                .condition_expression(condition)
                .update_expression(
                    "SET #token_version = :raised, #session_version = #session_version + :one, \
                     #password_hash = :hash, #password_changed_at = :now, #updated_at = :now \
                     REMOVE #recovery_digest, #recovery_expires_at",
                )
                .set_expression_attribute_names(Some(names([
                    "token_version",
                    "session_version",
                    "password_hash",
                    "password_changed_at",
                    "updated_at",
                    "recovery_digest",
                    "recovery_expires_at",
                ])))
                .set_expression_attribute_values(Some(values))
        })
    }
}
