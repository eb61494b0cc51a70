//! The published keys, made ready to verify with, reread now and then.

use std::sync::Arc;
use std::time::Duration;

use gatehouse_auth::claims::Claims;
use gatehouse_auth::key::{Kid, PublishedKeys, VerifyingKeys};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::token::{TokenError, Verifier};

use crate::keys::cache::{Cached, KeysError, Search};
use crate::keys::published::SigningKeys;

/// The published keys, for who verifies tokens or shows the keys.
#[derive(Debug)]
pub struct CachedVerifyingKeys {
    table: SigningKeys,
    keys: Cached<Keys>,
}

#[derive(Debug)]
struct Keys {
    published: Arc<PublishedKeys>,
    verifying: Arc<VerifyingKeys>,
}

impl CachedVerifyingKeys {
    /// Names the table; `max_age` is `KEY_CACHE_SECONDS`. Nothing is read yet.
    #[must_use]
    pub fn new(table: SigningKeys, max_age: Duration) -> Self {
        let keys = Cached::new(max_age);
        Self { table, keys }
    }

    /// Returns the keys that tokens are verified with.
    ///
    /// # Errors
    /// [`KeysError::NotReady`] until the first keys are published, or what the
    /// last try failed with once the keys are more than an hour old.
    pub async fn current(&self, now: Timestamp) -> Result<Arc<VerifyingKeys>, KeysError> {
        let keys = self.keys.current(now, || self.read(now)).await?;
        Ok(Arc::clone(&keys.verifying))
    }

    /// Returns the keys as they are shown, under the same rules.
    ///
    /// # Errors
    /// As [`current`](Self::current).
    pub async fn published(&self, now: Timestamp) -> Result<Arc<PublishedKeys>, KeysError> {
        let keys = self.keys.current(now, || self.read(now)).await?;
        Ok(Arc::clone(&keys.published))
    }

    /// Returns keys with the one that a token names, or `None` to refuse it: a
    /// key is published hours before it signs, so one that was missing a moment
    /// ago is made up.
    ///
    /// # Errors
    /// [`KeysError`] when the keys could not be looked up.
    pub async fn after_unknown(
        &self,
        kid: &Kid,
        now: Timestamp,
    ) -> Result<Option<Arc<VerifyingKeys>>, KeysError> {
        let has = |keys: &Keys| keys.verifying.get(kid).is_some();
        let search = self.keys.search(now, has, || self.read(now)).await?;
        match search {
            Search::Found(keys) => Ok(Some(Arc::clone(&keys.verifying))),
            Search::Absent | Search::HeldBack => Ok(None),
        }
    }

    /// Verifies an access token, but for its revocation; an unknown key id
    /// rereads the keys once.
    ///
    /// # Errors
    /// [`KeysError`] when the keys could not be looked up; what is wrong with
    /// the token itself is the inner error.
    pub async fn verify(
        &self,
        verifier: &Verifier,
        token: &str,
        now: Timestamp,
    ) -> Result<Result<Claims, TokenError>, KeysError> {
        let keys = self.current(now).await?;
        match verifier.verify(token, &keys, now) {
            Err(TokenError::UnknownKey(kid)) => Ok(match self.after_unknown(&kid, now).await? {
                Some(keys) => verifier.verify(token, &keys, now),
                None => Err(TokenError::UnknownKey(kid)),
            }),
            verdict => Ok(verdict),
        }
    }

    async fn read(&self, now: Timestamp) -> Result<Keys, KeysError> {
        let published = self.table.published().await?.ok_or(KeysError::NotReady)?;
        let verifying = published.verifying(now);
        Ok(Keys {
            published: Arc::new(published),
            verifying: Arc::new(verifying),
        })
    }
}
