//! The deletion of a user: everything except the revocation of their access tokens.
//!
//! One transaction deletes the account and its names, and revokes its tokens. What remains
//! then grants no access, and is deleted page by page. After an interruption the same call
//! deletes the rest: the index still lists the sessions.

use std::collections::BTreeSet;

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;

use super::{Accounts, MAX_ATTEMPTS, Part, changed_each_time};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{names, number, pk, text, values};
use crate::dynamodb::transaction::{Outcome, Transaction};
use crate::login_attempts::{AttemptKeys, LoginAttempts};
use crate::users::Claim;

/// The result of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// The account and its names are deleted, and its tokens are revoked.
    Done,
    /// Nothing is written: the user has changed or no longer exists.
    Refused,
    /// Nothing is written: no active administrator would be left.
    LastAdmin,
}

impl Accounts {
    /// Deletes an account as it was read, with its names and its external id. Its subject
    /// is never used again.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn delete(&self, user: &User, now: Timestamp) -> Result<Deleted, StoreError> {
        match self.write(self.deletion(user, now)?).await? {
            Outcome::Written => Ok(Deleted::Done),
            Outcome::Refused(refusal) if refusal.failed(Part::User) => Ok(Deleted::Refused),
            Outcome::Refused(refusal) if refusal.failed(Part::Admins) => Ok(Deleted::LastAdmin),
            Outcome::Refused(_) => Err(StoreError::rejected(
                "TransactWriteItems",
                "a name of the user belongs to another user",
            )),
        }
    }

    /// Deletes an account for an administrator, whatever has just changed about it.
    ///
    /// Returns the deleted user; if there is no such user, [`Deleted::Refused`].
    ///
    /// # Errors
    /// [`StoreError`] if a call fails; [`StoreError::Unavailable`] if the user changed
    /// during each of five attempts.
    pub async fn remove(
        &self,
        sub: &SubjectId,
        now: Timestamp,
    ) -> Result<(Option<User>, Deleted), StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let Some(user) = self.users.get(sub).await? else {
                return Ok((None, Deleted::Refused));
            };
            match self.delete(&user, now).await? {
                Deleted::Refused => {}
                deleted @ (Deleted::Done | Deleted::LastAdmin) => {
                    return Ok((Some(user), deleted));
                }
            }
        }
        Err(changed_each_time())
    }

    /// Deletes a subject's sessions and counters of failed logins, page by page; returns
    /// the number of sessions.
    ///
    /// `digests` are those of the user's names, if they are still known.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails; the same call again deletes the rest.
    pub async fn delete_traces(
        &self,
        attempts: &LoginAttempts,
        sub: &SubjectId,
        digests: Vec<String>,
    ) -> Result<usize, StoreError> {
        let mut keys = AttemptKeys {
            sub: sub.clone(),
            digests,
            addresses: BTreeSet::new(),
        };
        attempts.delete(&keys).await?;
        let mut deleted = 0;
        let mut start = None;
        loop {
            let page = self.sessions.ids_of_user(sub, start).await?;
            if !keys.digests.is_empty() {
                keys.addresses = self.sessions.addresses(&page.ids).await?;
                attempts.delete(&keys).await?;
            }
            self.sessions.delete_all(&page.ids).await?;
            deleted += page.ids.len();
            start = page.next;
            if start.is_none() {
                return Ok(deleted);
            }
        }
    }

    fn deletion(&self, user: &User, now: Timestamp) -> Result<Transaction<Part>, StoreError> {
        let users = self.users.table();
        let mut parts = Transaction::new();
        let account = users.delete_part(pk(&ItemKey::user(&user.sub)), |delete| {
            delete
                // The name's item is deleted too, so it must have the spelling that was read.
                .condition_expression("#token_version = :ver AND #username_canonical = :name")
                .set_expression_attribute_names(Some(names([
                    "token_version",
                    "username_canonical",
                ])))
                .set_expression_attribute_values(Some(values([
                    ("ver", number(user.token_version)),
                    ("name", text(&user.username_canonical)),
                ])))
        });
        parts.add(Part::User, account?);
        // No version of this subject is ever allowed again.
        let revocation = self.revocations.deletion_part(&user.sub, now)?;
        parts.add(Part::Revocation, revocation);
        for claim in Claim::NAMES {
            if let Some(key) = claim.key(user) {
                parts.add(Part::Name(claim), self.users.release_part(&key, &user.sub)?);
            }
        }
        if let Some(admins) = self.users.admins_part(Some(user), None)? {
            parts.add(Part::Admins, admins);
        }
        Ok(parts)
    }
}
