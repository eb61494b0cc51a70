//! What `rotate-keys` needs, created once at cold start.

use std::time::Duration;

use gatehouse_auth::key::RotationRules;
use gatehouse_edge::config::{Environment, RotationSettings};
use gatehouse_edge::{Clock, StartError};
use gatehouse_store::{
    Budget, Connection, HttpClient, KeyRingSource, KeyRingVersions, KeyRotation, SigningKeys,
};

/// What `rotate-keys` needs.
pub struct App {
    pub(crate) rotation: KeyRotation,
    /// The secret to rotate; none if the ring is a file.
    pub(crate) secret: Option<String>,
    /// How often the schedule rotates the keys, if there is one.
    pub(crate) interval: Option<Duration>,
    pub(crate) clock: Clock,
}

impl App {
    /// Reads the settings, but not the ring.
    ///
    /// # Errors
    /// If a setting is missing or invalid; the message names it.
    pub fn start(environment: &Environment) -> Result<Self, StartError> {
        Self::with_clock(environment, Clock::System)
    }

    /// The same with a different clock, for tests.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn with_clock(environment: &Environment, clock: Clock) -> Result<Self, StartError> {
        Self::within(environment, clock, None)
    }

    /// The same with a different HTTP client for AWS as well, for tests.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn within(
        environment: &Environment,
        clock: Clock,
        http: Option<HttpClient>,
    ) -> Result<Self, StartError> {
        let settings = RotationSettings::from_environment(environment)?;
        let table = environment.table("SIGNING_KEYS_TABLE")?;
        let connection =
            Connection::from_variables(|name| environment.text(name), Budget::Request)?
                .through(http);
        let source = KeyRingSource::from_variables(|name| environment.text(name), &connection)?;
        let secret = match &source {
            KeyRingSource::File(_) => None,
            KeyRingSource::Secret { arn, .. } => Some(arn.clone()),
        };
        let rules = RotationRules {
            algorithm: settings.algorithm,
            min_pending: settings.min_pending,
        };
        let keys = SigningKeys::new(connection.tables(), table);
        Ok(Self {
            rotation: KeyRotation::new(KeyRingVersions::new(source), keys, rules),
            secret,
            interval: settings.interval,
            clock,
        })
    }
}
