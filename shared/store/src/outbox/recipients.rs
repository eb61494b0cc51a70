//! How many mails that strangers caused went to an address, as leaky buckets: one for
//! requests from anywhere, and one for those from networks that the account is known from,
//! so that strangers cannot use up the mails of an owner.

use gatehouse_auth::guessing::{Counter, Lane};
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::mail::{Origin, address_digest};
use gatehouse_auth::time::Timestamp;

use super::Outbox;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, pk_sk};
use crate::login_attempts::Lifetime;

impl Outbox {
    /// Counts a mail to a canonical address; returns false if it has had enough of them. One
    /// that no stranger can cause is not counted.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or the item is corrupt.
    pub async fn count_recipient(
        &self,
        address: &str,
        origin: Origin,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let bucket = match origin {
            Origin::Anyone => ANYWHERE,
            Origin::KnownNetwork => KNOWN,
            Origin::Session | Origin::Operator => return Ok(true),
        };
        let key = pk_sk(&ItemKey::recipient(&address_digest(address)), bucket);
        let lane = (&Lane::RECIPIENT, Lifetime::DayAfterDraining);
        let mut seen = Counter::default();
        let item = (key, "of a recipient");
        self.table.enter(item, lane, &mut seen, now).await
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

const ANYWHERE: &str = "anywhere";
const KNOWN: &str = "known";
