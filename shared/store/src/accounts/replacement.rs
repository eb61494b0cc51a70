//! A session that begins in the place of another.

use gatehouse_auth::id::SessionId;
use gatehouse_auth::session::Session;
use gatehouse_auth::time::Timestamp;

use super::{Accounts, Part};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::transaction::{Outcome, Transaction};

/// The reason that the revocation carries.
const REPLACED: &str = "replaced_by_login";

impl Accounts {
    /// Writes a new session, and ends and deletes the one that it replaces: all of it or
    /// nothing. Whose session is replaced does not matter, nor whether it still exists.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails; [`StoreError::Rejected`] if the new session's id
    /// exists.
    pub async fn replace_session(
        &self,
        replaced: &SessionId,
        session: &Session,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut parts = Transaction::new();
        parts.add(Part::Session, self.sessions.create_part(session)?);
        // No condition: a session never gets another user.
        parts.add(Part::Session, self.sessions.delete_part(replaced)?);
        let revocation = self.revocations.session_part(replaced, now, REPLACED)?;
        parts.add(Part::Revocation, revocation);
        match self.write(parts).await? {
            Outcome::Written => Ok(()),
            Outcome::Refused(_) => Err(StoreError::rejected(
                "TransactWriteItems",
                "the session exists",
            )),
        }
    }
}
