//! What the table of login attempts holds about one person.
//!
//! Its keys are digests of what was typed. From a person's names and addresses
//! they can be made again; addresses that the person never logged in from cannot
//! be known, and their counters end by themselves.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use serde_json::Value;

use crate::dynamodb::batch;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, decode, pk};

/// The table of login attempts, for who shows or forgets a person.
#[derive(Debug, Clone)]
pub struct AttemptsAbout {
    client: Client,
    table: String,
}

/// A person, the digests of their identifiers, and the addresses of their sessions.
#[derive(Debug, Clone)]
pub struct AttemptKeys {
    /// The subject, under which a person's own guesses at their password count.
    pub sub: SubjectId,
    /// Digests of the canonical username and e-mail address.
    pub digests: Vec<String>,
    /// Addresses that the person has logged in from.
    pub addresses: BTreeSet<String>,
}

impl AttemptKeys {
    fn all(&self) -> Vec<Item> {
        let mut keys = BTreeSet::from([ItemKey::user_attempts(&self.sub)]);
        for digest in &self.digests {
            keys.insert(ItemKey::identifier_attempts(digest));
            for address in &self.addresses {
                keys.extend(ItemKey::every_pair_attempts(digest, address));
            }
        }
        keys.iter().map(pk).collect()
    }
}

impl AttemptsAbout {
    /// Names the table.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Reads the counters as they stand; they hold numbers and times alone.
    ///
    /// # Errors
    /// [`StoreError`] as the calls or an item give it.
    pub async fn read(&self, about: &AttemptKeys) -> Result<Vec<Value>, StoreError> {
        let mut found = Vec::new();
        for keys in about.all().chunks(MAX_KEYS) {
            let items = batch::get_keys(&self.client, &self.table, keys.to_vec()).await?;
            for item in items {
                found.push(decode(&self.table, "a person's counter", item)?);
            }
        }
        Ok(found)
    }

    /// Deletes the counters.
    ///
    /// # Errors
    /// [`StoreError`] as the calls give it.
    pub async fn forget(&self, about: &AttemptKeys) -> Result<(), StoreError> {
        batch::delete(&self.client, &self.table, about.all()).await
    }
}

/// DynamoDB reads no more in one call.
const MAX_KEYS: usize = 100;
