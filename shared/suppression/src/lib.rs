//! SES's account suppression list: the addresses that bounced or complained, to which SES
//! accepts mails and sends nothing.
//!
//! Without it, an operator cannot explain to a user why no mail arrives. Addresses appear in
//! no error and in no log.

use std::time::Duration;

use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use gatehouse_rest::{RestClient, RestError, Service, segment};

/// The list of one AWS account in one region.
#[derive(Debug, Clone)]
pub struct SuppressionList {
    client: RestClient,
}

/// How long to wait for SES. Longer lets it delay the response that reports the list.
const TIMEOUT: Duration = Duration::from_secs(1);

impl SuppressionList {
    /// Opens the list at SES's own endpoint, or at another one. Nothing connects yet.
    #[must_use]
    pub fn open(config: &SdkConfig, endpoint: Option<&str>) -> Self {
        let timeouts = TimeoutConfig::builder().operation_timeout(TIMEOUT).build();
        let config = config.to_builder().timeout_config(timeouts);
        let config = config.retry_config(RetryConfig::disabled()).build();
        Self {
            client: RestClient::open(Service::SES, &config, endpoint),
        }
    }

    /// Returns whether the list has an address.
    ///
    /// # Errors
    /// [`SuppressionListError`] if SES cannot be asked.
    pub async fn contains(&self, address: &str) -> Result<bool, SuppressionListError> {
        was_found(self.client.get(path(address)).await)
    }

    /// Takes an address off the list; returns false if it was not on it.
    ///
    /// # Errors
    /// [`SuppressionListError`] if SES cannot be asked.
    pub async fn remove(&self, address: &str) -> Result<bool, SuppressionListError> {
        was_found(self.client.delete(path(address)).await)
    }
}

fn path(address: &str) -> String {
    format!("/v2/email/suppression/addresses/{}", segment(address))
}

fn was_found(result: Result<serde_json::Value, RestError>) -> Result<bool, SuppressionListError> {
    match result {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some("NotFoundException") => Ok(false),
        Err(error) => Err(SuppressionListError::of(&error)),
    }
}

/// SES did not report on its list. The message has SES's code, and never the address.
#[derive(Debug, thiserror::Error)]
#[error("SES's suppression list cannot be used: {reason}")]
pub struct SuppressionListError {
    reason: String,
}

impl SuppressionListError {
    fn of(error: &RestError) -> Self {
        let reason = match error {
            RestError::TimeoutError(_) => "it did not respond in time",
            RestError::DispatchFailure(_) => "there is no connection",
            RestError::ConstructionFailure(_)
            | RestError::ResponseError(_)
            | RestError::ServiceError(_)
            | _ => error.code().unwrap_or("the response is invalid"),
        };
        Self {
            reason: reason.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
