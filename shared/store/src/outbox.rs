//! The outbox: messages until the mailer has handled them, and the codes that mails carry.
//!
//! A message has its subject as `pk`; codes, counters and the account's state have prefixes
//! that no subject begins with. Only messages have an attribute `kind`, by which the
//! stream's filter recognises them.

mod attempt;
mod codes;
mod person;
mod recipients;
mod sending;

pub use attempt::{Attempt, NewAttempt};
pub use person::OutboxContents;
pub use recipients::RecipientBucket;
pub use sending::SendingPause;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::code::CodeKind;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::mail::{Message, MessageKey, MessageKind, Notices};
use gatehouse_auth::random;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, encode, moment, names, pk_sk, text, values};
use crate::dynamodb::table::Table;

/// The table of messages, of the codes that mails carry, and of mails per recipient.
#[derive(Debug, Clone)]
pub struct Outbox {
    table: Table,
    notices: Notices,
}

/// How long an item stays after its message's end. A shorter time lets DynamoDB delete a
/// message whose key still waits in the queue, and then nobody counts that it was not sent.
const KEPT_AFTER_END: Duration = Duration::from_hours(14 * 24);

impl Outbox {
    /// Opens the table of that name; nothing connects yet. Notices that are not among
    /// `notices` are not written.
    #[must_use]
    pub fn new(client: Client, table: String, notices: Notices) -> Self {
        let table = Table::new(client, table);
        Self { table, notices }
    }

    /// True if a message of this kind is to be written.
    #[must_use]
    pub fn wants(&self, kind: MessageKind) -> bool {
        self.notices.wants(kind)
    }

    /// Writes a message by itself, and returns its key. What belongs to a change is written
    /// with the change instead.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn put(&self, message: &Message) -> Result<MessageKey, StoreError> {
        let key = new_key("PutItem", message)?;
        let item = item("PutItem", &key, message)?;
        self.table.put(item, |put| put).await?;
        Ok(key)
    }

    /// Builds the part of a transaction that writes a message. It has no condition.
    pub(crate) fn message_part(&self, message: &Message) -> Result<TransactWriteItem, StoreError> {
        let operation = "TransactWriteItems";
        let key = new_key(operation, message)?;
        let item = item(operation, &key, message)?;
        self.table.put_part(item, |put| put)
    }

    /// Reads a message, consistently; `None` if it was handled, or deleted with its user.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or the item is corrupt.
    pub async fn message(&self, key: &MessageKey) -> Result<Option<Message>, StoreError> {
        let item = self.table.get(item_key(key)).await?;
        item.map(|item| self.decode(key.sub(), item)).transpose()
    }

    /// Reads a message from its item, whose `pk` is the subject.
    fn decode(&self, sub: &SubjectId, mut item: Item) -> Result<Message, StoreError> {
        item.insert("sub".to_owned(), text(sub.as_str()));
        self.table.decode("of a message", item)
    }

    /// Deletes a message that is handled; one that does not exist is no error.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn delete(&self, key: &MessageKey) -> Result<(), StoreError> {
        let delete = self.table.delete(item_key(key), |delete| delete);
        delete.await.map(drop)
    }

    /// Deletes the codes of a subject and every message that waits for it, except the notice
    /// that the account was deleted; and how many mails went to the addresses with these
    /// digests. Returns the number of messages.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails; the same call again deletes the rest.
    pub async fn delete_all(
        &self,
        sub: &SubjectId,
        addresses: &[String],
    ) -> Result<usize, StoreError> {
        let mut deleted = 0;
        let mut start = None;
        loop {
            let page = self.table.query(start, |query| {
                query
                    .consistent_read(true)
                    .key_condition_expression("#pk = :sub")
                    .filter_expression("#kind <> :last")
                    .projection_expression("#pk, #sk")
                    .set_expression_attribute_names(Some(names(["pk", "sk", "kind"])))
                    .set_expression_attribute_values(Some(values([
                        ("sub", text(ItemKey::messages(sub))),
                        ("last", text(MessageKind::AccountDeleted.as_str())),
                    ])))
            });
            let page = page.await?;
            self.table.delete_each(&page.items).await?;
            deleted += page.items.len();
            start = page.next;
            if start.is_none() {
                break;
            }
        }
        // After the messages: without its message, no attempt writes a code or counts a mail.
        self.delete_codes(sub).await?;
        let counters = recipients::keys(addresses);
        self.table.delete_each(&counters).await?;
        Ok(deleted)
    }

    /// Deletes the codes of a subject, and how many addresses it typed.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails; the same call again deletes the rest.
    pub(crate) async fn delete_codes(&self, sub: &SubjectId) -> Result<(), StoreError> {
        let key = ItemKey::codes(sub);
        let keys = CodeKind::ALL.map(|kind| pk_sk(&key, kind.as_str()));
        let keys: Vec<Item> = keys
            .into_iter()
            .chain([codes::addresses_key(sub)])
            .collect();
        self.table.delete_each(&keys).await
    }
}

fn new_key(operation: &'static str, message: &Message) -> Result<MessageKey, StoreError> {
    let random = random::bytes().map_err(|error| StoreError::rejected(operation, error))?;
    Ok(message.key(random))
}

fn item_key(key: &MessageKey) -> Item {
    pk_sk(&ItemKey::messages(key.sub()), key.sk())
}

/// Builds the item of a message. The subject is its `pk`.
fn item(operation: &'static str, key: &MessageKey, message: &Message) -> Result<Item, StoreError> {
    let mut item = encode(operation, message)?;
    item.remove("sub");
    item.extend(item_key(key));
    let end = message.ends_at.plus(KEPT_AFTER_END);
    item.insert("expires_at".to_owned(), moment(end));
    Ok(item)
}
