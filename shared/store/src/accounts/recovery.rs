//! Codes that set a new password: the one that an operator granted, and the mailed ones.

use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::code::MailCode;
use gatehouse_auth::mail::{CodeSlots, MessageKind, Origin};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, StoredHash, User};
use gatehouse_auth::version::{self, MAX_VERSION};

use super::password::REASON;
use super::{Accounts, Ended, MAX_ATTEMPTS, Part, changed_each_time, exhausted};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{moment, number, text};
use crate::dynamodb::transaction::{Outcome, Transaction};
use crate::revocations::LowestVersion;
use crate::users::UserUpdate;

/// Where a code that sets a password comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeSource {
    /// An operator granted it.
    Operator,
    /// It was mailed to the address that the account holds, so using it verifies the address.
    Mail,
}

/// A user who has a valid code.
#[derive(Debug)]
pub struct Recoverable {
    /// The user.
    pub user: User,
    /// Where the code comes from.
    pub source: CodeSource,
}

impl Accounts {
    /// Reads the user whose recovery code it is, unless the code has expired or the user
    /// is disabled.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or an item is corrupt.
    pub async fn find_by_recovery(
        &self,
        code: &MailCode,
        now: Timestamp,
    ) -> Result<Option<Recoverable>, StoreError> {
        // The same calls, at the same time, whether the subject exists or not.
        let user = Box::pin(self.users.get_with_recovery(code.sub()));
        let codes = Box::pin(self.mailed_codes(code));
        let (user, codes) = tokio::join!(user, codes);
        let Some((user, granted)) = user? else {
            return Ok(None);
        };
        if user.status != Status::Active {
            return Ok(None);
        }
        if granted.is_some_and(|recovery| recovery.accepts(code, now)) {
            let source = CodeSource::Operator;
            return Ok(Some(Recoverable { user, source }));
        }
        // An error counts only here: an operator's code is what helps while mail fails.
        let codes = codes?;
        let address = user.email_canonical.as_deref();
        let mailed = codes.accepts(code, &user, now);
        let is_valid = mailed.is_some_and(|slot| address.is_some_and(|held| slot.is_for(held)));
        let source = CodeSource::Mail;
        Ok(is_valid.then_some(Recoverable { user, source }))
    }

    /// Reads the mailed codes of the kind and the subject of a code.
    async fn mailed_codes(&self, code: &MailCode) -> Result<CodeSlots, StoreError> {
        let Some(outbox) = &self.outbox else {
            return Ok(CodeSlots::default());
        };
        let codes = outbox.codes(code.sub(), code.kind()).await?;
        Ok(codes.unwrap_or_default())
    }

    /// Sets the password of the user who has a recovery code, and ends every session. The
    /// code cannot be used again. A mailed one verifies the address that it was mailed to.
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
            let Some(found) = self.find_by_recovery(code, now).await? else {
                return Ok(Ended::Refused);
            };
            let lowest = match self.revocations.lowest_version(code.sub()).await? {
                LowestVersion::Allowed(lowest) => lowest,
                LowestVersion::Deleted => return Ok(Ended::Refused),
            };
            let parts = self.reset_parts(&found, code, (hash, lowest), now)?;
            let written = match found.source {
                CodeSource::Operator => self.write_despite_notice(parts).await?,
                CodeSource::Mail => self.write(parts).await?,
            };
            match written {
                Outcome::Written => return Ok(Ended::Done),
                Outcome::Refused(_) => {}
            }
        }
        Err(changed_each_time())
    }

    fn reset_parts(
        &self,
        found: &Recoverable,
        code: &MailCode,
        (hash, lowest): (&StoredHash, u64),
        now: Timestamp,
    ) -> Result<Transaction<Part>, StoreError> {
        let user = &found.user;
        let raised = version::raised(user.token_version, lowest).map_err(exhausted)?;
        let mut parts = Transaction::new();
        parts.add(
            Part::User,
            self.reset_part(found, code, (hash, raised), now)?,
        );
        let revocation = self
            .revocations
            .subject_part(&user.sub, raised, now, REASON)?;
        parts.add(Part::Revocation, revocation);
        if let (CodeSource::Mail, Some(outbox)) = (found.source, &self.outbox) {
            parts.add(Part::Code, outbox.redemption_part(code, now)?);
        }
        let after = match found.source {
            CodeSource::Operator => user.clone(),
            CodeSource::Mail => user.with_held_verified(now),
        };
        if let Some(admins) = self.users.admins_part(Some(user), Some(&after))? {
            parts.add(Part::Admins, admins);
        }
        let notice = (MessageKind::PasswordChanged, Origin::Session);
        self.add_notice(&mut parts, notice, user, now)?;
        Ok(parts)
    }

    /// Builds the part that sets a password and raises both versions, if the user is as it
    /// was read and the code that was granted is still there. It ends every code.
    fn reset_part(
        &self,
        found: &Recoverable,
        code: &MailCode,
        (hash, raised): (&StoredHash, u64),
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let mut update = UserUpdate::of(&found.user)
            .require(
                "#session_version < :last",
                ["session_version"],
                [("last", number(MAX_VERSION - 1))],
            )
            .new_password(hash, raised, now);
        update = match found.source {
            CodeSource::Operator => update.require(
                "#recovery_digest = :code AND #recovery_expires_at > :now",
                ["recovery_digest", "recovery_expires_at"],
                [("code", text(code.digest().expose())), ("now", moment(now))],
            ),
            CodeSource::Mail => update.addresses(&found.user.with_held_verified(now)),
        };
        update.part(&self.users)
    }
}
