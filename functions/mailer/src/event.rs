//! The two events: a batch of the outbox's stream, and a batch of the retry queue. Members
//! that are not listed here are ignored.

use gatehouse_auth::mail::MessageKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A batch of keys.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Batch {
    /// New messages, from the stream of the outbox.
    Stream(Vec<MessageKey>),
    /// Keys that were handed to the queue.
    Queue(Vec<Entry>),
}

/// One entry of the queue.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// By which the response names it.
    pub(crate) id: String,
    /// The key; none if the entry does not hold one.
    pub(crate) key: Option<MessageKey>,
}

/// The response: the entries of the queue that must be delivered again. The mapping of
/// the stream does not read it.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    batch_item_failures: Vec<ItemFailure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemFailure {
    item_identifier: String,
}

/// The event is neither a batch of the stream nor one of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event is neither a batch of the outbox's stream nor one of the retry queue")]
pub struct UnknownEvent;

impl Batch {
    /// Reads an event.
    ///
    /// # Errors
    /// [`UnknownEvent`] if a record has neither form.
    pub(crate) fn read(event: Value) -> Result<Self, UnknownEvent> {
        let event: RawEvent = serde_json::from_value(event).map_err(|_| UnknownEvent)?;
        if event.records.is_empty() {
            return Err(UnknownEvent);
        }
        let (mut inserted, mut entries) = (Vec::new(), Vec::new());
        for record in event.records {
            match record {
                RawRecord::Stream(record) => inserted.extend(record.inserted()),
                RawRecord::Queue(record) => entries.push(record.into()),
            }
        }
        match (inserted.is_empty(), entries.is_empty()) {
            (_, true) => Ok(Self::Stream(inserted)),
            (true, false) => Ok(Self::Queue(entries)),
            (false, false) => Err(UnknownEvent),
        }
    }
}

impl BatchResponse {
    /// Names the entries that failed.
    pub(crate) fn failing(ids: impl IntoIterator<Item = String>) -> Self {
        let failure = |item_identifier| ItemFailure { item_identifier };
        Self {
            batch_item_failures: ids.into_iter().map(failure).collect(),
        }
    }
}

#[derive(Deserialize)]
struct RawEvent {
    #[serde(rename = "Records")]
    records: Vec<RawRecord>,
}

#[derive(Deserialize)]
#[serde(tag = "eventSource")]
enum RawRecord {
    #[serde(rename = "aws:dynamodb")]
    Stream(StreamRecord),
    #[serde(rename = "aws:sqs")]
    Queue(QueueRecord),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StreamRecord {
    event_name: String,
    dynamodb: StreamChange,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StreamChange {
    keys: StreamKeys,
}

#[derive(Deserialize)]
struct StreamKeys {
    pk: Text,
    sk: Text,
}

/// A text, in DynamoDB's JSON.
#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueueRecord {
    message_id: String,
    body: String,
}

impl StreamRecord {
    /// Returns the key of a new message. The filter of the mapping lets nothing else
    /// through, but an emulator may ignore it.
    fn inserted(self) -> Option<MessageKey> {
        let keys = self.dynamodb.keys;
        let key = MessageKey::parse(&keys.pk.text, &keys.sk.text).ok();
        key.filter(|_| self.event_name == "INSERT")
    }
}

impl From<QueueRecord> for Entry {
    fn from(record: QueueRecord) -> Self {
        Self {
            id: record.message_id,
            key: serde_json::from_str(&record.body).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_auth::id::SubjectId;
    use gatehouse_auth::time::Timestamp;
    use serde_json::json;

    use super::*;

    fn key(number: u8) -> MessageKey {
        let sub = SubjectId::from_bytes([1; 16]);
        MessageKey::new(&sub, Timestamp::from_unix(1_800_000_000), [number; 16])
    }

    fn stream(name: &str, pk: &str, sk: &str) -> Value {
        json!({
            "eventID": "1", "eventName": name, "eventVersion": "1.1",
            "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1",
            "dynamodb": {
                "Keys": { "pk": { "S": pk }, "sk": { "S": sk } },
                "NewImage": { "pk": { "S": pk }, "sk": { "S": sk }, "kind": { "S": "password_reset" } },
                "SequenceNumber": "1", "SizeBytes": 1, "StreamViewType": "NEW_IMAGE",
            },
            "eventSourceARN": "arn:aws:dynamodb:eu-central-1:111122223333:table/Outbox/stream/x",
        })
    }

    fn queue(id: &str, body: &str) -> Value {
        json!({
            "messageId": id, "receiptHandle": "r", "body": body, "md5OfBody": "0",
            "attributes": { "ApproximateReceiveCount": "1" }, "messageAttributes": {},
            "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:x", "awsRegion": "x",
        })
    }

    #[test]
    fn new_messages_are_read_from_the_stream_and_other_changes_ignored() {
        let (one, two) = (key(1), key(2));
        let sub = one.sub().clone();
        let pk = sub.as_str();
        let event = json!({ "Records": [
            stream("INSERT", pk, one.sk()),
            stream("MODIFY", pk, two.sk()),
            stream("REMOVE", pk, two.sk()),
            stream("INSERT", &format!("code#{pk}"), "recovery"),
            stream("INSERT", pk, two.sk()),
        ]});
        assert_eq!(Batch::read(event), Ok(Batch::Stream(vec![one, two])));
        let nothing = json!({ "Records": [stream("REMOVE", pk, key(1).sk())] });
        assert_eq!(Batch::read(nothing), Ok(Batch::Stream(Vec::new())));
    }

    #[test]
    fn an_entry_of_the_queue_without_a_key_is_still_an_entry() {
        let body = serde_json::to_string(&key(1)).unwrap();
        let event = json!({ "Records": [queue("a", &body), queue("b", "hello")] });
        let entry = |id: &str, key| Entry { id: id.into(), key };
        let expected = vec![entry("a", Some(key(1))), entry("b", None)];
        assert_eq!(Batch::read(event), Ok(Batch::Queue(expected)));
    }

    #[test]
    fn any_other_event_is_refused() {
        let pk = key(1).sub().as_str().to_owned();
        let mixed = json!({ "Records": [
            stream("INSERT", &pk, key(1).sk()), queue("a", "{}"),
        ]});
        for event in [
            json!(null),
            json!({}),
            json!({ "Records": [] }),
            json!({ "Records": [{}] }),
            json!({ "Records": [{ "eventSource": "aws:s3" }] }),
            json!({ "version": "2.0", "routeKey": "POST /login" }),
            mixed,
        ] {
            assert_eq!(Batch::read(event.clone()), Err(UnknownEvent), "{event}");
        }
    }

    #[test]
    fn the_response_names_the_entries_that_failed() {
        let text = |response| serde_json::to_string(&response).unwrap();
        assert_eq!(
            text(BatchResponse::default()),
            r#"{"batchItemFailures":[]}"#
        );
        assert_eq!(
            text(BatchResponse::failing(["a".to_owned()])),
            r#"{"batchItemFailures":[{"itemIdentifier":"a"}]}"#
        );
    }
}
