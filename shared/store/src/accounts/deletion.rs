//! The deletion of a user: everything except the revocation of their access tokens.
//!
//! One transaction deletes the account and its names, revokes its tokens, and marks the
//! deletion as begun. What remains then grants no access, and is deleted page by page. The
//! mark has what finds the rest after an interruption, and is removed last.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::mail::{MessageKind, Origin};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;
use serde::{Deserialize, Serialize};

use super::{Accounts, MAX_ATTEMPTS, Part, changed_each_time};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{attribute, pk};
use crate::dynamodb::transaction::{Outcome, Transaction};
use crate::login_attempts::{AttemptKeys, LoginAttempts};
use crate::users::{Claim, Unchanged};

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

/// A deletion that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingDeletion {
    /// The subject, whose account is gone.
    pub sub: SubjectId,
    /// The digests of the user's names, by which attempts are counted.
    pub digests: Vec<String>,
    /// When it began.
    pub at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Mark {
    at: Timestamp,
    digests: Vec<String>,
}

impl Accounts {
    /// Deletes an account for its owner, who has just been authenticated, with its names and
    /// its external id. Its subject is never used again.
    ///
    /// It refuses if the owner's access tokens were revoked since `user` was read. If the
    /// account has changed in other ways in the meantime, it tries again. Returns the user
    /// as deleted.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails; [`StoreError::Unavailable`] if the user changed
    /// during each of five attempts.
    pub async fn delete(
        &self,
        mut user: User,
        now: Timestamp,
    ) -> Result<(User, Deleted), StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let deleted = self.delete_once(&user, Some(Origin::Session), now).await?;
            if deleted != Deleted::Refused {
                return Ok((user, deleted));
            }
            match self.users.get(&user.sub).await? {
                Some(changed) if changed.token_version == user.token_version => user = changed,
                Some(_) | None => return Ok((user, Deleted::Refused)),
            }
        }
        Err(changed_each_time())
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
            match self.delete_once(&user, Some(Origin::Operator), now).await? {
                Deleted::Refused => {}
                deleted @ (Deleted::Done | Deleted::LastAdmin) => {
                    return Ok((Some(user), deleted));
                }
            }
        }
        Err(changed_each_time())
    }

    /// Deletes an account if it is still as it was read. `origin` is who caused it, if there
    /// is a notice.
    pub(super) async fn delete_once(
        &self,
        user: &User,
        origin: Option<Origin>,
        now: Timestamp,
    ) -> Result<Deleted, StoreError> {
        match self.write(self.deletion(user, origin, now)?).await? {
            Outcome::Written => Ok(Deleted::Done),
            Outcome::Refused(refusal) if refusal.failed(Part::User) => Ok(Deleted::Refused),
            Outcome::Refused(refusal) if refusal.failed(Part::Admins) => Ok(Deleted::LastAdmin),
            // Its reservation has just ended, and somebody else has it.
            Outcome::Refused(refusal) if refusal.failed(Part::OldName) => Ok(Deleted::Refused),
            Outcome::Refused(_) => Err(StoreError::rejected(
                "TransactWriteItems",
                "a name of the user belongs to another user",
            )),
        }
    }

    /// Reads the deletions that have begun and are not finished, consistently.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails. A corrupt mark is reported in the log, and does not
    /// hide the others.
    pub async fn pending_deletions(&self) -> Result<Vec<PendingDeletion>, StoreError> {
        let users = self.users.table();
        let key = ItemKey::deletions();
        let mut marks = users.get(pk(&key)).await?.unwrap_or_default();
        marks.remove("pk");
        let mut pending = Vec::new();
        for (sub, mark) in marks {
            let fields = mark.as_m().cloned().unwrap_or_default();
            let sub =
                SubjectId::parse(&sub).map_err(|error| users.corrupt(key.as_str(), "sub", error));
            let read = sub.and_then(|sub| {
                let Mark { at, digests } = users.decode(key.as_str(), fields)?;
                Ok(PendingDeletion { sub, digests, at })
            });
            match read {
                Ok(deletion) => pending.push(deletion),
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::error!(error, "the mark of a deletion is corrupt");
                }
            }
        }
        Ok(pending)
    }

    /// Deletes what is left of a subject, of whom `deleted` is who was deleted just now; `None`
    /// if that was earlier, and its mark has the rest. Returns the number of sessions.
    ///
    /// # Errors
    /// As [`delete_traces`](Self::delete_traces).
    pub async fn finish_deletion(
        &self,
        attempts: &LoginAttempts,
        (sub, deleted): (&SubjectId, Option<&User>),
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let digests = if let Some(user) = deleted {
            user.trace_digests(now)
        } else {
            let mut pending = self.pending_deletions().await?.into_iter();
            let pending = pending.find(|deletion| deletion.sub == *sub);
            pending.map(|deletion| deletion.digests).unwrap_or_default()
        };
        self.delete_traces(attempts, sub, digests).await
    }

    /// Deletes a subject's messages and codes, counters of failed logins and sessions, page
    /// by page, and then the mark of the deletion; returns the number of sessions.
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
        if let Some(outbox) = &self.outbox {
            outbox.delete_all(sub, &keys.digests).await?;
        }
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
                break;
            }
        }
        self.unmark(sub).await?;
        Ok(deleted)
    }

    /// Removes the mark of a deletion, if there is one.
    async fn unmark(&self, sub: &SubjectId) -> Result<(), StoreError> {
        let key = pk(&ItemKey::deletions());
        let update = self.users.table().update(key, |update| {
            update
                .condition_expression("attribute_exists(#sub)")
                .update_expression("REMOVE #sub")
                .expression_attribute_names("#sub", sub.as_str())
        });
        update.await.map(drop)
    }

    /// Builds the part that marks a deletion as begun. The mark is an attribute of one
    /// item, so whatever finishes deletions reads a single item.
    fn mark_part(&self, user: &User, now: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let mark = Mark {
            at: now,
            digests: user.trace_digests(now),
        };
        let mark = attribute("TransactWriteItems", mark)?;
        let users = self.users.table();
        users.update_part(pk(&ItemKey::deletions()), |update| {
            update
                .update_expression("SET #sub = :mark")
                .expression_attribute_names("#sub", user.sub.as_str())
                .expression_attribute_values(":mark", mark)
        })
    }

    fn deletion(
        &self,
        user: &User,
        origin: Option<Origin>,
        now: Timestamp,
    ) -> Result<Transaction<Part>, StoreError> {
        let users = self.users.table();
        let mut parts = Transaction::new();
        // The items of the names are deleted too, so they must be those that were read.
        let unchanged = Unchanged::since(user);
        let account = users.delete_part(pk(&ItemKey::user(&user.sub)), |delete| {
            delete
                .condition_expression(unchanged.condition)
                .set_expression_attribute_names(Some(unchanged.names))
                .set_expression_attribute_values(Some(unchanged.values))
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
        for name in user.reserved_names(now) {
            let key = ItemKey::username(name);
            parts.add(Part::OldName, self.users.release_part(&key, &user.sub)?);
        }
        parts.add(Part::Deletions, self.mark_part(user, now)?);
        if let Some(admins) = self.users.admins_part(Some(user), None)? {
            parts.add(Part::Admins, admins);
        }
        if let Some(origin) = origin {
            self.add_notice(&mut parts, (MessageKind::AccountDeleted, origin), user, now)?;
        }
        Ok(parts)
    }
}
