//! The table of revocations: `jti#<jti>`, `sid#<sid>`, `sub#<sub>`.
//!
//! An item applies as long as it exists, even after its time: ids are never reused, and
//! the lowest allowed version of a subject never falls.

mod token;

use std::collections::{BTreeSet, HashMap};
use std::iter;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::TransactWriteItem;
use gatehouse_auth::id::{Jti, SessionId, SubjectId};
use gatehouse_auth::item_key::{ItemKey, Prefix};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::version::MAX_VERSION;
use serde::{Deserialize, Serialize};

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, encode, names, number, pk, values};
use crate::dynamodb::table::Table;
use token::TokenKeys;
pub use token::{Revoked, TokenIds};

/// The table of revocations.
#[derive(Debug, Clone)]
pub struct Revocations {
    table: Table,
}

/// A revocation, as its subject may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// What is revoked: `sid#` or `sub#`, and the id.
    pub key: String,
    /// When it was revoked.
    pub revoked_at: Timestamp,
    /// The reason, as a word.
    pub reason: String,
    /// When the item expires.
    pub expires_at: Timestamp,
    /// For a subject, the lowest version that is still allowed.
    pub min_ver: Option<u64>,
}

/// The lowest version of a subject's access tokens that is not revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LowestVersion {
    /// This version and those above it.
    Allowed(u64),
    /// None: the subject was deleted.
    Deleted,
}

/// The longest lifetime of an access token. A revocation must outlive every token that it
/// names, whatever the setting is today: otherwise revoked tokens become valid again.
const TOKEN_CEILING: Duration = Duration::from_hours(1);
/// How far our clocks may differ; with less, a revocation may end before its token.
const CLOCK_TOLERANCE: Duration = Duration::from_mins(1);
/// How long ago the request that issues a token may have started.
const IN_FLIGHT: Duration = Duration::from_mins(5);

#[derive(Serialize, Deserialize)]
struct RevocationItem {
    pk: String,
    revoked_at: Timestamp,
    reason: String,
    expires_at: Timestamp,
    /// The lowest version that is still allowed; only `sub#` items have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_ver: Option<u64>,
}

impl RevocationItem {
    fn new(key: ItemKey, now: Timestamp, reason: &str) -> Self {
        Self {
            pk: key.into(),
            revoked_at: now,
            reason: reason.to_owned(),
            expires_at: now.plus(TOKEN_CEILING + CLOCK_TOLERANCE + IN_FLIGHT),
            min_ver: None,
        }
    }
}

impl Revocations {
    /// Opens the table of that name; nothing connects yet.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        let table = Table::new(client, table);
        Self { table }
    }

    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// Connects during INIT, by reading an item that does not exist.
    ///
    /// A failure is not reported: the first request will report it.
    pub async fn warm_up(&self) {
        let nothing = pk(&ItemKey::empty(Prefix::Token));
        if let Err(error) = self.table.get_each(&[nothing]).await {
            tracing::debug!(%error, "warm-up failed");
        }
    }

    /// Returns what revokes a token, if anything does: one call, consistent and complete.
    ///
    /// # Errors
    /// [`StoreError`] rather than a doubtful "not revoked": an unread key is
    /// [`StoreError::Incomplete`], an invalid item [`StoreError::Corrupt`].
    pub async fn check(
        &self,
        jti: &Jti,
        sid: &SessionId,
        sub: &SubjectId,
        ver: u64,
    ) -> Result<Option<Revoked>, StoreError> {
        let token = TokenIds { jti, sid, sub, ver };
        let [revoked] = self.check_each([token]).await?;
        Ok(revoked)
    }

    /// Returns for each of several tokens what revokes it, in one call for all of them,
    /// consistent and complete.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub async fn check_each<const N: usize>(
        &self,
        tokens: [TokenIds<'_>; N],
    ) -> Result<[Option<Revoked>; N], StoreError> {
        let tokens = tokens.map(TokenKeys::from);
        // DynamoDB refuses a call that names a key twice, as two tokens of one
        // session do.
        let keys: BTreeSet<&ItemKey> = tokens.iter().flat_map(TokenKeys::all).collect();
        let requested: Vec<Item> = keys.iter().map(|key| pk(key)).collect();
        let mut items = HashMap::new();
        for item in self.table.get_each(&requested).await? {
            let key = item.get("pk").and_then(|value| value.as_s().ok());
            let key = key.map_or_else(|| "unreadable".to_owned(), Clone::clone);
            let item: RevocationItem = self.table.decode(&key, item)?;
            if !keys.iter().any(|requested| requested.as_str() == item.pk) {
                return Err(self.table.corrupt(&key, "pk", "it was not requested"));
            }
            items.insert(item.pk.clone(), item);
        }
        let mut revoked = [None; N];
        for (revoked, token) in revoked.iter_mut().zip(&tokens) {
            *revoked = self.revoked(token, &items)?;
        }
        Ok(revoked)
    }

    /// Returns the widest revocation among the items that were read.
    fn revoked(
        &self,
        token: &TokenKeys,
        items: &HashMap<String, RevocationItem>,
    ) -> Result<Option<Revoked>, StoreError> {
        if let Some(item) = items.get(token.sub.as_str()) {
            match self.lowest(item)? {
                LowestVersion::Deleted => return Ok(Some(Revoked::Subject)),
                LowestVersion::Allowed(lowest) if token.ver < lowest => {
                    return Ok(Some(Revoked::Subject));
                }
                LowestVersion::Allowed(_) => {}
            }
        }
        if items.contains_key(token.sid.as_str()) {
            return Ok(Some(Revoked::Session));
        }
        Ok(items
            .contains_key(token.jti.as_str())
            .then_some(Revoked::Token))
    }

    /// Reads the revocations of a user and of these sessions, consistently. Those of single
    /// access tokens are not included: nothing leads from a user to them.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or an item is corrupt.
    pub async fn of_user(
        &self,
        sub: &SubjectId,
        sids: &[SessionId],
    ) -> Result<Vec<Revocation>, StoreError> {
        let keys = sids.iter().map(ItemKey::session_revocation);
        let keys = iter::once(ItemKey::subject_revocation(sub)).chain(keys);
        let keys: Vec<Item> = keys.map(|key| pk(&key)).collect();
        let mut revocations = Vec::new();
        for item in self.table.get_each(&keys).await? {
            let item: RevocationItem = self.table.decode("a person's revocation", item)?;
            revocations.push(Revocation {
                key: item.pk,
                revoked_at: item.revoked_at,
                reason: item.reason,
                expires_at: item.expires_at,
                min_ver: item.min_ver,
            });
        }
        Ok(revocations)
    }

    /// Revokes one access token, if it is not revoked already.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn revoke_jti(
        &self,
        jti: &Jti,
        now: Timestamp,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.put_new(RevocationItem::new(
            ItemKey::token_revocation(jti),
            now,
            reason,
        ))
        .await
    }

    /// Revokes the access tokens of a session whose own item no longer exists.
    pub(crate) async fn revoke_sid(
        &self,
        sid: &SessionId,
        now: Timestamp,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.put_new(RevocationItem::new(
            ItemKey::session_revocation(sid),
            now,
            reason,
        ))
        .await
    }

    /// Builds the part of a transaction that revokes a session's access tokens.
    pub(crate) fn session_part(
        &self,
        sid: &SessionId,
        now: Timestamp,
        reason: &str,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = RevocationItem::new(ItemKey::session_revocation(sid), now, reason);
        self.table
            .put_part(encode("TransactWriteItems", item)?, |put| put)
    }

    /// Builds the part of a transaction that revokes every access token of a subject for
    /// good, even if it did so before.
    pub(crate) fn deletion_part(
        &self,
        sub: &SubjectId,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let key = ItemKey::subject_revocation(sub);
        let mut item = RevocationItem::new(key, now, "user_deleted");
        item.min_ver = Some(MAX_VERSION);
        self.table
            .put_part(encode("TransactWriteItems", item)?, |put| put)
    }

    /// Builds the part of a transaction that revokes a subject's access tokens
    /// below `min_ver`, provided that this is higher than before.
    pub(crate) fn subject_part(
        &self,
        sub: &SubjectId,
        min_ver: u64,
        now: Timestamp,
        reason: &str,
    ) -> Result<TransactWriteItem, StoreError> {
        let mut item = RevocationItem::new(ItemKey::subject_revocation(sub), now, reason);
        item.min_ver = Some(min_ver);
        self.table
            .put_part(encode("TransactWriteItems", item)?, |put| {
                put.condition_expression("attribute_not_exists(pk) OR #min_ver < :min_ver")
                    .set_expression_attribute_names(Some(names(["min_ver"])))
                    .set_expression_attribute_values(Some(values([("min_ver", number(min_ver))])))
            })
    }

    /// Reads the lowest version of a subject's tokens that is not revoked, consistently.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or the item is corrupt.
    pub(crate) async fn lowest_version(
        &self,
        sub: &SubjectId,
    ) -> Result<LowestVersion, StoreError> {
        let key = ItemKey::subject_revocation(sub);
        let Some(item) = self.table.get(pk(&key)).await? else {
            return Ok(LowestVersion::Allowed(0));
        };
        self.lowest(&self.table.decode(key.as_str(), item)?)
    }

    fn lowest(&self, item: &RevocationItem) -> Result<LowestVersion, StoreError> {
        let lowest = item.min_ver;
        let lowest = lowest.ok_or_else(|| self.table.corrupt(&item.pk, "min_ver", "it is missing"));
        // Deletions by earlier releases have the largest number of 64 bits.
        Ok(match lowest? {
            MAX_VERSION.. => LowestVersion::Deleted,
            lowest => LowestVersion::Allowed(lowest),
        })
    }

    async fn put_new(&self, item: RevocationItem) -> Result<(), StoreError> {
        let put = self.table.put(encode("PutItem", item)?, |put| {
            put.condition_expression("attribute_not_exists(pk)")
        });
        // If the condition fails, the revocation exists already.
        put.await.map(drop)
    }
}
