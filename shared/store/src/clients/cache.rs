//! The clients that a function has read in the last ten seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gatehouse_auth::client::{Client, ClientId};
use gatehouse_auth::time::Timestamp;

use crate::clients::Clients;
use crate::dynamodb::error::StoreError;

/// How long a client is cached. A higher value lets a revoked client continue for that long.
const MAX_AGE: Duration = Duration::from_secs(10);
/// The maximum number of ids. A higher value lets strangers fill the memory with ids that do
/// not exist.
const MAX_ENTRIES: usize = 256;

/// Clients by id, each cached for ten seconds.
///
/// An id without a client is cached like one with a client: if only one of the two cost a
/// read, the response time would reveal which ids exist.
#[derive(Debug)]
pub struct CachedClients {
    clients: Clients,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries(HashMap<ClientId, Entry>);

#[derive(Debug, Clone)]
struct Entry {
    client: Option<Arc<Client>>,
    read_at: Timestamp,
}

impl CachedClients {
    /// Caches the clients of that table; nothing is read yet.
    #[must_use]
    pub fn new(clients: Clients) -> Self {
        Self {
            clients,
            entries: Mutex::default(),
        }
    }

    /// Returns a client as it was at most ten seconds ago. An older one is never
    /// returned, even if the table cannot be read.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or the item is corrupt.
    pub async fn get(
        &self,
        id: &ClientId,
        now: Timestamp,
    ) -> Result<Option<Arc<Client>>, StoreError> {
        if let Some(entry) = self.entries().fresh(id, now) {
            return Ok(entry.client);
        }
        let client = self.clients.get(id).await?.map(Arc::new);
        let entry = Entry {
            client: client.clone(),
            read_at: now,
        };
        self.entries().insert(id.clone(), entry, now);
        Ok(client)
    }

    // No code panics while it holds the lock.
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn fresh(&self, id: &ClientId, now: Timestamp) -> Option<Entry> {
        let entry = self.0.get(id).filter(|entry| entry.is_fresh(now));
        entry.cloned()
    }

    fn insert(&mut self, id: ClientId, entry: Entry, now: Timestamp) {
        if self.0.len() >= MAX_ENTRIES {
            self.0.retain(|_, entry| entry.is_fresh(now));
        }
        if self.0.len() >= MAX_ENTRIES {
            self.0.clear();
        }
        self.0.insert(id, entry);
    }
}

impl Entry {
    /// False if the clock has stepped back, since the entry could otherwise stay too long.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.read_at <= now && now.since(self.read_at) < MAX_AGE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cannot_fill_the_memory_with_ids() {
        let mut entries = Entries::default();
        for number in 0..1000 {
            let now = Timestamp::from_unix(1_800_000_000 + number / 100);
            let entry = Entry {
                client: None,
                read_at: now,
            };
            let id = ClientId::parse(&format!("stranger-{number}")).unwrap();
            entries.insert(id, entry, now);
            assert!(entries.0.len() <= MAX_ENTRIES);
        }
    }
}
