//! The beginning of an attempt to send a message.
//!
//! The mark, the code that the mail carries and the count of the recipient's mails are one
//! transaction, which needs the message. A deletion deletes the messages first, so whatever
//! a mailer does at that moment, no code and no count is written after the deletion.

use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure, Update};
use gatehouse_auth::guessing::Lane;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::mail::{MessageKey, NewCode, recipient_digest};
use gatehouse_auth::time::Timestamp;

use super::recipients::RecipientBucket;
use super::{Outbox, codes, item_key};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, moment, names, text, values};
use crate::dynamodb::table::Write;
use crate::dynamodb::transaction::{Outcome, Transaction, updating};

/// An attempt to send a message, which is to begin now.
#[derive(Debug, Clone, Copy)]
pub struct NewAttempt<'a> {
    /// The message.
    pub key: &'a MessageKey,
    /// It does not begin if another one began after this time.
    pub free_since: Timestamp,
    /// The canonical address that the mail goes to.
    pub address: &'a str,
    /// The bucket of the address, if the mail is to be counted.
    pub bucket: Option<RecipientBucket>,
    /// Who typed the address, if it is to be counted among the addresses that they typed. One
    /// that has a code of theirs is not counted again.
    pub typed_by: Option<&'a SubjectId>,
    /// The code that the mail carries.
    pub code: Option<NewCode<'a>>,
}

/// Whether an attempt to send a message has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It has: it is noted and counted, and its code is valid from now on.
    Begun,
    /// It has not: another one began a moment ago.
    Busy,
    /// It has not: the message is handled, or was deleted with its user.
    Gone,
    /// It has not, nor has another one: another code was mailed just now.
    TooSoon,
    /// It has not, nor has another one: the address has had enough mails, or whoever typed it
    /// has typed enough others.
    OverLimit,
}

/// What a part of the transaction writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The message, which it marks.
    Message,
    /// The codes of the user.
    Codes,
    /// How many mails the address got.
    Recipient,
    /// How many addresses the user typed.
    Addresses,
}

/// How often it begins, re-reading codes and counters each time. Only other invocations of
/// the mailer that handle mails of the same user, or to the same address, write them.
const MAX_ATTEMPTS: u8 = 5;

impl Outbox {
    /// Begins an attempt: notes it, counts the mail, and makes its code valid, besides the
    /// others of its kind, on the rules of [`CodeSlots`](gatehouse_auth::mail::CodeSlots); or
    /// writes nothing.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or an item is corrupt; [`StoreError::Unavailable`] if
    /// codes or counters changed during each of five attempts.
    pub async fn begin(
        &self,
        attempt: &NewAttempt<'_>,
        now: Timestamp,
    ) -> Result<Attempt, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let mut parts = Transaction::new();
            let mut typed_by = attempt.typed_by;
            if let Some(new) = &attempt.code {
                let before = self.codes(new.code.sub(), new.code.kind()).await?;
                typed_by = typed_by.filter(|_| {
                    let has_one = before.as_ref().map(|codes| codes.has_one_for(new.address));
                    has_one != Some(true)
                });
                let Some(part) = self.codes_part(new, before, now)? else {
                    return self.refuse(attempt, Attempt::TooSoon).await;
                };
                parts.add(Part::Codes, part);
            }
            let recipient = attempt.counter();
            let recipient = recipient.map(|key| (Part::Recipient, key, &Lane::RECIPIENT));
            let typed = typed_by.map(codes::addresses_key);
            let typed = typed.map(|key| (Part::Addresses, key, &Lane::NEW_ADDRESSES));
            for (label, key, lane) in recipient.into_iter().chain(typed) {
                let Some(part) = self.counter_part(key, lane, now).await? else {
                    return self.refuse(attempt, Attempt::OverLimit).await;
                };
                parts.add(label, part);
            }
            let mark = self.mark(attempt, now)?;
            if parts.is_empty() {
                return Ok(match self.table.write_update(mark).await? {
                    Write::Done(_) => Attempt::Begun,
                    Write::Refused(found) => unmarked(found.as_ref()),
                });
            }
            parts.add(Part::Message, updating(mark));
            match parts.write(self.table.client()).await? {
                Outcome::Written => return Ok(Attempt::Begun),
                Outcome::Refused(refusal) if refusal.failed(Part::Message) => {
                    return Ok(unmarked(refusal.item(Part::Message)));
                }
                Outcome::Refused(_) => {}
            }
        }
        let text = "codes or counters changed during each attempt";
        Err(StoreError::unavailable("TransactWriteItems", text))
    }

    /// Returns why an attempt does not begin. If another one of this message is under way,
    /// that is why: it may still need the message.
    async fn refuse(
        &self,
        attempt: &NewAttempt<'_>,
        because: Attempt,
    ) -> Result<Attempt, StoreError> {
        let message = self.message(attempt.key).await?;
        Ok(message.map_or(Attempt::Gone, |message| {
            if message.attempted_at > Some(attempt.free_since) {
                Attempt::Busy
            } else {
                because
            }
        }))
    }

    /// Builds the update that notes an attempt, unless another one began a moment ago.
    fn mark(&self, attempt: &NewAttempt<'_>, now: Timestamp) -> Result<Update, StoreError> {
        let values = values([
            ("free", moment(attempt.free_since)),
            ("now", moment(now)),
            ("for", text(recipient_digest(attempt.address))),
        ]);
        self.table.built_update(item_key(attempt.key), |update| {
            update
                .condition_expression(
                    "attribute_exists(pk) AND \
                     (attribute_not_exists(#attempted_at) OR #attempted_at <= :free)",
                )
                .update_expression("SET #attempted_at = :now, #attempted_for = :for")
                .set_expression_attribute_names(Some(names(["attempted_at", "attempted_for"])))
                .set_expression_attribute_values(Some(values))
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                )
        })
    }
}

/// Why a message cannot be marked.
fn unmarked(found: Option<&Item>) -> Attempt {
    // DynamoDB returns an empty item for one that does not exist.
    match found {
        Some(item) if !item.is_empty() => Attempt::Busy,
        Some(_) | None => Attempt::Gone,
    }
}
