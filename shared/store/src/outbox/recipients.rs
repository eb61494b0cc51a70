//! How many mails went to an address, as leaky buckets: strangers, owners who come from a
//! network that the account is known from, and notices cannot use up each other's.

use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::guessing::{Counter, Lane};
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::mail::recipient_digest;
use gatehouse_auth::time::Timestamp;

use super::{NewAttempt, Outbox};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, pk_sk};
use crate::login_attempts::Lifetime;

/// A bucket of an address, by who caused the mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipientBucket {
    /// Anyone.
    Anyone,
    /// Anyone, from a network that the account is known from.
    KnownNetwork,
    /// The user of an account that holds the address and has not verified it.
    Unverified,
}

impl RecipientBucket {
    const ALL: [Self; 3] = [Self::Anyone, Self::KnownNetwork, Self::Unverified];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Anyone => "anywhere",
            Self::KnownNetwork => "known",
            Self::Unverified => "unverified",
        }
    }

    fn key(self, digest: &str) -> Item {
        pk_sk(&ItemKey::recipient(digest), self.as_str())
    }
}

impl NewAttempt<'_> {
    /// Returns the key of the bucket that the mail is counted in.
    pub(super) fn counter(&self) -> Option<Item> {
        let bucket = self.bucket?;
        Some(bucket.key(&recipient_digest(self.address)))
    }
}

impl Outbox {
    /// Builds the part of a transaction that counts a mail in a bucket: of its recipient, or of
    /// whoever typed the address; `None` if the bucket is full.
    pub(super) async fn counter_part(
        &self,
        key: Item,
        lane: &Lane,
        now: Timestamp,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let seen = self.table.get(key.clone()).await?;
        let seen = seen.map(|item| self.table.decode::<Counter>(SHOWN, item));
        let seen = seen.transpose()?.unwrap_or_default();
        let lane = (lane, Lifetime::DayAfterDraining);
        self.table.entrance_part(key, lane, &seen, now)
    }
}

/// Returns the keys of every bucket of the addresses with these digests.
pub(super) fn keys(digests: &[String]) -> Vec<Item> {
    let keys = digests.iter();
    let keys = keys.flat_map(|digest| RecipientBucket::ALL.map(|bucket| bucket.key(digest)));
    keys.collect()
}

/// What errors call a counter: its key has the digest of an address.
pub(super) const SHOWN: &str = "of a recipient";
