//! What a login reads first: the name's item and the counters of attempts.

use aws_sdk_dynamodb::Client;
use gatehouse_auth::guessing::{Counted, Counter, LoginCounters};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use serde::Deserialize;

use crate::dynamodb::batch;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, decode};
use crate::login_attempts::Guess;

/// The table of users, by names, and the table of login attempts.
#[derive(Debug, Clone)]
pub struct LoginLookup {
    client: Client,
    users: String,
    attempts: String,
}

/// What a login reads first.
#[derive(Debug)]
pub struct LookedUp {
    /// Whose name it is, if anybody's.
    pub sub: Option<SubjectId>,
    /// The counters that may bind the attempt.
    pub counters: LoginCounters,
}

#[derive(Deserialize)]
struct NameItem {
    sub: SubjectId,
}

impl LoginLookup {
    /// Names the tables.
    #[must_use]
    pub fn new(client: Client, users_table: String, attempts_table: String) -> Self {
        Self {
            client,
            users: users_table,
            attempts: attempts_table,
        }
    }

    /// Finds the subject of a name, and the counters of its attempts, in one call.
    ///
    /// `name_key` is the key of the name's item; without one, since nothing can
    /// have such a name, a key that nothing has is read instead, so that the
    /// call is the same.
    ///
    /// # Errors
    /// [`StoreError`] as the call or an item gives it.
    pub async fn find(
        &self,
        name_key: Option<&ItemKey>,
        guess: &Guess<'_>,
    ) -> Result<LookedUp, StoreError> {
        let digest = guess.digest;
        let name_key = name_key.map_or_else(|| ItemKey::unused(digest), ItemKey::clone);
        let counters = COUNTERS.map(|counted| guess.key(counted)).to_vec();
        let keys = [(&*self.users, vec![name_key]), (&*self.attempts, counters)];
        let mut found = batch::get(&self.client, keys).await?;
        let names = found.remove(&self.users).unwrap_or_default();
        let name = names.into_iter().next();
        // Errors reach logs: the name itself may be an e-mail address.
        let shown = format!("name with digest {digest}");
        let name: Option<NameItem> = name
            .map(|item| decode(&self.users, &shown, item))
            .transpose()?;
        let mut looked_up = LookedUp {
            sub: name.map(|name| name.sub),
            counters: LoginCounters::default(),
        };
        for item in found.remove(&self.attempts).unwrap_or_default() {
            self.put(item, guess, &mut looked_up.counters)?;
        }
        Ok(looked_up)
    }

    fn put(
        &self,
        item: Item,
        guess: &Guess<'_>,
        counters: &mut LoginCounters,
    ) -> Result<(), StoreError> {
        let key = item.get("pk").and_then(|pk| pk.as_s().ok().cloned());
        let key = key.unwrap_or_default();
        let counter: Counter = decode(&self.attempts, &key, item)?;
        for counted in COUNTERS {
            if guess.key(counted).as_str() == key {
                match counted {
                    Counted::Identifier => counters.identifier = Some(counter),
                    Counted::Pair => counters.pair = Some(counter),
                    Counted::Address => counters.address = Some(counter),
                }
            }
        }
        Ok(())
    }
}

const COUNTERS: [Counted; 3] = [Counted::Identifier, Counted::Pair, Counted::Address];
