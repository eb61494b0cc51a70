//! The states of the keys, and their rotation. No key leaves this module.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gatehouse_auth::key::{Algorithm, KeyRing, PublishedKeys, RotationRules};
use gatehouse_auth::random;
use gatehouse_auth::time::Timestamp;
use gatehouse_store::{Connection, KeyRingSource, KeyRingVersions, KeyRotation, SigningKeys};
use serde_json::{Value, json};

use super::{ConsoleError, ConsoleParts};
use crate::lambda::{Function, Invocation};

/// The key ring and the published keys of one stack.
#[derive(Debug)]
pub(super) struct Keys {
    /// A rotation that does not wait until verifiers know the next key.
    rotation: KeyRotation,
    /// The function that rotates them on a schedule, if the template has one.
    function: Option<Arc<Function>>,
    /// How long a key is published before that function promotes it.
    min_pending: Option<u64>,
}

/// The function that rotates the keys.
const FUNCTION: &str = "rotate-keys";

/// Secrets Manager's four steps.
const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

impl Keys {
    pub(super) fn new(connection: &Connection, parts: &ConsoleParts<'_>) -> Option<Self> {
        let table = parts.tables.name("SigningKeysTable")?.to_owned();
        let environment = parts.environments.get(FUNCTION);
        let setting = |name: &str| environment.and_then(|environment| environment.get(name));
        let algorithm = setting("SIGNING_ALGORITHM").and_then(|name| name.parse().ok());
        let source = KeyRingSource::File(parts.key_ring.to_owned());
        let rules = RotationRules {
            algorithm: algorithm.unwrap_or(Algorithm::Es256),
            min_pending: Duration::ZERO,
        };
        let table = SigningKeys::new(connection.tables(), table);
        Some(Self {
            rotation: KeyRotation::new(KeyRingVersions::new(source), table, rules),
            function: parts.functions.get(FUNCTION).cloned(),
            min_pending: setting("MIN_PENDING_SECONDS").and_then(|text| text.parse().ok()),
        })
    }

    /// Reads ids, states and times.
    pub(super) async fn read(&self) -> Result<Value, ConsoleError> {
        let (ring, published) = self.rotation.keys().await?;
        Ok(self.described(&ring, &published))
    }

    /// Runs the function as the schedule does. It changes nothing if verifiers may not know
    /// the next key yet.
    pub(super) async fn rotate(&self) -> Result<Value, ConsoleError> {
        let missing = ConsoleError::Missing("function rotate-keys");
        let function = self.function.as_ref().ok_or(missing)?;
        let (before, _) = self.rotation.keys().await?;
        let token = token()?;
        for step in STEPS {
            let event = json!({
                "Step": step, "SecretId": "local", "ClientRequestToken": token,
            });
            let event = Invocation::new(Bytes::from(event.to_string()));
            function.invoke(event).await?;
        }
        self.outcome(&before).await
    }

    /// Rotates at once, as `cargo gatehouse keys rotate --now` does.
    pub(super) async fn rotate_now(
        &self,
        clock: impl Fn() -> Timestamp,
    ) -> Result<Value, ConsoleError> {
        let (before, _) = self.rotation.keys().await?;
        let token = token()?;
        self.rotation.create(&token, clock()).await?;
        self.rotation.publish(&token, clock()).await?;
        self.rotation.test(&token, clock()).await?;
        self.rotation.finish(&token, clock()).await?;
        self.rotation.settle(clock()).await?;
        self.outcome(&before).await
    }

    async fn outcome(&self, before: &KeyRing) -> Result<Value, ConsoleError> {
        let (after, published) = self.rotation.keys().await?;
        Ok(json!({
            "rotated": after.version() != before.version(),
            "keys": self.described(&after, &published),
        }))
    }

    fn described(&self, ring: &KeyRing, published: &PublishedKeys) -> Value {
        let signing = ring.signing_keys().map(|key| {
            json!({
                "kid": key.kid, "algorithm": key.algorithm.name(), "state": key.state,
                "since": key.since.unix(),
            })
        });
        let published = published
            .entries()
            .map(|key| json!({ "kid": key.kid, "state": key.state, "since": key.since.unix() }));
        let refresh = ring.mac_keys().map(|key| {
            json!({ "id": key.id.to_string(), "state": key.state, "since": key.since.unix() })
        });
        json!({
            "version": ring.version(),
            "signing": signing.collect::<Vec<_>>(),
            "published": published.collect::<Vec<_>>(),
            "refresh": refresh.collect::<Vec<_>>(),
            "min_pending_seconds": self.min_pending,
        })
    }
}

/// Returns the token of a new rotation.
fn token() -> Result<String, ConsoleError> {
    let bytes = random::bytes().map_err(|_| ConsoleError::Randomness)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
