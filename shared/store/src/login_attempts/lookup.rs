//! What a login reads first: the item of the name and the counters of failed logins.

use gatehouse_auth::guessing::{Counted, Counter, LoginCounters};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;

use super::{Guess, LoginAttempts};
use crate::dynamodb::batch;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::Item;
use crate::users::Users;

const COUNTERS: [Counted; 3] = [Counted::Identifier, Counted::Pair, Counted::Address];

/// What a login reads first.
#[derive(Debug)]
pub struct LoginLookup {
    /// The user who has the name, if there is one.
    pub sub: Option<SubjectId>,
    /// The counters that may refuse the attempt.
    pub counters: LoginCounters,
}

impl LoginAttempts {
    /// Finds the subject of a name, and the counters of its failed logins, in one call.
    ///
    /// `name_key` is the key of the name's item. Without one, since the identifier cannot
    /// be a name, it reads a key that no item has, so that the call is the same.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or an item is corrupt.
    pub async fn look_up(
        &self,
        users: &Users,
        name_key: Option<&ItemKey>,
        guess: &Guess<'_>,
    ) -> Result<LoginLookup, StoreError> {
        let digest = guess.digest;
        let name_key = name_key.map_or_else(|| ItemKey::unused(digest), ItemKey::clone);
        let counters = COUNTERS.map(|counted| guess.key(counted)).to_vec();
        let keys = [(users.table(), vec![name_key]), (&self.table, counters)];
        let [names, counters] = batch::get(self.table.client(), keys).await?;
        // Errors reach logs, and the name itself may be an e-mail address.
        let shown = format!("name with digest {digest}");
        let name = names.into_iter().next();
        let sub = name
            .map(|item| users.subject_in(&shown, item))
            .transpose()?;
        let mut looked_up = LoginLookup {
            sub,
            counters: LoginCounters::default(),
        };
        for item in counters {
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
        let counter: Counter = self.table.decode(&key, item)?;
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
