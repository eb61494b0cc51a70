//! A username under a new canonical spelling, when the rules of spelling change.

use aws_sdk_dynamodb::types::{Delete, Update};
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::user::User;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{names, pk, text, values};
use crate::dynamodb::transaction::{self, Outcome};
use crate::users::{Claim, Users};

/// How a move to a new spelling ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Respelled {
    /// The account and the item of its name have the new spelling.
    Done,
    /// Somebody else has the new spelling; nothing is written.
    Taken,
    /// The account is gone or was respelled in the meantime; nothing is written.
    Changed,
}

impl Users {
    /// Moves a user's name to another canonical spelling: the account, the new item of
    /// the name and the removal of the old one, in one transaction.
    ///
    /// # Errors
    /// [`StoreError`] as the call gives it.
    pub async fn respell(&self, user: &User, canonical: &str) -> Result<Respelled, StoreError> {
        let account = Update::builder()
            .table_name(self.table().name())
            .set_key(Some(pk(&ItemKey::user(&user.sub))))
            .condition_expression("#username_canonical = :old")
            .update_expression("SET #username_canonical = :new")
            .set_expression_attribute_names(Some(names(["username_canonical"])))
            .set_expression_attribute_values(Some(values([
                ("old", text(&user.username_canonical)),
                ("new", text(canonical)),
            ])));
        let mut parts = vec![transaction::update(account)?];
        let after = User {
            username_canonical: canonical.to_owned(),
            ..user.clone()
        };
        let claims = self.claims(&after)?.into_iter();
        parts.extend(claims.filter_map(|(claim, part)| (claim == Claim::Username).then_some(part)));
        if let Some(old) = Claim::Username.key(user) {
            let old = Delete::builder()
                .table_name(self.table().name())
                .set_key(Some(pk(&old)))
                .condition_expression("attribute_not_exists(pk) OR #sub = :sub")
                .set_expression_attribute_names(Some(names(["sub"])))
                .set_expression_attribute_values(Some(values([("sub", text(user.sub.as_str()))])));
            parts.push(transaction::delete(old)?);
        }
        Ok(
            match transaction::write(self.table().client(), parts).await? {
                Outcome::Written => Respelled::Done,
                Outcome::Refused(conditions) if conditions.failed(0) => Respelled::Changed,
                Outcome::Refused(conditions) if conditions.failed(1) => Respelled::Taken,
                Outcome::Refused(_) => Respelled::Changed,
            },
        )
    }
}
