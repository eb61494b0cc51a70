//! Users from a file: written like a registration, and recognised afterwards.
//!
//! An imported account carries the digest of its line. A run that does not know whether a
//! line was written reads the account, and does not rely on a failed condition.

mod batch;

pub use batch::ImportBatch;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;

use super::{Accounts, Part};
use crate::dynamodb::batch as batches;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, names, number, pk, values};
use crate::dynamodb::transaction::{Outcome, Refusal, Transaction};
use crate::users::Claim;

/// The result of importing one user from a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// The account and the items of its names are written.
    Written,
    /// Nothing is written: the account exists, from the same line.
    Already,
    /// Nothing is written: another account has this.
    Taken(Claim),
    /// Nothing is written: the subject was deleted, or the file has an earlier version
    /// of it than the one that was last revoked.
    Deleted,
}

/// A part of a user's import: the user's index in the batch, and what the part writes.
type Label = (usize, Part);

impl Accounts {
    /// Writes users from a file, each with the items of their names or not at all. Returns
    /// what became of each, in the order of the batch.
    ///
    /// All of them are one transaction. If it is refused because of some of them, those are
    /// decided, and the others are written without them.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails. Users may have been written: the same call again
    /// with the same batch finds out, and continues with those that are undecided.
    pub async fn import(
        &self,
        batch: &mut ImportBatch<'_>,
        now: Timestamp,
    ) -> Result<Vec<Imported>, StoreError> {
        loop {
            let left = batch.undecided();
            if left.is_empty() {
                return Ok(batch.imported());
            }
            let mut parts = Transaction::new();
            for (index, user) in &left {
                self.add_import(&mut parts, *index, user, now)?;
            }
            match self.write(parts).await {
                Ok(Outcome::Written) => {
                    let indices = left.iter().map(|(index, _)| *index);
                    batch.decide(indices.map(|index| (index, Imported::Written)));
                }
                Ok(Outcome::Refused(refusal)) => {
                    batch.decide(self.interpret(&left, &refusal).await?);
                }
                Err(error) => {
                    batch.doubt(&error);
                    return Err(error);
                }
            }
        }
    }

    /// Returns what [`import`](Self::import) would, and writes nothing.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn preview_import(
        &self,
        batch: &ImportBatch<'_>,
        now: Timestamp,
    ) -> Result<Vec<Imported>, StoreError> {
        let claims = |user| {
            Claim::ALL
                .into_iter()
                .filter_map(move |claim| claim.key(user))
        };
        let keys = batch.users().flat_map(claims).collect();
        let marks = batch
            .users()
            .map(|user| ItemKey::subject_revocation(&user.sub));
        let (users, revocations) = (self.users.table(), self.revocations.table());
        let tables = [(users, keys), (revocations, marks.collect())];
        let [items, revocations] = batches::get(users.client(), tables).await?;
        let (items, revocations) = (by_key(items), by_key(revocations));
        let foresee = |user: &User| {
            if let Some(account) = items.get(ItemKey::user(&user.sub).as_str()) {
                return compared(account, user);
            }
            let revocation = revocations.get(ItemKey::subject_revocation(&user.sub).as_str());
            if revocation.is_some_and(|item| forbids(item, user)) {
                return Imported::Deleted;
            }
            let is_taken = |claim: &Claim| {
                let key = claim.key(user);
                let item = key.and_then(|key| items.get(key.as_str()));
                item.is_some_and(|item| !is_free(item, now))
            };
            let taken = Claim::NAMES.into_iter().find(is_taken);
            taken.map_or(Imported::Written, Imported::Taken)
        };
        Ok(batch.users().map(foresee).collect())
    }

    /// Adds the parts that write a user.
    fn add_import(
        &self,
        parts: &mut Transaction<Label>,
        index: usize,
        user: &User,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for (claim, part) in self.users.claims(user, now)? {
            parts.add((index, part_of(claim)), part);
        }
        parts.add((index, Part::Revocation), self.unrevoked_part(user)?);
        if let Some(admins) = self.users.admins_part(None, Some(user))? {
            parts.add((index, Part::Admins), admins);
        }
        Ok(())
    }

    /// Returns why users were refused: first the account itself, then its revocation, then
    /// its names. Users none of whose conditions failed are left out.
    async fn interpret(
        &self,
        left: &[(usize, &User)],
        refusal: &Refusal<Label>,
    ) -> Result<Vec<(usize, Imported)>, StoreError> {
        let refused = |(index, _): &&(usize, &User)| refusal.any_failed(|label| label.0 == *index);
        let refused: Vec<_> = left.iter().filter(refused).collect();
        let keys = refused
            .iter()
            .map(|(_, user)| pk(&ItemKey::user(&user.sub)));
        let keys: Vec<Item> = keys.collect();
        let accounts = by_key(self.users.table().get_each(&keys).await?);
        let why = |(index, user): &(usize, &User)| {
            let failed = |part| refusal.failed((*index, part));
            if let Some(account) = accounts.get(ItemKey::user(&user.sub).as_str()) {
                return Some((*index, compared(account, user)));
            }
            if failed(Part::User) {
                return Some((*index, Imported::Taken(Claim::Subject)));
            }
            if failed(Part::Revocation) {
                return Some((*index, Imported::Deleted));
            }
            let mut names = Claim::NAMES.into_iter();
            let taken = names.find(|claim| failed(Part::Name(*claim)))?;
            Some((*index, Imported::Taken(taken)))
        };
        let decided: Vec<_> = refused.into_iter().filter_map(why).collect();
        if decided.is_empty() {
            let reason = "no known condition failed";
            return Err(StoreError::rejected("TransactWriteItems", reason));
        }
        Ok(decided)
    }

    /// Builds the part that fails if no token of this user could ever be valid: after a
    /// deletion, or with a version that was revoked.
    fn unrevoked_part(&self, user: &User) -> Result<TransactWriteItem, StoreError> {
        let key = pk(&ItemKey::subject_revocation(&user.sub));
        self.revocations.table().check_part(key, |check| {
            check
                .condition_expression("attribute_not_exists(pk) OR #min_ver <= :ver")
                .set_expression_attribute_names(Some(names(["min_ver"])))
                .set_expression_attribute_values(Some(values([(
                    "ver",
                    number(user.token_version),
                )])))
        })
    }
}

fn part_of(claim: Claim) -> Part {
    match claim {
        Claim::Subject => Part::User,
        Claim::Username | Claim::Email | Claim::ExternalId => Part::Name(claim),
    }
}

/// Returns items by their `pk`.
fn by_key(items: Vec<Item>) -> HashMap<String, Item> {
    let key = |item: &Item| item.get("pk").and_then(|key| key.as_s().ok().cloned());
    let items = items.into_iter();
    items.filter_map(|item| Some((key(&item)?, item))).collect()
}

/// Returns whether the same line made this account, or another account has its subject.
fn compared(account: &Item, user: &User) -> Imported {
    let imported = account.get("imported").and_then(|text| text.as_s().ok());
    if user.imported.is_some() && user.imported.as_ref() == imported {
        Imported::Already
    } else {
        Imported::Taken(Claim::Subject)
    }
}

/// True if a revocation forbids the user's version. One without a version forbids all.
fn forbids(revocation: &Item, user: &User) -> bool {
    let lowest = revocation.get("min_ver").and_then(|ver| ver.as_n().ok());
    let lowest: Option<u64> = lowest.and_then(|ver| ver.parse().ok());
    lowest.is_none_or(|lowest| lowest > user.token_version)
}

/// True if the item of a name only reserves it, and its reservation has ended.
fn is_free(name: &Item, now: Timestamp) -> bool {
    let until = name
        .get("reserved_until")
        .and_then(|until| until.as_n().ok());
    let until = until.and_then(|until| until.parse().ok());
    until.is_some_and(|until| Timestamp::from_unix(until) <= now)
}
