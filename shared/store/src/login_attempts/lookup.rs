//! What a login reads first: the item of the name and the counters of attempts.

use gatehouse_auth::guessing::{Counted, Counter, LoginCounters};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;

use super::{Guess, LoginAttempts};
use crate::dynamodb::batch;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, pk};
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
    /// Finds the subject of a name, and the counters of its attempts, in one call.
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
        let [names, items] = batch::get(self.table.client(), keys).await?;
        // Errors reach logs, and the name itself may be an e-mail address.
        let shown = format!("name with digest {digest}");
        let name = names.into_iter().next();
        let sub = name
            .map(|item| users.subject_in(&shown, item))
            .transpose()?
            .flatten();
        let mut counters = LoginCounters::default();
        self.put(items, guess, &mut counters)?;
        Ok(LoginLookup { sub, counters })
    }

    /// Reads the identifier's counter and the pair's again. Other attempts may have left
    /// them; the address's is only ever entered.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails or an item is corrupt.
    pub async fn look_again(
        &self,
        guess: &Guess<'_>,
        counters: &mut LoginCounters,
    ) -> Result<(), StoreError> {
        let keys = [Counted::Identifier, Counted::Pair].map(|counted| pk(&guess.key(counted)));
        let items = self.table.get_each(&keys).await?;
        counters.identifier = Counter::default();
        counters.pair = Counter::default();
        self.put(items, guess, counters)
    }

    fn put(
        &self,
        items: Vec<Item>,
        guess: &Guess<'_>,
        counters: &mut LoginCounters,
    ) -> Result<(), StoreError> {
        for item in items {
            let key = item.get("pk").and_then(|pk| pk.as_s().ok().cloned());
            let key = key.unwrap_or_default();
            let counter: Counter = self.table.decode(&key, item)?;
            for counted in COUNTERS {
                if guess.key(counted).as_str() == key {
                    match counted {
                        Counted::Identifier => counters.identifier = counter.clone(),
                        Counted::Pair => counters.pair = counter.clone(),
                        Counted::Address => counters.address = counter.clone(),
                    }
                }
            }
        }
        Ok(())
    }
}
