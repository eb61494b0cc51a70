//! People from a file: written like a registration, and recognised afterwards.
//!
//! An account that was imported carries the digest of its line. A run that does not
//! know whether a line was written asks the account, never a failed condition.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem};
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::user::User;

use crate::dynamodb::batch;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, names, number, pk, values};
use crate::dynamodb::transaction::{self, Outcome};
use crate::revocations::Revocations;
use crate::users::{Claim, Users};

/// What came of one person of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// The account and everything that makes it unique is written.
    Written,
    /// Nothing is written: the account is there, from the same line.
    Already,
    /// Nothing is written: another account has this.
    Taken(Claim),
    /// Nothing is written: the subject was deleted, or the file has an older version
    /// of it than the one that was last revoked.
    Deleted,
}

impl Users {
    /// Writes a person of a file with everything that makes the account unique, or
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError`] as the calls give it. It says nothing about whether the person
    /// was written: the same call, later, does.
    pub async fn import(
        &self,
        revocations: &Revocations,
        user: &User,
    ) -> Result<Imported, StoreError> {
        let (claims, mut parts): (Vec<Claim>, Vec<TransactWriteItem>) =
            self.claims(user)?.into_iter().unzip();
        let revoked = parts.len();
        parts.push(revocations.unrevoked_part(user)?);
        parts.extend(self.admins_part(None, Some(user))?);
        let conditions = match transaction::write(self.table().client(), parts).await? {
            Outcome::Written => return Ok(Imported::Written),
            Outcome::Refused(conditions) => conditions,
        };
        let failed = |claim| {
            let index = claims.iter().position(|one| *one == claim);
            index.is_some_and(|index| conditions.failed(index))
        };
        if failed(Claim::Subject) {
            let stored = self.item(&user.sub).await?;
            return Ok(stored.map_or(Imported::Taken(Claim::Subject), |item| {
                compared(&item, user)
            }));
        }
        if conditions.failed(revoked) {
            return Ok(Imported::Deleted);
        }
        claims
            .iter()
            .find(|claim| failed(**claim))
            .map(|claim| Imported::Taken(*claim))
            .ok_or_else(|| StoreError::rejected("TransactWriteItems", "no known condition failed"))
    }

    /// Returns what [`Users::import`] would, and writes nothing.
    ///
    /// # Errors
    /// [`StoreError`] as the call gives it.
    pub async fn foresee(
        &self,
        revocations: &Revocations,
        user: &User,
    ) -> Result<Imported, StoreError> {
        let claims = user_claims(user);
        let keys = claims.iter().map(|(_, key)| key.clone()).collect();
        let revocation = vec![ItemKey::subject_revocation(&user.sub)];
        let tables = [(self.table(), keys), (revocations.table(), revocation)];
        let [items, revocation] = batch::get(self.table().client(), tables).await?;
        let key = |item: &Item| item.get("pk").and_then(|pk| pk.as_s().ok().cloned());
        let subject: String = ItemKey::user(&user.sub).into();
        if let Some(stored) = items
            .iter()
            .find(|item| key(item).as_ref() == Some(&subject))
        {
            return Ok(compared(stored, user));
        }
        if revocation.iter().any(|item| forbids(item, user)) {
            return Ok(Imported::Deleted);
        }
        let taken: HashSet<String> = items.iter().filter_map(key).collect();
        let taken = claims.iter().find(|(_, key)| taken.contains(key.as_str()));
        Ok(taken.map_or(Imported::Written, |(claim, _)| Imported::Taken(*claim)))
    }
}

impl Revocations {
    /// Makes the part of a transaction that fails if no token of this user could
    /// ever be valid: after a deletion, or with a version that was revoked.
    fn unrevoked_part(&self, user: &User) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(self.table().name())
            .set_key(Some(pk(&ItemKey::subject_revocation(&user.sub))))
            .condition_expression("attribute_not_exists(pk) OR #min_ver <= :ver")
            .set_expression_attribute_names(Some(names(["min_ver"])))
            .set_expression_attribute_values(Some(values([("ver", number(user.token_version))])));
        transaction::check(check)
    }
}

/// The same line made this account, or another account has its subject.
fn compared(stored: &Item, user: &User) -> Imported {
    let imported = stored.get("imported").and_then(|digest| digest.as_s().ok());
    if user.imported.is_some() && user.imported.as_ref() == imported {
        Imported::Already
    } else {
        Imported::Taken(Claim::Subject)
    }
}

/// A revocation that does not say which versions it allows allows none.
fn forbids(revocation: &Item, user: &User) -> bool {
    let lowest = revocation.get("min_ver").and_then(|ver| ver.as_n().ok());
    let lowest: Option<u64> = lowest.and_then(|ver| ver.parse().ok());
    lowest.is_none_or(|lowest| lowest > user.token_version)
}

fn user_claims(user: &User) -> Vec<(Claim, ItemKey)> {
    Claim::ALL
        .into_iter()
        .filter_map(|claim| Some((claim, claim.key(user)?)))
        .collect()
}
