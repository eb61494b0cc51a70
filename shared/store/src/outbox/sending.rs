//! Whether mail can be sent at all: the last failure that concerns the whole account, which
//! every instance of the mailer respects.

use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Outbox;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, encode, moment, pk_sk};

/// A time during which nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
        let mut item = encode("PutItem", pause)?;
        item.extend(key());
        item.insert("expires_at".to_owned(), moment(pause.until));
        self.table.put(item, |put| put).await.map(drop)
    }

    /// Ends the pause.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn resume_sending(&self) -> Result<(), StoreError> {
        self.table.delete(key(), |delete| delete).await.map(drop)
    }
}

fn key() -> Item {
    pk_sk(&ItemKey::sending(), "state")
}
