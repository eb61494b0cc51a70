//! Values read now and then: how old they may be, and how often they are reread.
//!
//! One rule for the key ring and for the published keys, with `now` passed in.

use std::sync::Arc;
use std::time::Duration;

use gatehouse_auth::failure::Failure;
use gatehouse_auth::key::KeyError;
use gatehouse_auth::time::Timestamp;
use tokio::sync::Mutex;

use crate::dynamodb::error::StoreError;

/// Why there are no keys to answer with.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// No key has been made yet: the first rotation has not run.
    #[error("there are no keys yet")]
    NotReady,
    /// The key may be there, but the last look is too recent for another.
    #[error("the keys were looked up a moment ago")]
    HeldBack,
    /// The table or the secret gave no answer to act upon.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key ring's file cannot be read.
    #[error("the key ring's file cannot be read")]
    File(#[source] std::io::Error),
    /// The key ring is there but does not say what it must.
    #[error("the key ring cannot be used")]
    Ring(#[source] KeyError),
}

impl Failure for KeysError {
    fn is_transient(&self) -> bool {
        match self {
            Self::NotReady | Self::HeldBack => true,
            Self::Store(error) => error.is_transient(),
            Self::File(_) | Self::Ring(_) => false,
        }
    }
}

/// What a search for one key came to.
pub(crate) enum Search<T> {
    /// The value has it.
    Found(Arc<T>),
    /// The value has just been read, and has it not.
    Absent,
    /// The value was read a moment ago, has it not, and was not read again.
    HeldBack,
}

/// A value with its age. Whoever comes while it is being reread waits for that.
#[derive(Debug)]
pub(crate) struct Cached<T> {
    max_age: Duration,
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    held: Option<Held<T>>,
    tried_at: Option<Timestamp>,
}

#[derive(Debug)]
struct Held<T> {
    value: Arc<T>,
    read_at: Timestamp,
}

impl<T> Cached<T> {
    pub(crate) fn new(max_age: Duration) -> Self {
        let state = State {
            held: None,
            tried_at: None,
        };
        Self {
            max_age,
            state: Mutex::new(state),
        }
    }

    /// Returns the value, reread when it is too old and the last try is not too
    /// recent; where that fails, the one there is, within limits.
    pub(crate) async fn current<F: Future<Output = Result<T, KeysError>>>(
        &self,
        now: Timestamp,
        read: impl Fn() -> F,
    ) -> Result<Arc<T>, KeysError> {
        let mut state = self.state.lock().await;
        state.current(self.max_age, now, read).await
    }

    /// Looks for a value with something in it, rereading once where it is not.
    ///
    /// A look that failed is an error, and stays one while it holds back the
    /// next: what could not be looked up is not absent.
    pub(crate) async fn search<F: Future<Output = Result<T, KeysError>>>(
        &self,
        now: Timestamp,
        has: impl Fn(&T) -> bool,
        read: impl Fn() -> F,
    ) -> Result<Search<T>, KeysError> {
        let mut state = self.state.lock().await;
        let tried_before = state.is_held_back(now);
        let mut value = state.current(self.max_age, now, &read).await?;
        if !has(&value) && !state.is_held_back(now) {
            value = state.reread(now, &read).await?;
        }
        if has(&value) {
            Ok(Search::Found(value))
        } else if !state.last_try_succeeded() {
            Err(KeysError::HeldBack)
        } else if tried_before {
            Ok(Search::HeldBack)
        } else {
            Ok(Search::Absent)
        }
    }
}

impl<T> State<T> {
    async fn current<F: Future<Output = Result<T, KeysError>>>(
        &mut self,
        max_age: Duration,
        now: Timestamp,
        read: impl Fn() -> F,
    ) -> Result<Arc<T>, KeysError> {
        if let Some(value) = self.held_within(max_age, now) {
            return Ok(value);
        }
        let failure = if self.is_held_back(now) {
            KeysError::HeldBack
        } else {
            match self.reread(now, read).await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            }
        };
        let Some(value) = self.held_within(LONGEST_STALENESS, now) else {
            return Err(failure);
        };
        if !matches!(failure, KeysError::HeldBack) {
            let error: &dyn std::error::Error = &failure;
            tracing::warn!(error, "keys could not be reread; going on with older ones");
        }
        Ok(value)
    }

    async fn reread<F: Future<Output = Result<T, KeysError>>>(
        &mut self,
        now: Timestamp,
        read: impl Fn() -> F,
    ) -> Result<Arc<T>, KeysError> {
        self.tried_at = Some(now);
        let value = Arc::new(read().await?);
        self.held = Some(Held {
            value: Arc::clone(&value),
            read_at: now,
        });
        Ok(value)
    }

    fn held_within(&self, age: Duration, now: Timestamp) -> Option<Arc<T>> {
        let held = self.held.as_ref()?;
        let passed = since(held.read_at, now)?;
        (passed <= age).then(|| Arc::clone(&held.value))
    }

    fn is_held_back(&self, now: Timestamp) -> bool {
        let passed = self.tried_at.and_then(|tried_at| since(tried_at, now));
        passed.is_some_and(|passed| passed < RETRY_AFTER)
    }

    fn last_try_succeeded(&self) -> bool {
        self.held.as_ref().map(|held| held.read_at) == self.tried_at
    }
}

/// Returns the time since `then`; none if that lies ahead. After the clock has
/// stepped back, what was read by the old one would otherwise stay too long.
fn since(then: Timestamp, now: Timestamp) -> Option<Duration> {
    (then <= now).then(|| now.since(then))
}

/// How long a value serves whose rereading fails. Longer lets a removed key live
/// on in this process; shorter makes an outage of the store ours sooner.
const LONGEST_STALENESS: Duration = Duration::from_hours(1);
/// How long after one try the next may come. Less lets forged key ids, which
/// anybody can send, become reads.
const RETRY_AFTER: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
