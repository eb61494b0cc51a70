//! Settings of the rotation of keys.

use std::time::Duration;

use gatehouse_auth::key::Algorithm;

use super::environment::{ConfigError, Environment};

/// What new keys are, and when they may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationSettings {
    /// `SIGNING_ALGORITHM`: what new keys sign with.
    pub algorithm: Algorithm,
    /// `MIN_PENDING_SECONDS`: how long a key is published before it signs.
    pub min_pending: Duration,
}

impl RotationSettings {
    /// Reads `SIGNING_ALGORITHM` and `MIN_PENDING_SECONDS`.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable that is odd.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let name = "SIGNING_ALGORITHM";
        let algorithm = environment
            .text(name)
            .map_or(Ok(Algorithm::Es256), str::parse);
        Ok(Self {
            algorithm: algorithm
                .map_err(|_| ConfigError::odd(name, "`ES256`, `EdDSA` or `RS256`"))?,
            min_pending: environment.seconds("MIN_PENDING_SECONDS", MIN_PENDING, 1..=604_800)?,
        })
    }
}

/// Seconds, 3 hours; shorter than a verifier keeps the keys makes it refuse good
/// tokens, and API Gateway's own JWT authorizer may keep them for two hours.
const MIN_PENDING: u32 = 10_800;
