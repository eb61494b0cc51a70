//! Keys that are fetched from elsewhere: how old they may be, and how often they
//! are fetched.
//!
//! One fetch runs at a time. Callers that have usable keys continue with them in
//! the meantime; only callers without keys, or with an unknown key id, wait. Without
//! keys, each caller tries: there is nothing to continue with.

use std::error::Error;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::key::kid::Kid;
use crate::key::mac::MacKid;
use crate::key::ring::KeyRing;
use crate::key::verifying::VerifyingKeys;
use crate::time::Timestamp;

/// Where keys come from: a table, a secret, a file, an issuer's URL.
pub trait KeySource: Send + Sync {
    /// What a fetch returns.
    type Keys: Send + Sync;
    /// Why a fetch failed, or was held back.
    type Error: Error + From<HeldBack> + Send + 'static;

    /// Fetches the keys. The cache decides how often.
    fn fetch(&self, now: Timestamp)
    -> impl Future<Output = Result<Self::Keys, Self::Error>> + Send;
}

/// The keys were not fetched because the last attempt is too recent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the last attempt to fetch the keys is too recent")]
pub struct HeldBack;

/// The outcome of a search for one key.
#[derive(Debug)]
pub enum Lookup<K> {
    /// These keys contain it.
    Found(Arc<K>),
    /// The keys have just been fetched and do not contain it.
    Absent,
    /// The keys were fetched a moment ago, do not contain it, and were not
    /// fetched again.
    HeldBack,
}

/// The keys of one source.
#[derive(Debug)]
pub struct KeyCache<S: KeySource> {
    source: S,
    max_age: Duration,
    cached: RwLock<Option<Cached<S::Keys>>>,
    /// The last attempt. Whoever fetches holds this lock.
    last: Mutex<Option<Attempt>>,
}

#[derive(Debug)]
struct Cached<K> {
    keys: Arc<K>,
    fetched_at: Timestamp,
}

#[derive(Debug, Clone, Copy)]
struct Attempt {
    at: Timestamp,
    succeeded: bool,
}

enum FetchFailure<E> {
    HeldBack,
    Failed(E),
}

impl<E: From<HeldBack>> FetchFailure<E> {
    fn into_error(self) -> E {
        match self {
            Self::HeldBack => HeldBack.into(),
            Self::Failed(error) => error,
        }
    }
}

impl<S: KeySource> KeyCache<S> {
    /// Creates a cache that refetches keys older than `max_age`. Nothing is
    /// fetched yet.
    #[must_use]
    pub fn new(source: S, max_age: Duration) -> Self {
        Self {
            source,
            max_age,
            cached: RwLock::new(None),
            last: Mutex::new(None),
        }
    }

    /// Returns the keys, fetched again if they are too old. If that fails, or
    /// another caller is doing it, returns the keys there are, up to an hour old.
    ///
    /// # Errors
    /// The source's error if there are no usable keys.
    pub async fn current(&self, now: Timestamp) -> Result<Arc<S::Keys>, S::Error> {
        Ok(self.obtain(now).await?.0)
    }

    /// Searches for keys that satisfy `has`, and fetches once if the cached keys
    /// do not.
    ///
    /// # Errors
    /// The source's error if the search failed, and [`HeldBack`] while that
    /// failure holds back the next: a key that could not be looked up is not
    /// absent.
    pub async fn find(
        &self,
        now: Timestamp,
        has: impl Fn(&S::Keys) -> bool,
    ) -> Result<Lookup<S::Keys>, S::Error> {
        let (keys, just_fetched) = self.obtain(now).await?;
        if has(&keys) {
            return Ok(Lookup::Found(keys));
        }
        if just_fetched {
            return Ok(Lookup::Absent);
        }
        let mut last = self.last.lock().await;
        // Another caller may have fetched the key while this one waited.
        let cached = self.cached_within(LONGEST_STALENESS, now);
        if let Some(keys) = cached.filter(|keys| has(keys)) {
            return Ok(Lookup::Found(keys));
        }
        match self.fetch(&mut last, now).await {
            Ok(keys) if has(&keys) => Ok(Lookup::Found(keys)),
            Ok(_) => Ok(Lookup::Absent),
            Err(FetchFailure::HeldBack) if last.is_some_and(|last| last.succeeded) => {
                Ok(Lookup::HeldBack)
            }
            Err(failure) => Err(failure.into_error()),
        }
    }

    /// Returns the keys, and whether this very call fetched them.
    async fn obtain(&self, now: Timestamp) -> Result<(Arc<S::Keys>, bool), S::Error> {
        if let Some(keys) = self.cached_within(self.max_age, now) {
            return Ok((keys, false));
        }
        let stale = self.cached_within(LONGEST_STALENESS, now);
        let mut last = match (self.last.try_lock(), &stale) {
            (Ok(last), _) => last,
            (Err(_), Some(stale)) => return Ok((Arc::clone(stale), false)),
            (Err(_), None) => self.last.lock().await,
        };
        // Another caller may have fetched them while this one waited.
        if let Some(keys) = self.cached_within(self.max_age, now) {
            return Ok((keys, false));
        }
        match (self.fetch(&mut last, now).await, stale) {
            (Ok(keys), _) => Ok((keys, true)),
            (Err(FetchFailure::HeldBack), Some(stale)) => Ok((stale, false)),
            (Err(FetchFailure::Failed(failure)), Some(stale)) => {
                let error: &dyn Error = &failure;
                tracing::warn!(error, "could not fetch the keys; using older ones");
                Ok((stale, false))
            }
            (Err(failure), None) => Err(failure.into_error()),
        }
    }

    /// Fetches, unless there are keys to continue with and the last attempt is too
    /// recent. An attempt that is cut off with its caller does not count.
    async fn fetch(
        &self,
        last: &mut Option<Attempt>,
        now: Timestamp,
    ) -> Result<Arc<S::Keys>, FetchFailure<S::Error>> {
        let has_keys = self.cached_within(LONGEST_STALENESS, now).is_some();
        if has_keys && last.is_some_and(|last| between(last.at, now) < RETRY_AFTER) {
            return Err(FetchFailure::HeldBack);
        }
        let fetched = self.source.fetch(now).await;
        *last = Some(Attempt {
            at: now,
            succeeded: fetched.is_ok(),
        });
        let keys = Arc::new(fetched.map_err(FetchFailure::Failed)?);
        let cached = Cached {
            keys: Arc::clone(&keys),
            fetched_at: now,
        };
        *self.cached.write().unwrap_or_else(PoisonError::into_inner) = Some(cached);
        Ok(keys)
    }

    /// Returns the keys if they are at most that old. Requests that run side by
    /// side may have a `now` slightly before the fetch; one long before it means
    /// that the clock has stepped back and the age is unknown.
    fn cached_within(&self, age: Duration, now: Timestamp) -> Option<Arc<S::Keys>> {
        let cached = self.cached.read().unwrap_or_else(PoisonError::into_inner);
        let cached = cached.as_ref()?;
        let is_young = now.since(cached.fetched_at) <= age;
        let is_age_known = cached.fetched_at.since(now) < RETRY_AFTER;
        (is_young && is_age_known).then(|| Arc::clone(&cached.keys))
    }
}

impl<S: KeySource<Keys: AsRef<VerifyingKeys>>> KeyCache<S> {
    /// Returns keys with the one that a token names, or `None` to refuse it. A key
    /// is published hours before it signs, so a key that was missing a moment ago
    /// is invented.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub async fn with_kid(
        &self,
        kid: &Kid,
        now: Timestamp,
    ) -> Result<Option<Arc<S::Keys>>, S::Error> {
        let has = |keys: &S::Keys| keys.as_ref().get(kid).is_some();
        match self.find(now, has).await? {
            Lookup::Found(keys) => Ok(Some(keys)),
            Lookup::Absent | Lookup::HeldBack => Ok(None),
        }
    }
}

impl<S: KeySource<Keys = KeyRing>> KeyCache<S> {
    /// Returns a ring of this version or a later one, or `None` if the source has none.
    /// An older ring must not be used, so nothing holds back the fetch.
    ///
    /// # Errors
    /// The source's error if the ring could not be fetched.
    pub async fn at_least(
        &self,
        version: u64,
        now: Timestamp,
    ) -> Result<Option<Arc<KeyRing>>, S::Error> {
        let suits = |ring: &Arc<KeyRing>| ring.version() >= version;
        let ring = self.current(now).await?;
        if suits(&ring) {
            return Ok(Some(ring));
        }
        let mut last = self.last.lock().await;
        // Another caller may have fetched it while this one waited.
        let cached = self.cached_within(LONGEST_STALENESS, now);
        if let Some(ring) = cached.filter(suits) {
            return Ok(Some(ring));
        }
        *last = None;
        let fetched = self.fetch(&mut last, now).await;
        let ring = fetched.map_err(FetchFailure::into_error)?;
        Ok(Some(ring).filter(suits))
    }

    /// Returns a ring with the MAC key that a stored session names, or `None` if no
    /// such key exists. Clients could name keys without end.
    ///
    /// # Errors
    /// As [`find`](Self::find), and [`HeldBack`] while the key may be newer than the
    /// cached ring.
    pub async fn with_mac(
        &self,
        id: &MacKid,
        now: Timestamp,
    ) -> Result<Option<Arc<KeyRing>>, S::Error> {
        match self.find(now, |ring| ring.mac(id).is_some()).await? {
            Lookup::Found(ring) => Ok(Some(ring)),
            Lookup::Absent => Ok(None),
            Lookup::HeldBack => Err(HeldBack.into()),
        }
    }
}

/// Returns the time between two moments, whichever comes first.
fn between(one: Timestamp, other: Timestamp) -> Duration {
    one.since(other).max(other.since(one))
}

/// How long keys are used if fetching them fails. Longer lets a removed key live
/// on in this process; shorter makes an outage of the source ours sooner.
pub const LONGEST_STALENESS: Duration = Duration::from_hours(1);
/// Pause between two attempts. Less lets forged key ids, which anyone can send,
/// become requests to the source.
const RETRY_AFTER: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
