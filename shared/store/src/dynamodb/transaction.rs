//! Writes of several items, all of them or none.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::{
    ConditionCheckBuilder, DeleteBuilder, PutBuilder, UpdateBuilder,
};
use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Delete, Put, TransactWriteItem, Update,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::random;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::Item;
use crate::dynamodb::retry::Retries;
use crate::dynamodb::table::Table;

/// The parts of a transaction, each with a label by which a refusal is interpreted.
#[derive(Debug)]
pub(crate) struct Transaction<L>(Vec<(L, TransactWriteItem)>);

/// How a transaction ended.
#[derive(Debug)]
pub(crate) enum Outcome<L> {
    /// Every part is written.
    Written,
    /// A condition failed and nothing is written.
    Refused(Refusal<L>),
}

/// Which parts' conditions failed.
#[derive(Debug)]
pub(crate) struct Refusal<L>(Vec<(L, CancellationReason)>);

impl<L: Copy + PartialEq> Transaction<L> {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a part.
    pub(crate) fn add(&mut self, label: L, part: TransactWriteItem) {
        self.0.push((label, part));
    }

    /// True if there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the same transaction without the parts with this label; `None` if there are
    /// none.
    pub(crate) fn without(&self, label: L) -> Option<Self> {
        let others = self.0.iter().filter(|(of, _)| *of != label);
        let others: Vec<_> = others.cloned().collect();
        (others.len() < self.0.len()).then_some(Self(others))
    }

    /// Writes all parts together.
    ///
    /// Contention and throttling are tried again, a few times; a failed condition
    /// never is: it is the caller's to interpret.
    ///
    /// All attempts carry one request token, so that a retry after a lost response is
    /// recognised as the same write and does not fail on its own conditions.
    pub(crate) async fn write(self, client: &Client) -> Result<Outcome<L>, StoreError> {
        let (labels, parts): (Vec<L>, Vec<TransactWriteItem>) = self.0.into_iter().unzip();
        let token = request_token()?;
        let mut retries = Retries::default();
        loop {
            let sent = client
                .transact_write_items()
                .client_request_token(&token)
                .set_transact_items(Some(parts.clone()))
                .send()
                .await;
            let Err(error) = sent else {
                return Ok(Outcome::Written);
            };
            let failure = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let reasons = cancelled.cancellation_reasons();
                    if reasons.iter().any(is_condition) {
                        let reasons = labels.into_iter().zip(reasons.iter().cloned());
                        return Ok(Outcome::Refused(Refusal(reasons.collect())));
                    }
                    cancellation(reasons)
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => {
                    StoreError::unavailable(OPERATION, "the same transaction is still in progress")
                }
                _ => return Err(StoreError::from_sdk(OPERATION, error)),
            };
            let again = matches!(failure, StoreError::Unavailable { .. });
            if !(again && retries.wait().await) {
                return Err(failure);
            }
        }
    }
}

impl<L: Copy + PartialEq> Refusal<L> {
    /// True if the condition of the part with this label failed.
    pub(crate) fn failed(&self, label: L) -> bool {
        self.reason(label).is_some_and(is_condition)
    }

    /// True if the condition of a part with such a label failed.
    pub(crate) fn any_failed(&self, is_such: impl Fn(L) -> bool) -> bool {
        let mut reasons = self.0.iter();
        reasons.any(|(label, reason)| is_such(*label) && is_condition(reason))
    }

    /// Returns the item that failed the condition, if it exists and the part requested it.
    pub(crate) fn item(&self, label: L) -> Option<&Item> {
        self.reason(label)?.item.as_ref()
    }

    fn reason(&self, label: L) -> Option<&CancellationReason> {
        let mut reasons = self.0.iter();
        reasons.find_map(|(of, reason)| (*of == label).then_some(reason))
    }
}

impl Table {
    /// Builds a part that puts a whole item; `with` adds the condition.
    pub(crate) fn put_part(
        &self,
        item: Item,
        with: impl FnOnce(PutBuilder) -> PutBuilder,
    ) -> Result<TransactWriteItem, StoreError> {
        let part = with(Put::builder().table_name(self.name()).set_item(Some(item)));
        let part = part.build().map_err(incomplete_part)?;
        Ok(TransactWriteItem::builder().put(part).build())
    }

    /// Builds a part that updates an item; `with` adds the expressions.
    pub(crate) fn update_part(
        &self,
        key: Item,
        with: impl FnOnce(UpdateBuilder) -> UpdateBuilder,
    ) -> Result<TransactWriteItem, StoreError> {
        self.built_update(key, with).map(updating)
    }

    /// Builds an update that is either a part or [written by
    /// itself](Self::write_update); `with` adds the expressions.
    pub(crate) fn built_update(
        &self,
        key: Item,
        with: impl FnOnce(UpdateBuilder) -> UpdateBuilder,
    ) -> Result<Update, StoreError> {
        let update = with(Update::builder().table_name(self.name()).set_key(Some(key)));
        update.build().map_err(incomplete_part)
    }

    /// Builds a part that deletes an item; `with` adds the condition.
    pub(crate) fn delete_part(
        &self,
        key: Item,
        with: impl FnOnce(DeleteBuilder) -> DeleteBuilder,
    ) -> Result<TransactWriteItem, StoreError> {
        let part = with(Delete::builder().table_name(self.name()).set_key(Some(key)));
        let part = part.build().map_err(incomplete_part)?;
        Ok(TransactWriteItem::builder().delete(part).build())
    }

    /// Builds a part that writes nothing; the others are written only if the condition
    /// that `with` adds holds.
    pub(crate) fn check_part(
        &self,
        key: Item,
        with: impl FnOnce(ConditionCheckBuilder) -> ConditionCheckBuilder,
    ) -> Result<TransactWriteItem, StoreError> {
        let part = ConditionCheck::builder().table_name(self.name());
        let part = with(part.set_key(Some(key)));
        let part = part.build().map_err(incomplete_part)?;
        Ok(TransactWriteItem::builder().condition_check(part).build())
    }
}

/// Makes an update a part of a transaction.
pub(crate) fn updating(update: Update) -> TransactWriteItem {
    TransactWriteItem::builder().update(update).build()
}

/// Builds the token of one transaction: 22 of at most 36 characters. DynamoDB refuses
/// one token with two bodies.
fn request_token() -> Result<String, StoreError> {
    let bytes: [u8; 16] =
        random::bytes().map_err(|error| StoreError::rejected(OPERATION, error))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn incomplete_part(error: BuildError) -> StoreError {
    StoreError::rejected(OPERATION, error)
}

fn is_condition(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

const OPERATION: &str = "TransactWriteItems";
/// Reasons for a cancellation that pass by themselves.
const PASSING_CODES: [&str; 5] = [
    "None",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "ThrottlingError",
    "TransactionConflict",
];

/// Classifies a cancellation without a failed condition. It keeps only the codes: the
/// reasons carry items.
fn cancellation(reasons: &[CancellationReason]) -> StoreError {
    let codes: Vec<&str> = reasons
        .iter()
        .filter_map(CancellationReason::code)
        .collect();
    let text = format!("cancelled: {}", codes.join(", "));
    if codes.iter().all(|code| PASSING_CODES.contains(code)) {
        StoreError::unavailable(OPERATION, text)
    } else {
        StoreError::rejected(OPERATION, text)
    }
}
