//! Settings of key rotation.

use std::time::Duration;

use gatehouse_auth::key::Algorithm;

use super::environment::{ConfigError, Environment};
use super::token::KEY_CACHE;

/// The algorithm of new keys, and when they may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationSettings {
    /// `SIGNING_ALGORITHM` of new keys.
    pub algorithm: Algorithm,
    /// `MIN_PENDING_SECONDS`: how long a key is published before it signs.
    pub min_pending: Duration,
    /// `ROTATION_DAYS`: how often the schedule rotates the keys; none if it is 0.
    pub interval: Option<Duration>,
}

/// Seconds, 3 hours. If this is shorter than a verifier caches the keys, that verifier
/// refuses valid tokens; API Gateway's own JWT authorizer may cache them for two hours.
const MIN_PENDING: u32 = 10_800;
/// Days. More keeps a leaked key useful for longer.
const INTERVAL: u32 = 30;
/// The seconds of a day.
const DAY: u64 = 86_400;

impl RotationSettings {
    /// Reads `SIGNING_ALGORITHM`, `MIN_PENDING_SECONDS` and `ROTATION_DAYS`.
    ///
    /// # Errors
    /// If a setting is invalid; the message names it. A key that signs before the functions
    /// of `KEY_CACHE_SECONDS` have read it makes them refuse valid tokens.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let name = "SIGNING_ALGORITHM";
        let algorithm = environment
            .text(name)
            .map_or(Ok(Algorithm::Es256), str::parse);
        let min_pending = environment.seconds("MIN_PENDING_SECONDS", MIN_PENDING, 1..=604_800)?;
        let key_cache = environment.seconds("KEY_CACHE_SECONDS", KEY_CACHE, 1..=300)?;
        if min_pending < key_cache {
            let least = key_cache.as_secs();
            return Err(ConfigError::invalid(
                "MIN_PENDING_SECONDS",
                format!(
                    "at least KEY_CACHE_SECONDS, which is {least}: raise it, or lower KEY_CACHE_SECONDS"
                ),
            ));
        }
        let days = environment.number("ROTATION_DAYS", INTERVAL, 0..=365)?;
        Ok(Self {
            algorithm: algorithm
                .map_err(|_| ConfigError::invalid(name, "`ES256`, `EdDSA` or `RS256`"))?,
            min_pending,
            interval: (days > 0).then(|| Duration::from_secs(u64::from(days) * DAY)),
        })
    }
}
