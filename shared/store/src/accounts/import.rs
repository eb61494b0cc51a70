//! Users from a file: written like a registration, and recognised afterwards.
//!
//! An imported account carries the digest of its line. A run that does not know whether a
//! line was written reads the account, and does not rely on a failed condition.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;

use super::{Accounts, Part};
use crate::dynamodb::batch;
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

impl Accounts {
    /// Writes a user from a file with the items of their names, or nothing.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails. The user may have been written: the same call again
    /// finds out.
    pub async fn import(&self, user: &User, now: Timestamp) -> Result<Imported, StoreError> {
        let mut parts = Transaction::new();
        for (claim, part) in self.users.claims(user, now)? {
            parts.add(part_of(claim), part);
        }
        parts.add(Part::Revocation, self.unrevoked_part(user)?);
        if let Some(admins) = self.users.admins_part(None, Some(user))? {
            parts.add(Part::Admins, admins);
        }
        match self.write(parts).await? {
            Outcome::Written => Ok(Imported::Written),
            Outcome::Refused(refusal) => self.interpret(user, &refusal).await,
        }
    }

    /// Returns what [`import`](Self::import) would, and writes nothing.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn preview_import(
        &self,
        user: &User,
        now: Timestamp,
    ) -> Result<Imported, StoreError> {
        let claims: Vec<(Claim, ItemKey)> = Claim::ALL
            .into_iter()
            .filter_map(|claim| Some((claim, claim.key(user)?)))
            .collect();
        let keys = claims.iter().map(|(_, key)| key.clone()).collect();
        let (users, revocations) = (self.users.table(), self.revocations.table());
        let revocation = vec![ItemKey::subject_revocation(&user.sub)];
        let tables = [(users, keys), (revocations, revocation)];
        let [items, revocation] = batch::get(users.client(), tables).await?;
        let key = |item: &Item| item.get("pk").and_then(|key| key.as_s().ok().cloned());
        let subject: String = ItemKey::user(&user.sub).into();
        let mut accounts = items.iter();
        if let Some(account) = accounts.find(|item| key(item).as_ref() == Some(&subject)) {
            return Ok(compared(account, user));
        }
        if revocation.iter().any(|item| forbids(item, user)) {
            return Ok(Imported::Deleted);
        }
        let taken = items.iter().filter(|item| !is_free(item, now));
        let taken: HashSet<String> = taken.filter_map(key).collect();
        let taken = claims.iter().find(|(_, key)| taken.contains(key.as_str()));
        Ok(taken.map_or(Imported::Written, |(claim, _)| Imported::Taken(*claim)))
    }

    /// Returns why nothing was written: first the account itself, then its revocation,
    /// then its names.
    async fn interpret(
        &self,
        user: &User,
        refusal: &Refusal<Part>,
    ) -> Result<Imported, StoreError> {
        if refusal.failed(Part::User) {
            let account = self.users.item(&user.sub).await?;
            return Ok(account.map_or(Imported::Taken(Claim::Subject), |account| {
                compared(&account, user)
            }));
        }
        if refusal.failed(Part::Revocation) {
            return Ok(Imported::Deleted);
        }
        let mut names = Claim::NAMES.into_iter();
        let taken = names.find(|claim| refusal.failed(Part::Name(*claim)));
        taken
            .map(Imported::Taken)
            .ok_or_else(|| StoreError::rejected("TransactWriteItems", "no known condition failed"))
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
