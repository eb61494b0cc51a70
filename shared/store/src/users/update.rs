//! One write of a user's item. Every write increments the user's revision, so that whatever
//! was decided from the user before it is decided again.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::user::User;

use super::Users;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, moment, names, number, pk, text, values};
use crate::dynamodb::transaction::updating;

/// An update of a user's item, under a condition.
#[derive(Debug)]
pub(crate) struct UserUpdate {
    sub: SubjectId,
    conditions: Vec<String>,
    set: Vec<String>,
    removed: Vec<String>,
    names: HashMap<String, String>,
    values: Item,
}

/// The condition that nothing has been written to a user since the user was read.
pub(crate) struct Unchanged {
    pub(crate) condition: &'static str,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: Item,
}

impl Unchanged {
    /// Builds the condition. A user who was last written before there were revisions has none.
    /// The version is compared, too: while a new release is rolled out, functions of the old
    /// one still raise it without writing a revision.
    pub(crate) fn since(user: &User) -> Self {
        let condition = match user.revision {
            0 => {
                "#token_version = :read_ver \
                 AND (attribute_not_exists(#revision) OR #revision = :read)"
            }
            _ => "#token_version = :read_ver AND #revision = :read",
        };
        Self {
            condition,
            names: names(["token_version", "revision"]),
            values: values([
                ("read_ver", number(user.token_version)),
                ("read", number(user.revision)),
            ]),
        }
    }
}

impl UserUpdate {
    /// An update that was decided from a user as read: it fails if anything was written to
    /// the user since.
    pub(crate) fn of(user: &User) -> Self {
        let unchanged = Unchanged::since(user);
        let mut update = Self::new(&user.sub);
        update.conditions.push(unchanged.condition.to_owned());
        update.names.extend(unchanged.names);
        update.values.extend(unchanged.values);
        update
    }

    /// An update for somebody whose access token has this version: it fails if that is no
    /// longer the current one, and not because of anything else.
    pub(crate) fn for_token(sub: &SubjectId, ver: u64) -> Self {
        Self::new(sub).require(
            "#token_version = :ver",
            ["token_version"],
            [("ver", number(ver))],
        )
    }

    /// An update that needs a condition of its own.
    pub(crate) fn new(sub: &SubjectId) -> Self {
        Self {
            sub: sub.clone(),
            conditions: Vec::new(),
            set: Vec::new(),
            removed: Vec::new(),
            names: names(["revision"]),
            values: values([("one", number(1))]),
        }
    }

    /// Adds a condition.
    pub(crate) fn require<const N: usize, const V: usize>(
        mut self,
        condition: &str,
        attributes: [&str; N],
        compared: [(&str, AttributeValue); V],
    ) -> Self {
        self.conditions.push(condition.to_owned());
        self.names.extend(names(attributes));
        self.values.extend(values(compared));
        self
    }

    /// Sets an attribute.
    pub(crate) fn set(mut self, attribute: &str, value: AttributeValue) -> Self {
        self.set.push(format!("#{attribute} = :{attribute}"));
        self.names.extend(names([attribute]));
        self.values.extend(values([(attribute, value)]));
        self
    }

    /// Sets an attribute, or removes it.
    pub(crate) fn put(self, attribute: &str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.set(attribute, value),
            None => self.remove([attribute]),
        }
    }

    /// Sets the addresses to those of `user`: the one that is held, and the one that waits.
    pub(crate) fn addresses(self, user: &User) -> Self {
        let optional = |value: &Option<String>| value.as_ref().map(text);
        self.put("email", optional(&user.email))
            .put("email_canonical", optional(&user.email_canonical))
            .put("email_verified_at", user.email_verified_at.map(moment))
            .put("pending_email", optional(&user.pending_email))
            .put(
                "pending_email_canonical",
                optional(&user.pending_email_canonical),
            )
            .put("pending_email_at", user.pending_email_at.map(moment))
    }

    /// Increments a number that the user has.
    pub(crate) fn increment(mut self, attribute: &str) -> Self {
        self.set.push(format!("#{attribute} = #{attribute} + :one"));
        self.names.extend(names([attribute]));
        self
    }

    /// Removes attributes.
    pub(crate) fn remove<const N: usize>(mut self, attributes: [&str; N]) -> Self {
        let placeholders = attributes.iter().map(|name| format!("#{name}"));
        self.removed.extend(placeholders);
        self.names.extend(names(attributes));
        self
    }

    /// Ends every code of the user: the mailed ones, and the one that an operator granted.
    pub(crate) fn end_codes(mut self) -> Self {
        let since = "#codes_since = if_not_exists(#revision, :none) + :one";
        self.set.push(since.to_owned());
        self.names.extend(names(["codes_since"]));
        self.values.extend(values([("none", number(0))]));
        self.remove(["recovery_digest", "recovery_expires_at"])
    }

    /// Builds the part of a transaction.
    pub(crate) fn part(self, users: &Users) -> Result<TransactWriteItem, StoreError> {
        self.built(users).map(updating)
    }

    /// Writes it by itself; returns false if the condition failed.
    pub(crate) async fn write(self, users: &Users) -> Result<bool, StoreError> {
        let update = self.built(users)?;
        Ok(users.table().write_update(update).await?.is_done())
    }

    fn built(self, users: &Users) -> Result<Update, StoreError> {
        let key = pk(&ItemKey::user(&self.sub));
        users.table().built_update(key, |update| {
            update
                .condition_expression(self.conditions.join(" AND "))
                .update_expression(self.expression())
                .set_expression_attribute_names(Some(self.names))
                .set_expression_attribute_values(Some(self.values))
        })
    }

    fn expression(&self) -> String {
        let clauses = [("SET", &self.set), ("REMOVE", &self.removed)];
        let clauses = clauses.into_iter().filter(|(_, items)| !items.is_empty());
        let mut all: Vec<String> = clauses
            .map(|(clause, items)| format!("{clause} {}", items.join(", ")))
            .collect();
        all.push("ADD #revision :one".to_owned());
        all.join(" ")
    }
}
