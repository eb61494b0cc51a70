//! The cached key ring, from a secret or a file.

use std::path::PathBuf;

use gatehouse_auth::key::{KeyCache, KeyRing, KeySource};
use gatehouse_auth::time::Timestamp;

use crate::dynamodb::connection::Connection;
use crate::dynamodb::error::StoreError;
use crate::keys::error::KeyStoreError;

/// The key ring, for functions that issue tokens.
pub type CachedKeyRing = KeyCache<KeyRingSource>;

/// Where the key ring is stored.
#[derive(Debug, Clone)]
pub enum KeyRingSource {
    /// A file of mode 0600, for the local stack.
    File(PathBuf),
    /// A secret in Secrets Manager.
    Secret {
        /// The secret's ARN.
        arn: String,
        /// The client that reads it.
        client: aws_sdk_secretsmanager::Client,
    },
}

/// The variables name no place for the key ring, or two.
#[derive(Debug, thiserror::Error)]
#[error("set exactly one of KEY_RING_SECRET_ARN and KEY_RING_FILE")]
pub struct KeyRingSourceError;

impl KeyRingSource {
    /// Reads `KEY_RING_SECRET_ARN` or `KEY_RING_FILE`. `connection` opens the secret.
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
}

impl KeySource for KeyRingSource {
    type Keys = KeyRing;
    type Error = KeyStoreError;

    /// Reads the ring, if it has an active signing key and an active MAC key.
    async fn fetch(&self, _: Timestamp) -> Result<KeyRing, KeyStoreError> {
        let ring = match self {
            Self::File(path) => {
                let json = std::fs::read_to_string(path).map_err(KeyStoreError::File)?;
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
        let ring = ring.map_err(KeyStoreError::Ring)?;
        if ring.active().is_some() && ring.active_mac().is_some() {
            Ok(ring)
        } else {
            Err(KeyStoreError::NotReady)
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
