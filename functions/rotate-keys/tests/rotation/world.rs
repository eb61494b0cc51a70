//! The keys of one deployment: the table, the ring in one of its two places, a clock.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use gatehouse_auth::key::{Algorithm, KeyRing, KeyState, PublishedKeys, RotationRules};
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::Clock;
use gatehouse_edge::config::Environment;
use gatehouse_store::{
    CachedVerifyingKeys, Connection, KeyRingSource, KeyRingVersions, KeyRotation, Signer,
    SigningKeys,
};
use gatehouse_testing::{Faults, SECRET_ARN, Secrets, Tables, TestClock, connect};
use lambda_runtime::Context;
use rotate_keys::{App, RotateKeysError};
use serde_json::{Value, json};

/// Where the ring is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Secret,
    File,
}

/// Both places, for tests of what holds in either.
pub(crate) const PLACES: [Place; 2] = [Place::Secret, Place::File];
/// The four steps in their order.
pub(crate) const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];
/// `MIN_PENDING_SECONDS` of every test.
pub(crate) const MIN_PENDING: i64 = 10_800;

/// The keys of one test.
pub(crate) struct World {
    /// What happens to the calls of the function and of everything else below.
    pub(crate) faults: Faults,
    pub(crate) secrets: Secrets,
    pub(crate) tables: Tables,
    endpoint: String,
    place: Place,
    clock: TestClock,
    connection: Connection,
    app: OnceLock<Arc<App>>,
    rotation: OnceLock<Arc<KeyRotation>>,
}

impl World {
    /// Creates a world without keys.
    pub(crate) async fn new(place: Place) -> Self {
        let (tables, secrets, faults) =
            (Tables::start().await, Secrets::default(), Faults::default());
        let aws = secrets.beside(tables.dynamodb());
        let endpoint = aws.with(&faults).serve().await;
        Self {
            connection: connect(&endpoint),
            faults,
            secrets,
            tables,
            endpoint,
            place,
            clock: TestClock::default(),
            app: OnceLock::new(),
            rotation: OnceLock::new(),
        }
    }

    /// Creates a world whose first ring is current, and old enough to rotate.
    pub(crate) async fn begun(place: Place) -> Self {
        let world = Self::new(place).await;
        world.rotate(&token(0)).await;
        world.pass(MIN_PENDING);
        world
    }

    /// Returns the function. It keeps nothing between events, so one stands for any
    /// number of processes; a client for each of them would take longer than the tests.
    pub(crate) fn app(&self) -> Arc<App> {
        Arc::clone(self.app.get_or_init(|| Arc::new(self.start())))
    }

    fn start(&self) -> App {
        let path = self.path();
        let ring = match self.place {
            Place::Secret => ("KEY_RING_SECRET_ARN", SECRET_ARN),
            Place::File => ("KEY_RING_FILE", path.to_str().unwrap()),
        };
        let mut variables = self.tables.variables(&self.endpoint);
        variables.extend([("SIGNING_ALGORITHM", "EdDSA"), ring]);
        let environment = Environment::from_pairs(variables);
        App::with_clock(&environment, Clock::Fixed(self.clock.seconds())).unwrap()
    }

    /// Runs one step.
    pub(crate) async fn step(&self, step: &str, token: &str) -> Result<(), RotateKeysError> {
        rotate_keys::handle(&self.app(), event(step, token), &Context::default()).await
    }

    /// Runs all four steps.
    pub(crate) async fn rotate(&self, token: &str) {
        let app = self.app();
        for step in STEPS {
            let done = rotate_keys::handle(&app, event(step, token), &Context::default()).await;
            done.unwrap_or_else(|error| panic!("{step}: {error:?}"));
        }
    }

    /// Moves the clock.
    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.advance(seconds);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns the current ring and the published keys.
    pub(crate) async fn keys(&self) -> (KeyRing, PublishedKeys) {
        self.rotation().keys().await.unwrap()
    }

    /// Returns the rotation itself, without the function and its events.
    pub(crate) fn rotation(&self) -> Arc<KeyRotation> {
        Arc::clone(
            self.rotation
                .get_or_init(|| Arc::new(self.new_rotation(MIN_PENDING))),
        )
    }

    /// Returns the rotation of `keys rotate --now`.
    pub(crate) fn rotation_at_once(&self) -> KeyRotation {
        self.new_rotation(0)
    }

    fn new_rotation(&self, min_pending: i64) -> KeyRotation {
        let rules = RotationRules {
            algorithm: Algorithm::EdDsa,
            min_pending: Duration::from_secs(min_pending.unsigned_abs()),
        };
        let versions = KeyRingVersions::new(self.source());
        KeyRotation::new(versions, self.table(), rules)
    }

    /// Returns the keys of a process that signs.
    pub(crate) fn signer(&self) -> Signer {
        Signer::new(self.source(), self.table())
    }

    /// Returns the keys of a process that verifies.
    pub(crate) fn verifier(&self) -> CachedVerifyingKeys {
        CachedVerifyingKeys::new(self.table(), CACHE)
    }

    /// Returns the ring as it is stored, to restore it later.
    pub(crate) fn stored_ring(&self) -> String {
        match self.place {
            Place::Secret => self.secrets.current(),
            Place::File => std::fs::read_to_string(self.path()).unwrap(),
        }
    }

    /// Restores a ring, past the store.
    pub(crate) fn restore_ring(&self, json: &str) {
        match self.place {
            Place::Secret => self.secrets.restore(json),
            Place::File => std::fs::write(self.path(), json).unwrap(),
        }
    }

    /// Checks what must hold at any moment: every signature can be verified.
    pub(crate) async fn is_sound(&self) -> (KeyRing, PublishedKeys) {
        let (ring, published) = self.keys().await;
        let count = |state| ring.signing_keys().filter(|key| key.state == state).count();
        if ring.version() > 0 {
            assert_eq!(count(KeyState::Active), 1);
            assert_eq!(count(KeyState::Pending), 1);
        }
        published.prove(&ring, self.now()).unwrap();
        (ring, published)
    }

    /// Checks what must also hold after a completed rotation: the published states
    /// are those of the ring, and a key that is in no ring is retired.
    pub(crate) async fn is_settled(&self) -> KeyRing {
        let (ring, published) = self.is_sound().await;
        assert!(published.settled(&ring, self.now()).is_none());
        for entry in published.entries() {
            let held = ring.signing_keys().find(|key| key.kid == entry.kid);
            let state = held.map_or(KeyState::Retired, |held| held.state);
            assert_eq!(entry.state, state);
        }
        ring
    }

    fn source(&self) -> KeyRingSource {
        match self.place {
            Place::File => KeyRingSource::File(self.path()),
            Place::Secret => KeyRingSource::Secret {
                arn: SECRET_ARN.into(),
                client: self.connection.secrets(),
            },
        }
    }

    fn table(&self) -> SigningKeys {
        SigningKeys::new(
            self.connection.tables(),
            self.tables.name("SigningKeysTable").to_owned(),
        )
    }

    fn path(&self) -> PathBuf {
        self.tables.key_ring_path().to_owned()
    }
}

/// Returns the token of a rotation, in the form of a UUID.
pub(crate) fn token(number: u32) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}

/// Returns an event of Secrets Manager.
pub(crate) fn event(step: &str, token: &str) -> Value {
    json!({"Step": step, "SecretId": SECRET_ARN, "ClientRequestToken": token})
}

/// `KEY_CACHE_SECONDS`.
const CACHE: Duration = Duration::from_secs(10);
