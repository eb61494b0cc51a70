//! The limit of sessions per user: the oldest end when a new one begins.
//!
//! Nothing depends on it except how many items a user has. It reads the index, which lags
//! behind its table, and the sessions that a user has logged out of count until they expire.

use gatehouse_auth::id::{SessionId, SubjectId};
use gatehouse_auth::time::Timestamp;

use super::{Accounts, Part};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::transaction::{Outcome, Transaction};

/// Sessions that one login ends at most. With more, a login of someone who had thousands
/// before there was a limit takes long, and a transaction has at most 100 parts.
const ENDED_AT_ONCE: u16 = 25;

/// The sessions of a user that are to end, because newer ones reach the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurplusSessions(Vec<SessionId>);

impl SurplusSessions {
    /// Returns the sessions that are to end although another session of the user ends, too:
    /// one fewer, and never that one.
    #[must_use]
    pub fn beside_the_end_of(mut self, sid: &SessionId) -> Self {
        let newest_first = &mut self.0;
        let spared = newest_first.iter().position(|one| one == sid).unwrap_or(0);
        if spared < newest_first.len() {
            newest_first.remove(spared);
        }
        self
    }
}

impl Accounts {
    /// Finds the oldest sessions of a user, so that `max` are left with one that is about
    /// to begin.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or an item is corrupt.
    pub async fn surplus_sessions(
        &self,
        sub: &SubjectId,
        max: u16,
    ) -> Result<SurplusSessions, StoreError> {
        let kept = max.saturating_sub(1);
        let newest = kept.saturating_add(ENDED_AT_ONCE);
        let mut sids = self.sessions.newest(sub, newest).await?;
        let kept = usize::from(kept).min(sids.len());
        Ok(SurplusSessions(sids.split_off(kept)))
    }

    /// Ends these sessions and their access tokens, and deletes them: otherwise they would
    /// still count. Returns them.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails; then all of them continue.
    pub async fn end_surplus(
        &self,
        surplus: SurplusSessions,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let SurplusSessions(sids) = surplus;
        if sids.is_empty() {
            return Ok(sids);
        }
        let mut parts = Transaction::new();
        for sid in &sids {
            // No condition: a session never gets another user.
            parts.add(Part::Session, self.sessions.delete_part(sid)?);
            let revocation = self.revocations.session_part(sid, now, SURPLUS)?;
            parts.add(Part::Revocation, revocation);
        }
        match self.write(parts).await? {
            Outcome::Written => Ok(sids),
            Outcome::Refused(_) => Err(StoreError::rejected(
                "TransactWriteItems",
                "a condition failed, but there is none",
            )),
        }
    }
}

/// The reason that the revocations carry.
const SURPLUS: &str = "too_many_sessions";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_another_session_spares_one_and_never_ends_twice() {
        let id = |byte| SessionId::from_bytes([byte; 16]);
        let surplus = || SurplusSessions(vec![id(1), id(2)]);
        assert_eq!(surplus().beside_the_end_of(&id(2)).0, [id(1)]);
        assert_eq!(surplus().beside_the_end_of(&id(9)).0, [id(2)]);
        assert_eq!(SurplusSessions(vec![]).beside_the_end_of(&id(9)).0, []);
    }
}
