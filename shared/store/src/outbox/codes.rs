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

/// What became of a new code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issued {
    /// It is valid from now on; mail it.
    Done,
    /// Nothing is written: another one was mailed just now.
    TooSoon,
}

/// How often a code is added, re-reading the others each time. Only other invocations of
/// the mailer that handle mails of the same user write the item.
const MAX_ATTEMPTS: u8 = 5;

#[derive(Deserialize)]
struct CodesItem {
    codes: CodeSlots,
}

impl Outbox {
    /// Makes a code valid, besides the others of its kind, on the rules of [`CodeSlots`].
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or the item is corrupt; [`StoreError::Unavailable`] if
    /// the codes changed during each of five attempts.
    pub async fn issue_code(
        &self,
        new: &NewCode<'_>,
        now: Timestamp,
    ) -> Result<Issued, StoreError> {
        let (sub, kind) = (new.code.sub(), new.code.kind());
        for _ in 0..MAX_ATTEMPTS {
            let before = self.codes(sub, kind).await?;
            let Some(after) = before.clone().unwrap_or_default().with(new, now) else {
                return Ok(Issued::TooSoon);
            };
            if self.replace_codes((sub, kind), before, &after).await? {
                return Ok(Issued::Done);
            }
        }
        let text = "the codes changed during each attempt";
        Err(StoreError::unavailable("UpdateItem", text))
    }

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
        let codes = item.map(|item| self.table.decode::<CodesItem>("of codes", item));
        Ok(codes.transpose()?.map(|item| item.codes))
    }

    /// Replaces the codes that were read; returns false if they have changed.
    async fn replace_codes(
        &self,
        (sub, kind): (&SubjectId, CodeKind),
        before: Option<CodeSlots>,
        after: &CodeSlots,
    ) -> Result<bool, StoreError> {
        let end = after.last_end().unwrap_or(Timestamp::from_unix(0));
        let mut values = values([
            ("after", attribute("UpdateItem", after)?),
            ("end", moment(end)),
        ]);
        let condition = match &before {
            Some(before) => {
                values.insert(":before".to_owned(), attribute("UpdateItem", before)?);
                "#codes = :before"
            }
            None => "attribute_not_exists(#codes)",
        };
        let update = self.table.update(codes_key(sub, kind), |update| {
            update
                .condition_expression(condition)
                .update_expression("SET #codes = :after, #expires_at = :end")
                .set_expression_attribute_names(Some(names(["codes", "expires_at"])))
                .set_expression_attribute_values(Some(values))
        });
        Ok(update.await?.is_done())
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

fn codes_key(sub: &SubjectId, kind: CodeKind) -> Item {
    pk_sk(&ItemKey::codes(sub), kind.as_str())
}
