//! The cached published keys, ready for verification.

use gatehouse_auth::key::{KeyCache, KeySource, PublishedKeys, VerifyingKeys};
use gatehouse_auth::time::Timestamp;

use crate::keys::error::KeyStoreError;
use crate::keys::published::SigningKeys;

/// The published keys, for functions that verify tokens or publish the keys.
pub type CachedVerifyingKeys = KeyCache<SigningKeys>;

/// The published keys, ready for verification.
#[derive(Debug)]
pub struct PreparedKeys {
    published: PublishedKeys,
    verifying: VerifyingKeys,
}

impl PreparedKeys {
    /// Returns the keys in the form in which they are published.
    #[must_use]
    pub fn published(&self) -> &PublishedKeys {
        &self.published
    }

    /// Returns the keys in the form in which they verify tokens.
    #[must_use]
    pub fn verifying(&self) -> &VerifyingKeys {
        &self.verifying
    }
}

impl AsRef<VerifyingKeys> for PreparedKeys {
    fn as_ref(&self) -> &VerifyingKeys {
        &self.verifying
    }
}

impl KeySource for SigningKeys {
    type Keys = PreparedKeys;
    type Error = KeyStoreError;

    async fn fetch(&self, now: Timestamp) -> Result<PreparedKeys, KeyStoreError> {
        let published = self.published().await?.ok_or(KeyStoreError::NotReady)?;
        let verifying = published.verifying(now);
        Ok(PreparedKeys {
            published,
            verifying,
        })
    }
}
