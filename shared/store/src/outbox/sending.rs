//! Whether mail can be sent at all: the last failure that concerns the whole account, which
//! every instance of the mailer respects.

use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;
use serde::Deserialize;

use super::Outbox;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, moment, names, pk_sk, text, values};

/// A time during which nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SendingPause {
    /// Why, as the mailer's log says it.
    pub reason: String,
    /// When to try again.
    pub until: Timestamp,
}

impl Outbox {
    /// Reads the pause that holds now, consistently.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or the item is corrupt.
    pub async fn sending_pause(&self, now: Timestamp) -> Result<Option<SendingPause>, StoreError> {
        let item = self.table.get(key()).await?;
        let pause = item.map(|item| self.table.decode::<SendingPause>("of the pause", item));
        Ok(pause.transpose()?.filter(|pause| now < pause.until))
    }

    /// Begins a pause, or moves its end.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn pause_sending(&self, pause: &SendingPause) -> Result<(), StoreError> {
        let update = self.table.update(key(), |update| {
            update
                .update_expression("SET #reason = :reason, #until = :until, #expires_at = :until")
                .set_expression_attribute_names(Some(names(["reason", "until", "expires_at"])))
                .set_expression_attribute_values(Some(values([
                    ("reason", text(&pause.reason)),
                    ("until", moment(pause.until)),
                ])))
        });
        update.await.map(drop)
    }
}

fn key() -> Item {
    pk_sk(&ItemKey::sending(), "state")
}
