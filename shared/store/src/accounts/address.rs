//! A change of address by its user: the new address waits for its code, and the old one gets
//! a code that cancels the change.
//!
//! What makes the change is the verification of the new address, in `verification`.

use gatehouse_auth::code::MailCode;
use gatehouse_auth::mail::{Message, MessageKind, Origin};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{NewAddress, User};
use gatehouse_auth::version;

use super::{Accounts, MAX_ATTEMPTS, Part, changed_each_time, exhausted};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{moment, number, text};
use crate::dynamodb::transaction::{Outcome, Transaction};
use crate::users::UserUpdate;

/// The reason that the revocation carries.
const REASON: &str = "address_change_cancelled";

impl Accounts {
    /// Lets a new address wait for its code, for a user who has just been authenticated.
    /// The result does not depend on whether someone else has the address.
    ///
    /// One transaction writes the user, the message to the new address, and the one to the
    /// address that the account holds. If the account has changed in other ways in the
    /// meantime, it tries again. A request that is repeated within five minutes writes nothing:
    /// the mailer would send no other code. Returns the user afterwards; `None`, with nothing written,
    /// if the user's access tokens were revoked since `user` was read.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails; [`StoreError::Unavailable`] if the user changed
    /// during each of five attempts.
    pub async fn request_address(
        &self,
        mut user: User,
        new: &NewAddress,
        now: Timestamp,
    ) -> Result<Option<User>, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            if user.has_just_asked_for(new, now) {
                return Ok(Some(user));
            }
            let after = user.with_waiting(new, now);
            let parts = self.request_parts(&user, &after, now)?;
            if let Outcome::Written = self.write(parts).await? {
                return Ok(Some(after));
            }
            match self.users.get(&user.sub).await? {
                Some(changed) if changed.token_version == user.token_version => user = changed,
                Some(_) | None => return Ok(None),
            }
        }
        Err(changed_each_time())
    }

    fn request_parts(
        &self,
        before: &User,
        after: &User,
        now: Timestamp,
    ) -> Result<Transaction<Part>, StoreError> {
        let update = UserUpdate::of(before)
            .put("pending_email", after.pending_email.as_deref().map(text))
            .put(
                "pending_email_canonical",
                after.pending_email_canonical.as_deref().map(text),
            )
            .put("pending_email_at", after.pending_email_at.map(moment))
            .set("updated_at", moment(now));
        let mut parts = Transaction::new();
        parts.add(Part::User, update.part(&self.users)?);
        let Some(outbox) = self
            .outbox
            .as_ref()
            .filter(|_| after.pending_email.is_some())
        else {
            return Ok(parts);
        };
        let origin = Origin::of_typed_address(before);
        let mut messages = vec![(MessageKind::EmailVerification, origin)];
        if after.email.is_some() && after.email_canonical != after.pending_email_canonical {
            messages.push((MessageKind::AddressChangeRequested, Origin::Session));
        }
        for (kind, origin) in messages {
            let message = Message::new(kind, &after.sub, after.revision, origin, now);
            parts.add(Part::Message, outbox.message_part(&message)?);
        }
        Ok(parts)
    }

    /// Cancels the change of address that waits, and ends every session, for whoever has the
    /// code that was mailed to the address that the account holds. The code gives no access.
    ///
    /// Returns the user as read; `None`, with nothing written, if the code is invalid, was
    /// used or has ended: at the latest when the change was made. If the user has changed in
    /// other ways in the meantime, it tries again.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails; [`StoreError::Unavailable`] if the user changed
    /// during each of five attempts.
    pub async fn cancel_address(
        &self,
        code: &MailCode,
        now: Timestamp,
    ) -> Result<Option<User>, StoreError> {
        let Some(outbox) = &self.outbox else {
            return Ok(None);
        };
        for _ in 0..MAX_ATTEMPTS {
            let codes = Box::pin(outbox.codes(code.sub(), code.kind()));
            let read = Box::pin(self.read(code.sub()));
            let (read, codes) = tokio::try_join!(read, codes)?;
            let (Some((user, lowest)), Some(codes)) = (read, codes) else {
                return Ok(None);
            };
            let slot = codes.accepts(code, &user, now);
            let held = user.email_canonical.as_deref();
            if !slot.is_some_and(|slot| held.is_some_and(|held| slot.is_for(held))) {
                return Ok(None);
            }
            let mut parts = self.cancellation_parts(&user, lowest, now)?;
            parts.add(Part::Code, outbox.redemption_part(code, now)?);
            if let Outcome::Written = self.write(parts).await? {
                return Ok(Some(user));
            }
        }
        Err(changed_each_time())
    }

    fn cancellation_parts(
        &self,
        user: &User,
        lowest: u64,
        now: Timestamp,
    ) -> Result<Transaction<Part>, StoreError> {
        let raised = version::raised(user.token_version, lowest).map_err(exhausted)?;
        let ended = version::raised(user.session_version, 0).map_err(exhausted)?;
        let update = UserUpdate::of(user)
            .set("token_version", number(raised))
            .set("session_version", number(ended))
            .set("updated_at", moment(now))
            .remove([
                "pending_email",
                "pending_email_canonical",
                "pending_email_at",
            ])
            .end_codes();
        let mut parts = Transaction::new();
        parts.add(Part::User, update.part(&self.users)?);
        let revocations = &self.revocations;
        let revocation = revocations.subject_part(&user.sub, raised, now, REASON)?;
        parts.add(Part::Revocation, revocation);
        Ok(parts)
    }
}
