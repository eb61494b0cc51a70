//! SES's account suppression list: the addresses that bounced or complained, to which SES
//! accepts mails and sends nothing.
//!
//! Without it, an operator cannot explain to a user why no mail arrives. Addresses appear in
//! no error and in no log.

use std::time::Duration;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_types::SdkConfig;

/// The list of one AWS account in one region.
#[derive(Debug, Clone)]
pub struct SuppressionList {
    client: Client,
}

/// How long to wait for SES. Longer lets it delay the response that reports the list.
const TIMEOUT: Duration = Duration::from_secs(1);

impl SuppressionList {
    /// Opens the list at SES's own endpoint, or at another one. Nothing connects yet.
    #[must_use]
    pub fn open(config: &SdkConfig, endpoint: Option<&str>) -> Self {
        let timeouts = TimeoutConfig::builder().operation_timeout(TIMEOUT).build();
        let mut config = aws_sdk_sesv2::config::Builder::from(config)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::disabled());
        if let Some(endpoint) = endpoint {
            config = config.endpoint_url(endpoint);
        }
        Self {
            client: Client::from_conf(config.build()),
        }
    }

    /// Returns whether the list has an address.
    ///
    /// # Errors
    /// [`SuppressionListError`] if SES cannot be asked.
    pub async fn contains(&self, address: &str) -> Result<bool, SuppressionListError> {
        let sent = self.client.get_suppressed_destination();
        match sent.email_address(address).send().await {
            Ok(_) => Ok(true),
            Err(error) if is_unlisted(&error) => Ok(false),
            Err(error) => Err(SuppressionListError::of(&error)),
        }
    }

    /// Takes an address off the list; returns false if it was not on it.
    ///
    /// # Errors
    /// [`SuppressionListError`] if SES cannot be asked.
    pub async fn remove(&self, address: &str) -> Result<bool, SuppressionListError> {
        let sent = self.client.delete_suppressed_destination();
        match sent.email_address(address).send().await {
            Ok(_) => Ok(true),
            Err(error) if is_unlisted(&error) => Ok(false),
            Err(error) => Err(SuppressionListError::of(&error)),
        }
    }
}

fn is_unlisted<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.code() == Some("NotFoundException")
}

/// SES did not report on its list. The message has SES's code, and never the address.
#[derive(Debug, thiserror::Error)]
#[error("SES's suppression list cannot be used: {reason}")]
pub struct SuppressionListError {
    reason: String,
}

impl SuppressionListError {
    fn of<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Self {
        let reason = match error {
            SdkError::TimeoutError(_) => "it did not respond in time",
            SdkError::DispatchFailure(_) => "there is no connection",
            SdkError::ConstructionFailure(_)
            | SdkError::ResponseError(_)
            | SdkError::ServiceError(_)
            | _ => error.code().unwrap_or("the response is invalid"),
        };
        Self {
            reason: reason.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
