//! The connection to AWS: one configuration, from values, for both SDK clients.

use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, StalledStreamProtectionConfig};
use aws_types::SdkConfig;
use secrecy::{ExposeSecret, SecretString};

use crate::HttpClient;
use crate::dynamodb::deadline::WithinDeadline;

/// Attempts at one call. More would exceed the caller's own time limit.
const MAX_ATTEMPTS: u32 = 3;
/// The first wait between attempts. The SDK's default of one second would use up the
/// authorizer's time limit.
const INITIAL_BACKOFF: Duration = Duration::from_millis(25);
/// Time limits of one attempt and of one call, for the authorizer. Higher ones let a slow
/// table delay every protected route; lower ones turn its slowest responses into errors.
const AUTHORIZER_TIMEOUTS: (Duration, Duration) =
    (Duration::from_millis(400), Duration::from_secs(1));
/// Time limits of one attempt and of one call, for any other request. A request makes a
/// few calls, and the gateway gives up after 30 s.
const REQUEST_TIMEOUTS: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(5));

/// The settings of a connection. Reading the environment is the caller's part.
#[derive(Debug, Clone)]
pub struct ConnectionSettings {
    /// The region, such as `eu-central-1`.
    pub region: String,
    /// The endpoint to use instead of that of AWS: `AWS_ENDPOINT_URL`.
    pub endpoint: Option<String>,
    /// The credentials that Lambda provides.
    pub credentials: Credentials,
    /// The time limit of one attempt at one call.
    pub attempt_timeout: Duration,
    /// The time limit of one call, including all attempts and waits.
    pub operation_timeout: Duration,
}

/// The time limit of a call, so that its caller can still respond in time.
#[derive(Debug, Clone, Copy)]
pub enum Budget {
    /// One second per call, for the authorizer: its client waits for two functions.
    Authorizer,
    /// Five seconds per call, for any other request.
    Request,
}

/// A variable is missing or invalid.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConnectionSettingsError(&'static str);

impl ConnectionSettings {
    /// Returns the settings for the embedded DynamoDB of a local stack at `endpoint`,
    /// which accepts any credentials.
    #[must_use]
    pub fn for_local_stack(endpoint: &str) -> Self {
        let (attempt_timeout, operation_timeout) = REQUEST_TIMEOUTS;
        Self {
            region: "us-east-1".to_owned(),
            endpoint: Some(endpoint.to_owned()),
            credentials: Credentials {
                access_key_id: "local".to_owned(),
                secret_access_key: SecretString::from("local"),
                session_token: None,
            },
            attempt_timeout,
            operation_timeout,
        }
    }

    /// Reads the variables that Lambda sets, and `AWS_ENDPOINT_URL`.
    ///
    /// # Errors
    /// [`ConnectionSettingsError`] if a variable is missing or invalid; the message names it.
    pub fn from_variables<'a>(
        variable: impl Fn(&'static str) -> Option<&'a str>,
        budget: Budget,
    ) -> Result<Self, ConnectionSettingsError> {
        let region =
            variable("AWS_REGION").ok_or(ConnectionSettingsError("AWS_REGION is not set"))?;
        let endpoint = variable("AWS_ENDPOINT_URL");
        let is_url = |url: &str| url.starts_with("http://") || url.starts_with("https://");
        if endpoint.is_some_and(|url| !is_url(url)) {
            let message = "AWS_ENDPOINT_URL must be an http or https URL";
            return Err(ConnectionSettingsError(message));
        }
        let credentials = variable("AWS_ACCESS_KEY_ID")
            .zip(variable("AWS_SECRET_ACCESS_KEY"))
            .map(|(id, key)| Credentials {
                access_key_id: id.to_owned(),
                secret_access_key: SecretString::from(key),
                session_token: variable("AWS_SESSION_TOKEN").map(SecretString::from),
            })
            .ok_or(ConnectionSettingsError(
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must both be set",
            ))?;
        let (attempt_timeout, operation_timeout) = match budget {
            Budget::Authorizer => AUTHORIZER_TIMEOUTS,
            Budget::Request => REQUEST_TIMEOUTS,
        };
        Ok(Self {
            region: region.to_owned(),
            endpoint: endpoint.map(str::to_owned),
            credentials,
            attempt_timeout,
            operation_timeout,
        })
    }
}

/// The credentials of the function's role.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: SecretString,
    /// `AWS_SESSION_TOKEN`; a role's credentials have one.
    pub session_token: Option<SecretString>,
}

/// The connection to AWS, made once during INIT.
///
/// Each client has its own pool of connections, so there is one client for the tables,
/// and every user of it gets a clone: a connection opened during INIT serves them all.
#[derive(Debug, Clone)]
pub struct Connection {
    config: SdkConfig,
    tables: aws_sdk_dynamodb::Client,
}

impl Connection {
    /// Builds the clients from the variables that Lambda sets.
    ///
    /// # Errors
    /// [`ConnectionSettingsError`] if a variable is missing or invalid; the message names it.
    pub fn from_variables<'a>(
        variable: impl Fn(&'static str) -> Option<&'a str>,
        budget: Budget,
    ) -> Result<Self, ConnectionSettingsError> {
        let settings = ConnectionSettings::from_variables(variable, budget)?;
        Ok(Self::open(&settings))
    }

    /// Builds the clients; nothing connects yet.
    ///
    /// It does not look up credentials either: the SDK's default credential chain takes
    /// longer in a cold start than everything else in this crate together.
    #[must_use]
    pub fn open(settings: &ConnectionSettings) -> Self {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(settings.attempt_timeout)
            .operation_timeout(settings.operation_timeout)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(MAX_ATTEMPTS)
            .with_initial_backoff(INITIAL_BACKOFF);
        let mut builder = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(settings.region.clone()))
            .credentials_provider(provider(&settings.credentials))
            .timeout_config(timeouts)
            .retry_config(retries)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        builder.set_endpoint_url(settings.endpoint.clone());
        Self::from_config(builder.build())
    }

    /// Sends all calls through this HTTP client, if there is one, for tests.
    #[must_use]
    pub fn through(self, http: Option<HttpClient>) -> Self {
        match http {
            Some(http) => Self::from_config(self.config.into_builder().http_client(http).build()),
            None => self,
        }
    }

    fn from_config(config: SdkConfig) -> Self {
        let tables = aws_sdk_dynamodb::config::Builder::from(&config)
            .interceptor(WithinDeadline::of(&config))
            .build();
        let tables = aws_sdk_dynamodb::Client::from_conf(tables);
        Self { config, tables }
    }

    /// Returns the client for the tables.
    #[must_use]
    pub fn tables(&self) -> aws_sdk_dynamodb::Client {
        self.tables.clone()
    }

    /// Returns the configuration, for clients of other services than the store's own.
    #[must_use]
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// Builds a client for the secret that holds the key ring.
    #[must_use]
    pub fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        let config = aws_sdk_secretsmanager::config::Builder::from(&self.config)
            .interceptor(WithinDeadline::of(&self.config))
            .build();
        aws_sdk_secretsmanager::Client::from_conf(config)
    }
}

fn provider(credentials: &Credentials) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(aws_credential_types::Credentials::new(
        &credentials.access_key_id,
        credentials.secret_access_key.expose_secret(),
        credentials
            .session_token
            .as_ref()
            .map(|token| token.expose_secret().to_owned()),
        None,
        "settings",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &'static str)]) -> Result<ConnectionSettings, String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| *value)
        };
        let settings = ConnectionSettings::from_variables(variable, Budget::Request);
        settings.map_err(|error| error.to_string())
    }

    #[test]
    fn the_variables_that_lambda_sets_are_sufficient() {
        let settings = read(&[
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "canary"),
            ("AWS_SESSION_TOKEN", "canary"),
        ])
        .unwrap();
        assert_eq!(
            (settings.region.as_str(), &settings.endpoint),
            ("eu-central-1", &None)
        );
        assert!(settings.credentials.session_token.is_some());
        assert!(!format!("{settings:?}").contains("canary"));
    }

    #[test]
    fn half_a_credential_pair_is_an_error() {
        let half = [("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", "id")];
        let message = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must both be set";
        assert_eq!(read(&half).unwrap_err(), message);
    }

    #[test]
    fn a_missing_region_and_an_invalid_endpoint_are_named() {
        assert_eq!(read(&[]).unwrap_err(), "AWS_REGION is not set");
        let invalid = [
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ENDPOINT_URL", "localhost:8000"),
        ];
        let message = "AWS_ENDPOINT_URL must be an http or https URL";
        assert_eq!(read(&invalid).unwrap_err(), message);
    }
}
