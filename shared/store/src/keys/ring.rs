//! The key ring: from one secret or one file, reread now and then.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gatehouse_auth::key::{KeyRing, MacKid};
use gatehouse_auth::time::Timestamp;

use crate::dynamodb::connection::Connection;
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

/// The variables do not say where the key ring is, or name two places.
#[derive(Debug, thiserror::Error)]
#[error("set exactly one of KEY_RING_SECRET_ARN and KEY_RING_FILE")]
pub struct KeyRingSourceError;

impl KeyRingSource {
    /// Reads `KEY_RING_SECRET_ARN` or `KEY_RING_FILE`; `connection` opens the secret.
    ///
    /// # Errors
    /// [`KeyRingSourceError`] unless exactly one of them is set.
    pub fn from_variables<'a>(
        variable: impl Fn(&'static str) -> Option<&'a str>,
        connection: &Connection,
    ) -> Result<Self, KeyRingSourceError> {
        match (variable("KEY_RING_SECRET_ARN"), variable("KEY_RING_FILE")) {
            (Some(arn), None) => Ok(Self::Secret {
                arn: arn.to_owned(),
                client: connection.secrets(),
            }),
            (None, Some(path)) => Ok(Self::File(PathBuf::from(path))),
            (None, None) | (Some(_), Some(_)) => Err(KeyRingSourceError),
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConnectionSettings;

    #[test]
    fn the_key_ring_is_in_exactly_one_place() {
        let connection = Connection::open(&ConnectionSettings::for_local_stack("http://localhost"));
        let read = |file: Option<&'static str>, secret: Option<&'static str>| {
            let variable = |name: &str| match name {
                "KEY_RING_FILE" => file,
                "KEY_RING_SECRET_ARN" => secret,
                _ => None,
            };
            KeyRingSource::from_variables(variable, &connection)
        };
        let file = read(Some("ring.json"), None).unwrap();
        assert!(matches!(file, KeyRingSource::File(path) if path.to_str() == Some("ring.json")));
        let secret = read(None, Some("arn:x")).unwrap();
        assert!(matches!(secret, KeyRingSource::Secret { arn, .. } if arn == "arn:x"));
        for (file, secret) in [(None, None), (Some("ring.json"), Some("arn:x"))] {
            assert_eq!(
                read(file, secret).unwrap_err().to_string(),
                "set exactly one of KEY_RING_SECRET_ARN and KEY_RING_FILE"
            );
        }
    }
}
