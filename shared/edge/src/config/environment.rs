//! The environment variables, and the ways to read one.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use gatehouse_auth::role::RoleScopesError;

/// Why a function refuses to start; the message names the variable.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable without a default is missing or empty.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// A variable is invalid.
    #[error("{name} must be {expected}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// What it must be.
        expected: String,
    },
    /// `ROLE_SCOPES` is invalid.
    #[error("ROLE_SCOPES is invalid")]
    RoleScopes(#[source] RoleScopesError),
}

/// The environment variables as they were at the start.
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Reads the process's environment: the one place that does.
    ///
    /// Text that is not UTF-8 is kept with replacement characters, so that the variable is
    /// invalid rather than missing.
    #[must_use]
    pub fn read() -> Self {
        let text = |raw: std::ffi::OsString| raw.to_string_lossy().into_owned();
        Self(
            std::env::vars_os()
                .map(|(name, value)| (text(name), text(value)))
                .collect(),
        )
    }

    /// Creates an environment from pairs, for tests.
    #[must_use]
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self(pairs.into_iter().map(owned).collect())
    }

    /// Returns the name of a table from a variable such as `USERS_TABLE`.
    ///
    /// # Errors
    /// If it is missing or not the name of a table; the message names it.
    pub fn table(&self, name: &'static str) -> Result<String, ConfigError> {
        let is_name = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-:/".contains(&byte))
        };
        let table = self.required(name)?;
        if is_name(table) && (3..=1024).contains(&table.len()) {
            Ok(table.to_owned())
        } else {
            Err(ConfigError::invalid(name, "the name or the ARN of a table"))
        }
    }

    /// Returns the function's own name, as Lambda and the local stack set it.
    ///
    /// # Errors
    /// If it is missing: the binary was started by hand.
    pub fn function_name(&self) -> Result<String, ConfigError> {
        self.required("AWS_LAMBDA_FUNCTION_NAME").map(str::to_owned)
    }

    /// Returns a variable unless it is missing or empty: a template parameter that is left
    /// empty becomes an empty variable.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub(super) fn required(&self, name: &'static str) -> Result<&str, ConfigError> {
        self.text(name).ok_or(ConfigError::Missing(name))
    }

    pub(super) fn number(
        &self,
        name: &'static str,
        default: u32,
        bounds: RangeInclusive<u32>,
    ) -> Result<u32, ConfigError> {
        let Some(text) = self.text(name) else {
            return Ok(default);
        };
        let (low, high) = (bounds.start(), bounds.end());
        text.parse()
            .ok()
            .filter(|number| bounds.contains(number))
            .ok_or_else(|| {
                ConfigError::invalid(name, format!("a whole number from {low} to {high}"))
            })
    }

    pub(super) fn seconds(
        &self,
        name: &'static str,
        default: u32,
        bounds: RangeInclusive<u32>,
    ) -> Result<Duration, ConfigError> {
        let seconds = self.number(name, default, bounds)?;
        Ok(Duration::from_secs(seconds.into()))
    }
}

impl ConfigError {
    pub(crate) fn invalid(name: &'static str, expected: impl Into<String>) -> Self {
        Self::Invalid {
            name,
            expected: expected.into(),
        }
    }
}
