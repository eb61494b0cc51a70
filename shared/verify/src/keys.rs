//! The issuer's keys: how old they may be, and how often they are fetched.
//!
//! One fetch at a time. Whoever has keys to go on with does not wait for it.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use gatehouse_auth::key::{Kid, VerifyingKeys};
use gatehouse_auth::time::Timestamp;
use tokio::sync::Mutex;

use crate::error::KeysError;
use crate::fetch::JwkSetClient;

/// The keys of one issuer.
#[derive(Debug)]
pub(crate) struct RemoteKeys {
    client: JwkSetClient,
    max_age: Duration,
    held: RwLock<Option<Held>>,
    /// The last fetch. Whoever fetches holds the lock for as long.
    last: Mutex<Option<Attempt>>,
}

#[derive(Debug)]
struct Held {
    keys: Arc<VerifyingKeys>,
    fetched_at: Timestamp,
}

#[derive(Debug, Clone, Copy)]
struct Attempt {
    at: Timestamp,
    succeeded: bool,
}

impl RemoteKeys {
    /// Fetches nothing yet.
    pub(crate) fn new(client: JwkSetClient, max_age: Duration) -> Self {
        Self {
            client,
            max_age,
            held: RwLock::new(None),
            last: Mutex::new(None),
        }
    }

    /// Returns the keys, fetched anew when they are too old; where that fails or
    /// somebody else is at it, the ones there are, up to an hour.
    pub(crate) async fn current(&self, now: Timestamp) -> Result<Arc<VerifyingKeys>, KeysError> {
        if let Some(keys) = self.held_within(self.max_age, now) {
            return Ok(keys);
        }
        let stale = self.held_within(LONGEST_STALENESS, now);
        let mut last = match (self.last.try_lock(), &stale) {
            (Ok(last), _) => last,
            (Err(_), Some(stale)) => return Ok(Arc::clone(stale)),
            (Err(_), None) => self.last.lock().await,
        };
        // Fetched by somebody else, perhaps, while this one waited.
        if let Some(keys) = self.held_within(self.max_age, now) {
            return Ok(keys);
        }
        let failure = match self.fetch(&mut last, now).await {
            Ok(keys) => return Ok(keys),
            Err(failure) => failure,
        };
        let Some(stale) = stale else {
            return Err(failure);
        };
        if !matches!(failure, KeysError::HeldBack) {
            let error: &dyn std::error::Error = &failure;
            tracing::warn!(error, "keys could not be fetched; going on with older ones");
        }
        Ok(stale)
    }

    /// Returns keys with the one that a token names, or `None` to refuse it: a
    /// key is published hours before it signs, so one that was missing a moment
    /// ago is made up. What could not be looked up is not absent, but an error.
    pub(crate) async fn after_unknown(
        &self,
        kid: &Kid,
        now: Timestamp,
    ) -> Result<Option<Arc<VerifyingKeys>>, KeysError> {
        let mut last = self.last.lock().await;
        let has = |keys: &Arc<VerifyingKeys>| keys.get(kid).is_some();
        if let Some(keys) = self.held_within(LONGEST_STALENESS, now).filter(has) {
            return Ok(Some(keys));
        }
        match self.fetch(&mut last, now).await {
            Ok(keys) => Ok(Some(keys).filter(has)),
            Err(KeysError::HeldBack) if last.is_some_and(|last| last.succeeded) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Fetches, unless the last try is too recent. The try is written down
    /// before it is made, so that one whose caller goes away counts too.
    async fn fetch(
        &self,
        last: &mut Option<Attempt>,
        now: Timestamp,
    ) -> Result<Arc<VerifyingKeys>, KeysError> {
        if last.is_some_and(|last| apart(last.at, now) < RETRY_AFTER) {
            return Err(KeysError::HeldBack);
        }
        let mut attempt = Attempt {
            at: now,
            succeeded: false,
        };
        *last = Some(attempt);
        let keys = self.client.fetch().await.map_err(KeysError::Fetch)?;
        let keys = Arc::new(VerifyingKeys::from_jwks(keys));
        let held = Held {
            keys: Arc::clone(&keys),
            fetched_at: now,
        };
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
        attempt.succeeded = true;
        *last = Some(attempt);
        Ok(keys)
    }

    /// Returns the keys if they are of at most that age. Requests that run side
    /// by side may have a `now` a little before the fetch; much before it means
    /// that the clock has stepped back, and the age is not known.
    fn held_within(&self, age: Duration, now: Timestamp) -> Option<Arc<VerifyingKeys>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let held = held.as_ref()?;
        let young = now.since(held.fetched_at) <= age;
        let known = held.fetched_at.since(now) < RETRY_AFTER;
        (young && known).then(|| Arc::clone(&held.keys))
    }
}

/// Returns the time between two moments, whichever is first.
fn apart(one: Timestamp, other: Timestamp) -> Duration {
    one.since(other).max(other.since(one))
}

/// How long keys serve whose fetching fails. Longer lets a removed key live on
/// in this process; shorter makes an outage of the issuer ours sooner.
pub(crate) const LONGEST_STALENESS: Duration = Duration::from_hours(1);
/// How long after one try the next may come. Less lets forged key ids, which
/// anybody can send, become requests to the issuer.
const RETRY_AFTER: Duration = Duration::from_secs(10);
