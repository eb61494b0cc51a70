//! Writes of several items, all of them or none.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Delete, Put, TransactWriteItem, Update,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::random;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::Item;
use crate::dynamodb::retry::Retries;

/// How a transaction ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Every part is written.
    Written,
    /// A condition failed and nothing is written.
    Refused(FailedConditions),
}

/// Which parts' conditions failed, by their place in the transaction.
#[derive(Debug)]
pub(crate) struct FailedConditions(Vec<CancellationReason>);

impl FailedConditions {
    /// True if the condition of the part at `index` failed.
    pub(crate) fn failed(&self, index: usize) -> bool {
        self.0.get(index).is_some_and(is_condition)
    }

    /// Returns the item that failed it, if there is one and it was asked for.
    pub(crate) fn item(&self, index: usize) -> Option<&Item> {
        self.0.get(index).and_then(|reason| reason.item.as_ref())
    }
}

/// Writes `parts` together.
///
/// Contention and throttling are tried again, a few times; a failed condition
/// never is: it is the caller's to interpret.
///
/// All attempts carry one request token, so that a retry after a lost response is
/// recognised as the same write and does not fail on its own conditions.
pub(crate) async fn write(
    client: &Client,
    parts: Vec<TransactWriteItem>,
) -> Result<Outcome, StoreError> {
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
                    return Ok(Outcome::Refused(FailedConditions(reasons.to_vec())));
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

/// Makes the token of one transaction: 22 of at most 36 characters. DynamoDB refuses
/// one token with two bodies.
fn request_token() -> Result<String, StoreError> {
    let bytes: [u8; 16] =
        random::bytes().map_err(|error| StoreError::rejected(OPERATION, error))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Makes a part that puts a whole item.
pub(crate) fn put(
    part: aws_sdk_dynamodb::types::builders::PutBuilder,
) -> Result<TransactWriteItem, StoreError> {
    let part: Put = part.build().map_err(incomplete_part)?;
    Ok(TransactWriteItem::builder().put(part).build())
}

/// Makes a part that updates an item.
pub(crate) fn update(
    part: aws_sdk_dynamodb::types::builders::UpdateBuilder,
) -> Result<TransactWriteItem, StoreError> {
    let part: Update = part.build().map_err(incomplete_part)?;
    Ok(TransactWriteItem::builder().update(part).build())
}

/// Makes a part that deletes an item.
pub(crate) fn delete(
    part: aws_sdk_dynamodb::types::builders::DeleteBuilder,
) -> Result<TransactWriteItem, StoreError> {
    let part: Delete = part.build().map_err(incomplete_part)?;
    Ok(TransactWriteItem::builder().delete(part).build())
}

/// Makes a part that writes nothing and holds the others to a condition.
pub(crate) fn check(
    part: aws_sdk_dynamodb::types::builders::ConditionCheckBuilder,
) -> Result<TransactWriteItem, StoreError> {
    let part: ConditionCheck = part.build().map_err(incomplete_part)?;
    Ok(TransactWriteItem::builder().condition_check(part).build())
}

fn incomplete_part(error: BuildError) -> StoreError {
    StoreError::rejected(OPERATION, error)
}

fn is_condition(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

/// Sorts a cancellation without a failed condition. The codes alone are kept:
/// the reasons carry items.
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

const OPERATION: &str = "TransactWriteItems";
/// Reasons for a cancellation that pass by themselves.
const PASSING_CODES: [&str; 5] = [
    "None",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "ThrottlingError",
    "TransactionConflict",
];
