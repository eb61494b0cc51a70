//! A message in a queue.

use std::time::Duration;

use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::aws::{ACCOUNT, REGION, arn};

/// A message; its times are milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) sent_at: u64,
    /// When it can be received.
    pub(crate) visible_at: u64,
    /// How often it was received.
    pub(crate) receives: u64,
    first_received_at: Option<u64>,
}

impl Message {
    pub(super) fn new(id: String, body: String, now: u64, delay: Duration) -> Self {
        Self {
            id,
            body,
            sent_at: now,
            visible_at: now.saturating_add(millis(delay)),
            receives: 0,
            first_received_at: None,
        }
    }

    pub(super) fn is_older(&self, now: u64, age: Duration) -> bool {
        now.saturating_sub(self.sent_at) >= millis(age)
    }

    pub(super) fn receive(&mut self, now: u64, visibility: Duration) {
        self.receives += 1;
        self.first_received_at.get_or_insert(now);
        self.visible_at = now.saturating_add(millis(visibility));
    }

    /// Returns the message as a function receives it.
    pub(crate) fn event(&self, queue: &str) -> Value {
        let first = self.first_received_at.unwrap_or(self.sent_at);
        json!({
            "messageId": self.id,
            "receiptHandle": format!("{}-{}", self.id, self.receives),
            "body": self.body,
            "attributes": {
                "ApproximateReceiveCount": self.receives.to_string(),
                "SentTimestamp": self.sent_at.to_string(),
                "SenderId": ACCOUNT,
                "ApproximateFirstReceiveTimestamp": first.to_string(),
            },
            "messageAttributes": {},
            "md5OfBody": md5_of(&self.body),
            "eventSource": "aws:sqs",
            "eventSourceARN": arn("sqs", queue),
            "awsRegion": REGION,
        })
    }
}

/// Returns what Amazon SQS has every body compared with.
pub(crate) fn md5_of(body: &str) -> String {
    let digest: [u8; 16] = Md5::digest(body.as_bytes()).into();
    format!("{:032x}", u128::from_be_bytes(digest))
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
