//! What the outbox has about one person, for an export.

use gatehouse_auth::code::CodeKind;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::mail::{CodeSlots, Message, MessageKind};
use serde_json::Value;

use super::{Outbox, recipients};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, names, text, values};

/// Everything that the outbox has about a person.
#[derive(Debug, Default)]
pub struct OutboxContents {
    /// The messages that are not mailed yet.
    pub messages: Vec<Message>,
    /// The mailed codes, by their kinds.
    pub codes: Vec<(CodeKind, CodeSlots)>,
    /// How many mails went to the address, which hold only numbers and times.
    pub counters: Vec<Value>,
}

impl Outbox {
    /// Reads what is stored about a subject, and about the address with this digest if there
    /// is one, consistently.
    ///
    /// It leaves out whatever verifies an address, and how many addresses the subject typed:
    /// both show whether another account has verified the address, to anyone who types it.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or an item is corrupt.
    pub async fn of_user(
        &self,
        sub: &SubjectId,
        address: Option<&str>,
    ) -> Result<OutboxContents, StoreError> {
        let (messages, codes) = (ItemKey::messages(sub), ItemKey::codes(sub));
        let (messages, codes) = tokio::try_join!(self.items(&messages), self.items(&codes))?;
        let messages = messages.into_iter().map(|item| self.decode(sub, item));
        let messages = messages.filter(|message| {
            let kind = message.as_ref().map(|message| message.kind);
            !kind.is_ok_and(|kind| kind == MessageKind::EmailVerification)
        });
        let codes = codes.into_iter().filter_map(|item| {
            let kind = item.get("sk").and_then(|kind| kind.as_s().ok());
            let mut kinds = [CodeKind::Recovery, CodeKind::Cancellation].into_iter();
            let kind = kinds.find(|one| Some(one.as_str()) == kind.map(String::as_str))?;
            Some(self.decode_codes(item).map(|codes| (kind, codes)))
        });
        let mut counters = Vec::new();
        if let Some(key) = address.map(ItemKey::recipient) {
            for item in self.items(&key).await? {
                counters.push(self.table.decode(recipients::SHOWN, item)?);
            }
        }
        Ok(OutboxContents {
            messages: messages.collect::<Result<_, _>>()?,
            codes: codes.collect::<Result<_, _>>()?,
            counters,
        })
    }

    /// Reads all items with this `pk`.
    async fn items(&self, key: &ItemKey) -> Result<Vec<Item>, StoreError> {
        let (mut items, mut start) = (Vec::new(), None);
        loop {
            let page = self.table.query(start, |query| {
                query
                    .consistent_read(true)
                    .key_condition_expression("#pk = :pk")
                    .set_expression_attribute_names(Some(names(["pk"])))
                    .set_expression_attribute_values(Some(values([("pk", text(key.as_str()))])))
            });
            let page = page.await?;
            items.extend(page.items);
            start = page.next;
            if start.is_none() {
                return Ok(items);
            }
        }
    }
}
