//! Settings of key rotation.

use std::time::Duration;

use gatehouse_auth::key::Algorithm;

use super::environment::{ConfigError, Environment};

/// The algorithm of new keys, and when they may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationSettings {
    /// `SIGNING_ALGORITHM` of new keys.
    pub algorithm: Algorithm,
    /// `MIN_PENDING_SECONDS`: how long a key is published before it signs.
    pub min_pending: Duration,
}

/// Seconds, 3 hours. If this is shorter than a verifier caches the keys, that verifier
/// refuses valid tokens; API Gateway's own JWT authorizer may cache them for two hours.
const MIN_PENDING: u32 = 10_800;

impl RotationSettings {
    /// Reads `SIGNING_ALGORITHM` and `MIN_PENDING_SECONDS`.
    ///
    /// # Errors
    /// If a setting is invalid; the message names it.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let name = "SIGNING_ALGORITHM";
        let algorithm = environment
            .text(name)
            .map_or(Ok(Algorithm::Es256), str::parse);
        Ok(Self {
            algorithm: algorithm
                .map_err(|_| ConfigError::invalid(name, "`ES256`, `EdDSA` or `RS256`"))?,
            min_pending: environment.seconds("MIN_PENDING_SECONDS", MIN_PENDING, 1..=604_800)?,
        })
    }
}
