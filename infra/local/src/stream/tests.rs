use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

/// A database with a stream, and where it is.
struct TestStream {
    directory: TempDir,
    database: Database,
    stream: Stream,
}

impl TestStream {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("db");
        let database = Database::new(path.to_str().unwrap()).unwrap();
        trim(&path).unwrap();
        let request = json!({
            "TableName": "things",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" },
        });
        let request = serde_json::from_value(request).unwrap();
        database.create_table(request).unwrap();
        let stream = Stream::new(&database, "things");
        Self {
            directory,
            database,
            stream,
        }
    }

    fn put(&self, key: &str) {
        let request = json!({ "TableName": "things", "Item": { "pk": { "S": key } } });
        let request = serde_json::from_value(request).unwrap();
        self.database.put_item(request).unwrap();
    }

    fn sqlite(&self) -> Connection {
        Connection::open(self.directory.path().join("db")).unwrap()
    }

    /// Makes every record so far older.
    fn age(&self, seconds: u32) {
        let statement = format!("UPDATE _stream_records SET created_at = created_at - {seconds}");
        self.sqlite().execute_batch(&statement).unwrap();
    }

    fn keys(&self, after: &str) -> Vec<Value> {
        let records = self.stream.after(after).unwrap().into_iter();
        let keys = records.map(|record| record.event["dynamodb"]["Keys"]["pk"]["S"].clone());
        keys.collect()
    }
}

#[test]
fn records_are_read_after_a_place_in_order() {
    let test = TestStream::new();
    assert_eq!(test.stream.end().unwrap(), "");
    for key in ["a", "b", "c"] {
        test.put(key);
    }
    assert_eq!(test.keys(""), ["a", "b", "c"]);
    let records = test.stream.after("").unwrap();
    let first = &records[0];
    assert_eq!(test.keys(&first.sequence), ["b", "c"]);
    assert_eq!(test.stream.end().unwrap(), records[2].sequence);
    assert_eq!(test.keys(&records[2].sequence), [""; 0]);
    assert_eq!(first.event["eventName"], "INSERT");
    assert_eq!(first.event["awsRegion"], "us-east-1");
    assert_eq!(first.event["dynamodb"]["NewImage"]["pk"]["S"], "a");
    assert_eq!(
        first.event["eventSourceARN"],
        "arn:aws:dynamodb:us-east-1:000000000000:table/things/stream/local"
    );
}

#[test]
fn records_are_trimmed_after_a_day_with_the_next_one_and_when_a_database_is_opened() {
    let test = TestStream::new();
    test.put("a");
    test.age(RETENTION_SECONDS - 100);
    test.put("b");
    assert_eq!(test.keys(""), ["a", "b"]);
    test.age(200);
    test.put("c");
    assert_eq!(test.keys(""), ["b", "c"]);
    test.age(RETENTION_SECONDS + 1);
    trim(&test.directory.path().join("db")).unwrap();
    assert_eq!(test.keys(""), [""; 0]);
}

#[test]
fn the_order_of_records_comes_from_an_index() {
    let test = TestStream::new();
    for (query, expected) in [
        (
            "SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = 'x'",
            "gatehouse_stream_order",
        ),
        (
            "SELECT event_name FROM _stream_records WHERE table_name = 'x' AND shard_id = 'y' \
             AND CAST(sequence_number AS INTEGER) > 5 ORDER BY CAST(sequence_number AS INTEGER) ASC LIMIT 4",
            "gatehouse_stream_order",
        ),
        (
            "DELETE FROM _stream_records WHERE created_at < 5",
            "gatehouse_stream_age",
        ),
    ] {
        let connection = test.sqlite();
        let mut plan = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {query}"))
            .unwrap();
        let steps = plan.query_map([], |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<String> = steps.map(Result::unwrap).collect();
        assert!(
            steps.iter().any(|step| step.contains(expected)),
            "{steps:?}"
        );
    }
}
