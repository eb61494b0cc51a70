//! The counters of one user.
//!
//! Their keys are digests of what was typed, and are computed from the user's names and
//! addresses. Addresses that the user has never logged in from are not known; counters of
//! those expire.

use std::collections::BTreeSet;

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use serde_json::Value;

use super::LoginAttempts;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, pk};

/// A user, the digests of their identifiers, and the addresses of their sessions.
#[derive(Debug, Clone)]
pub struct AttemptKeys {
    /// The subject, under which wrong passwords of the logged-in user are counted.
    pub sub: SubjectId,
    /// Digests of the canonical username and e-mail address.
    pub digests: Vec<String>,
    /// Addresses that the user has logged in from.
    pub addresses: BTreeSet<String>,
}

impl AttemptKeys {
    fn all(&self) -> Vec<Item> {
        let mut keys = self.of_names();
        keys.push(pk(&ItemKey::user_attempts(&self.sub)));
        keys
    }

    fn of_names(&self) -> Vec<Item> {
        let mut keys = BTreeSet::new();
        for digest in &self.digests {
            keys.insert(ItemKey::identifier_attempts(digest));
            for address in &self.addresses {
                keys.extend(ItemKey::every_pair_attempts(digest, address));
            }
        }
        keys.iter().map(pk).collect()
    }
}

impl LoginAttempts {
    /// Reads the counters of a user; they hold only numbers and times.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or an item is corrupt.
    pub async fn read(&self, of: &AttemptKeys) -> Result<Vec<Value>, StoreError> {
        let items = self.table.get_each(&of.all()).await?.into_iter();
        items
            .map(|item| self.table.decode("a person's counter", item))
            .collect()
    }

    /// Deletes the counters of a user.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails.
    pub async fn delete(&self, of: &AttemptKeys) -> Result<(), StoreError> {
        self.table.delete_each(&of.all()).await
    }

    /// Deletes the counters of the names only, not that of the logged-in user.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails.
    pub(crate) async fn delete_of_names(&self, of: &AttemptKeys) -> Result<(), StoreError> {
        self.table.delete_each(&of.of_names()).await
    }
}
