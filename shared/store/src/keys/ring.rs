//! The key ring: from one secret or one file, reread now and then.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gatehouse_auth::key::{KeyRing, MacKid};
use gatehouse_auth::time::Timestamp;

use crate::dynamodb::error::StoreError;
use crate::keys::cache::{Cached, KeysError, Search};

/// Where the key ring is.
#[derive(Debug, Clone)]
pub enum KeyRingSource {
    /// A file of mode 0600, for the local stack.
    File(PathBuf),
    /// A secret of Secrets Manager.
    Secret {
        /// The secret's ARN.
        arn: String,
        /// The client that reads it.
        client: aws_sdk_secretsmanager::Client,
    },
}

impl KeyRingSource {
    /// Reads the ring; one that cannot issue anything yet is not ready.
    async fn read(&self) -> Result<KeyRing, KeysError> {
        let ring = match self {
            Self::File(path) => {
                let json = std::fs::read_to_string(path).map_err(KeysError::File)?;
                KeyRing::parse(&json)
            }
            Self::Secret { arn, client } => {
                let secret = client
                    .get_secret_value()
                    .secret_id(arn)
                    .send()
                    .await
                    .map_err(|error| StoreError::from_sdk("GetSecretValue", error))?;
                KeyRing::parse(secret.secret_string().unwrap_or_default())
            }
        };
        let ring = ring.map_err(KeysError::Ring)?;
        if ring.active().is_some() && ring.active_mac().is_some() {
            Ok(ring)
        } else {
            Err(KeysError::NotReady)
        }
    }
}

/// The key ring, for who issues tokens.
#[derive(Debug)]
pub struct CachedKeyRing {
    source: KeyRingSource,
    ring: Cached<KeyRing>,
}

impl CachedKeyRing {
    /// Names the source; `max_age` is `KEY_CACHE_SECONDS`. Nothing is read yet.
    #[must_use]
    pub fn new(source: KeyRingSource, max_age: Duration) -> Self {
        let ring = Cached::new(max_age);
        Self { source, ring }
    }

    /// Returns the ring: it has an active signing key and an active MAC key.
    ///
    /// # Errors
    /// [`KeysError::NotReady`] until the first keys are made, or what the last
    /// try failed with once the ring is more than an hour old.
    pub async fn current(&self, now: Timestamp) -> Result<Arc<KeyRing>, KeysError> {
        self.ring.current(now, || self.source.read()).await
    }

    /// Returns a ring that has the MAC key, or `None` if no such key exists.
    ///
    /// # Errors
    /// [`KeysError::HeldBack`] while the key may be newer than the ring: that is
    /// never a refusal of the token.
    pub async fn with_mac(
        &self,
        id: &MacKid,
        now: Timestamp,
    ) -> Result<Option<Arc<KeyRing>>, KeysError> {
        let has = |ring: &KeyRing| ring.mac(id).is_some();
        let search = self.ring.search(now, has, || self.source.read()).await?;
        match search {
            Search::Found(ring) => Ok(Some(ring)),
            Search::Absent => Ok(None),
            Search::HeldBack => Err(KeysError::HeldBack),
        }
    }
}
