//! Where the key ring is.

use std::path::PathBuf;

use super::environment::{ConfigError, Environment};

/// Where the key ring is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyRingSettings {
    /// `KEY_RING_FILE`: a file, on the local stack.
    File(PathBuf),
    /// `KEY_RING_SECRET_ARN`: a secret of Secrets Manager.
    Secret(String),
}

impl KeyRingSettings {
    /// Reads `KEY_RING_SECRET_ARN` or `KEY_RING_FILE`.
    ///
    /// # Errors
    /// [`ConfigError`] names both unless exactly one is set.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let secret = environment.text("KEY_RING_SECRET_ARN");
        match (secret, environment.text("KEY_RING_FILE")) {
            (Some(arn), None) => Ok(Self::Secret(arn.to_owned())),
            (None, Some(path)) => Ok(Self::File(PathBuf::from(path))),
            (None, None) | (Some(_), Some(_)) => Err(ConfigError::NotExactlyOne(
                "KEY_RING_SECRET_ARN",
                "KEY_RING_FILE",
            )),
        }
    }
}
