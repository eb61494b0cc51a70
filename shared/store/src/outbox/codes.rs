//! The codes that mails carry: one item for each kind that a user has.

use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::mail::{CodeSlots, NewCode};
use gatehouse_auth::time::Timestamp;
use serde::Deserialize;

use super::Outbox;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, attribute, moment, names, pk_sk, values};

#[derive(Deserialize)]
struct CodesItem {
    codes: CodeSlots,
}

impl Outbox {
    /// Reads the codes of a kind that a user has, valid or not, consistently.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or the item is corrupt.
    pub async fn codes(
        &self,
        sub: &SubjectId,
        kind: CodeKind,
    ) -> Result<Option<CodeSlots>, StoreError> {
        let item = self.table.get(codes_key(sub, kind)).await?;
        item.map(|item| self.decode_codes(item)).transpose()
    }

    /// Reads codes from their item.
    pub(super) fn decode_codes(&self, item: Item) -> Result<CodeSlots, StoreError> {
        let item: CodesItem = self.table.decode("of codes", item)?;
        Ok(item.codes)
    }

    /// Builds the part of a transaction that adds a code to those before, and fails if they
    /// change in the meantime; `None` if another one was mailed just now.
    pub(super) fn codes_part(
        &self,
        new: &NewCode<'_>,
        before: Option<CodeSlots>,
        now: Timestamp,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let (sub, kind) = (new.code.sub(), new.code.kind());
        let Some(after) = before.clone().unwrap_or_default().with(new, now) else {
            return Ok(None);
        };
        let operation = "TransactWriteItems";
        let end = after.last_end().unwrap_or(Timestamp::from_unix(0));
        let mut values = values([
            ("after", attribute(operation, after)?),
            ("end", moment(end)),
        ]);
        let condition = match before {
            Some(before) => {
                values.insert(":before".to_owned(), attribute(operation, before)?);
                "#codes = :before"
            }
            None => "attribute_not_exists(#codes)",
        };
        let part = self.table.update_part(codes_key(sub, kind), |update| {
            update
                .condition_expression(condition)
                .update_expression("SET #codes = :after, #expires_at = :end")
                .set_expression_attribute_names(Some(names(["codes", "expires_at"])))
                .set_expression_attribute_values(Some(values))
        });
        part.map(Some)
    }

    /// Builds the part of a transaction that uses a code: it fails unless the code is still
    /// among those of its user and has not ended, and deletes all of its kind.
    pub(crate) fn redemption_part(
        &self,
        code: &MailCode,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let mut names = names(["codes", "ends_at"]);
        names.insert("#digest".to_owned(), code.digest().expose().to_owned());
        let key = codes_key(code.sub(), code.kind());
        self.table.delete_part(key, |delete| {
            delete
                .condition_expression("#codes.#digest.#ends_at > :now")
                .set_expression_attribute_names(Some(names))
                .set_expression_attribute_values(Some(values([("now", moment(now))])))
        })
    }
}

/// The key of the counter of the addresses that a subject typed.
pub(super) fn addresses_key(sub: &SubjectId) -> Item {
    pk_sk(&ItemKey::codes(sub), ADDRESSES)
}

/// The counter's `sk`, beside the kinds of codes.
const ADDRESSES: &str = "addresses";

fn codes_key(sub: &SubjectId, kind: CodeKind) -> Item {
    pk_sk(&ItemKey::codes(sub), kind.as_str())
}
