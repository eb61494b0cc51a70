//! How many mails that strangers caused went to an address, as leaky buckets: one for
//! requests from anywhere, and one for those from networks that the account is known from,
//! so that strangers cannot use up the mails of an owner.

use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::guessing::{Counter, Lane};
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::mail::{Origin, recipient_digest};
use gatehouse_auth::time::Timestamp;

use super::{NewAttempt, Outbox};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, pk_sk};
use crate::login_attempts::Lifetime;

impl NewAttempt<'_> {
    /// Returns the key of the bucket that the mail is counted in. One that no stranger can
    /// cause is not counted.
    pub(super) fn counter(&self) -> Option<Item> {
        let (address, origin) = self.recipient?;
        let bucket = match origin {
            Origin::Anyone => ANYWHERE,
            Origin::KnownNetwork => KNOWN,
            Origin::Session | Origin::Operator => return None,
        };
        Some(pk_sk(
            &ItemKey::recipient(&recipient_digest(address)),
            bucket,
        ))
    }
}

impl Outbox {
    /// Builds the part of a transaction that counts a mail in a bucket: of its recipient, or of
    /// whoever typed the address; `None` if the bucket
    /// is full.
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
    let keys = digests.iter().flat_map(|digest| {
        let recipient = ItemKey::recipient(digest);
        [ANYWHERE, KNOWN].map(|bucket| pk_sk(&recipient, bucket))
    });
    keys.collect()
}

/// What errors call a counter: its key has the digest of an address.
pub(super) const SHOWN: &str = "of a recipient";

const ANYWHERE: &str = "anywhere";
const KNOWN: &str = "known";
