//! The retry queue. It holds keys, so an entry whose message is gone just ends.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::send_message::SendMessageError;
use gatehouse_auth::failure::ExpiredCredentials;
use gatehouse_auth::mail::MessageKey;
use gatehouse_auth::random;
use gatehouse_edge::end_if_expired;
use gatehouse_store::Connection;

use crate::delivery::Wait;

/// The queue.
#[derive(Debug)]
pub(crate) struct RetryQueue {
    client: Client,
    url: String,
}

/// A key could not be handed over.
#[derive(Debug, thiserror::Error)]
#[error("the retry queue did not accept a key: {code}")]
pub struct QueueError {
    code: String,
}

/// How much longer than its least a wait may be: half as long again. Without it, the mails
/// that were throttled together would all come back together.
const SPREAD: u32 = 2;

impl RetryQueue {
    /// Opens the queue at that URL; nothing connects yet. `endpoint` takes the place of the
    /// connection's own.
    pub(crate) fn new(connection: &Connection, endpoint: Option<&str>, url: String) -> Self {
        let mut config = aws_sdk_sqs::config::Builder::from(connection.config());
        if let Some(endpoint) = endpoint {
            config.set_endpoint_url(Some(endpoint.to_owned()));
        }
        let client = Client::from_conf(config.build());
        Self { client, url }
    }

    /// Hands over a key, to be delivered after a while.
    ///
    /// # Errors
    /// [`QueueError`] if the queue did not take it.
    pub(crate) async fn put(&self, key: &MessageKey, wait: Wait) -> Result<(), QueueError> {
        let body = serde_json::to_string(key).map_err(|_| QueueError::named("no JSON"))?;
        let seconds = spread(wait.least(), random::bytes().unwrap_or_default());
        let sent = self.client.send_message().queue_url(&self.url);
        let sent = sent.message_body(body).delay_seconds(seconds).send().await;
        sent.map(drop).map_err(|error| QueueError::of(&error))
    }
}

/// Returns a number of seconds, from the least one to half as much again.
fn spread(least: Duration, [random]: [u8; 1]) -> i32 {
    let more = least / SPREAD * u32::from(random) / 255;
    i32::try_from((least + more).as_secs()).unwrap_or(i32::MAX)
}

impl QueueError {
    fn of<R>(error: &SdkError<SendMessageError, R>) -> Self {
        let code = error.as_service_error().map(|error| error.code());
        let code = match code {
            Some(code) => code.unwrap_or("no code"),
            None => "no response",
        };
        if ExpiredCredentials::CODES.contains(&code) {
            end_if_expired(&ExpiredCredentials);
        }
        Self::named(code)
    }

    fn named(code: &str) -> Self {
        let code = code.to_owned();
        Self { code }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_spread_over_half_as_long_again() {
        let least = Duration::from_secs(30);
        assert_eq!(spread(least, [0]), 30);
        assert_eq!(spread(least, [128]), 37);
        assert_eq!(spread(least, [255]), 45);
        // The longest that SQS accepts.
        assert!(spread(Wait::Account.least(), [255]) <= 900);
    }
}
