//! The stream of a table in the embedded DynamoDB, and how its records are trimmed.

use std::path::Path;

use dynoxide::Database;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::{GetShardIteratorRequest, encode_shard_iterator};
use dynoxide::streams::{shard_id, stream_arn};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::aws::{REGION, arn};

/// The stream of one table, which has a single shard.
#[derive(Clone)]
pub(crate) struct Stream {
    database: Database,
    table: String,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Stream").field(&self.table).finish()
    }
}

/// A record, with where it is.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) sequence: Sequence,
    /// As a function receives it.
    pub(crate) event: Value,
}

/// A place in a stream: the sequence number of a record, 21 digits, or nothing for the
/// place before the first record.
pub(crate) type Sequence = String;

/// DynamoDB's limit of a read.
pub(crate) const MAX_RECORDS: usize = 1_000;

impl Stream {
    pub(crate) fn new(database: &Database, table: &str) -> Self {
        Self {
            database: database.clone(),
            table: table.to_owned(),
        }
    }

    /// Returns the records after a place, the oldest first and at most 1,000.
    pub(crate) fn after(&self, sequence: &str) -> Result<Vec<Record>, String> {
        let request = GetRecordsRequest {
            shard_iterator: self.iterator(sequence)?,
            limit: Some(MAX_RECORDS),
        };
        let response = self.database.get_records(request);
        let response = response.map_err(|error| error.to_string())?;
        let source = arn("dynamodb", &format!("table/{}/stream/local", self.table));
        let records = response.records.into_iter().map(|mut record| {
            let sequence = record.dynamodb.sequence_number.clone();
            REGION.clone_into(&mut record.aws_region);
            let mut event = serde_json::to_value(record).map_err(|error| error.to_string())?;
            if let Some(members) = event.as_object_mut() {
                members.insert("eventSourceARN".to_owned(), json!(source));
            }
            Ok(Record { sequence, event })
        });
        records.collect()
    }

    /// Returns the place of the last record.
    pub(crate) fn end(&self) -> Result<Sequence, String> {
        let request = dynoxide::actions::describe_stream::DescribeStreamRequest {
            stream_arn: stream_arn(&self.table, "local"),
            ..Default::default()
        };
        let response = self.database.describe_stream(request);
        let response = response.map_err(|error| error.to_string())?;
        let mut shards = response.stream_description.shards.into_iter();
        let range = shards.next().map(|shard| shard.sequence_number_range);
        Ok(range
            .and_then(|range| range.ending_sequence_number)
            .unwrap_or_default())
    }

    fn iterator(&self, after: &str) -> Result<String, String> {
        if after.is_empty() {
            return Ok(encode_shard_iterator(
                &self.table,
                &shard_id(&self.table),
                0,
            ));
        }
        let request = GetShardIteratorRequest {
            stream_arn: stream_arn(&self.table, "local"),
            shard_id: shard_id(&self.table),
            shard_iterator_type: "AFTER_SEQUENCE_NUMBER".to_owned(),
            sequence_number: Some(after.to_owned()),
        };
        let response = self.database.get_shard_iterator(request);
        let response = response.map_err(|error| error.to_string())?;
        response
            .shard_iterator
            .ok_or_else(|| "the stream has no iterator".to_owned())
    }
}

/// How long a stream keeps a record, in seconds: DynamoDB's 24 hours. Longer, and a long
/// session keeps every record; shorter, and a function that fails loses some.
const RETENTION_SECONDS: u32 = 86_400;

/// Trims the records of all streams in a database that is open elsewhere, now and with each
/// record that is added. The embedded DynamoDB never deletes one, and looks through all of
/// them for each write; so they get indexes as well.
pub(crate) fn trim(database: &Path) -> Result<(), String> {
    let statements = format!(
        "CREATE INDEX IF NOT EXISTS gatehouse_stream_order
             ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
         CREATE INDEX IF NOT EXISTS gatehouse_stream_age ON _stream_records (created_at);
         CREATE TRIGGER IF NOT EXISTS gatehouse_stream_trim AFTER INSERT ON _stream_records
         BEGIN
             DELETE FROM _stream_records WHERE created_at < NEW.created_at - {RETENTION_SECONDS};
         END;
         DELETE FROM _stream_records
             WHERE created_at < CAST(strftime('%s', 'now') AS INTEGER) - {RETENTION_SECONDS};"
    );
    let connection = Connection::open(database).map_err(|error| error.to_string())?;
    let done = connection.execute_batch(&statements);
    done.map_err(|error| format!("the stream records cannot be trimmed: {error}"))
}

#[cfg(test)]
mod tests;
