//! A mapping of a stream: one event at a time, in order, until each has succeeded.

use std::time::Duration;

use bytes::Bytes;
use dynoxide::Database;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::INTERVAL;
use super::position::Position;
use super::response::failed;
use crate::lambda::{Function, Invocation};
use crate::log::Log;
use crate::stream::{MAX_RECORDS, Record, Sequence, Stream};
use crate::template::{MappingSpec, StartingPosition};

/// A stream whose records invoke a function.
#[derive(Debug)]
pub(super) struct StreamMapping {
    spec: MappingSpec,
    stream: Stream,
    position: Position,
}

/// What is sent at once.
#[derive(Debug, PartialEq)]
struct Batch {
    /// Each record that matches, with its place.
    records: Vec<(Sequence, Value)>,
    /// The last record that was looked at.
    end: Sequence,
    /// Whether more records may follow before the batch is full.
    may_grow: bool,
}

/// How long to wait after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// How long to wait at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl StreamMapping {
    pub(super) fn new(
        spec: &MappingSpec,
        database: &Database,
        table: &str,
        start: StartingPosition,
    ) -> Result<Self, String> {
        let stream = Stream::new(database, table);
        Ok(Self {
            position: Position::open(database, &spec.id, &stream, start)?,
            spec: spec.clone(),
            stream,
        })
    }

    /// Delivers records until it is stopped.
    pub(super) async fn run(&self, function: &Function, log: &Log) {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.step(function).await {
                Ok(true) => pause = FIRST_PAUSE,
                Ok(false) => {
                    pause = FIRST_PAUSE;
                    sleep(INTERVAL).await;
                }
                Err(reason) => {
                    log.note(&format!("{} will be retried: {reason}", self.spec.id));
                    sleep(pause).await;
                    pause = LONGEST_PAUSE.min(pause * 2);
                }
            }
        }
    }

    /// Returns the place of the last record so far.
    pub(super) fn end(&self) -> Result<Sequence, String> {
        self.stream.end()
    }

    /// Reports whether every record up to a place has been handled.
    pub(super) fn has_reached(&self, place: &str) -> bool {
        // Places have one length, except for the one before the first record.
        *self.position.get() >= *place
    }

    /// Delivers one batch, and returns false if there are no records.
    async fn step(&self, function: &Function) -> Result<bool, String> {
        let Some(mut batch) = self.next()? else {
            return Ok(false);
        };
        if batch.may_grow && !batch.records.is_empty() && !self.spec.window.is_zero() {
            sleep(self.spec.window).await;
            batch = self.next()?.unwrap_or(batch);
        }
        if batch.records.is_empty() {
            self.position.set(batch.end)?;
            return Ok(true);
        }
        let events: Vec<&Value> = batch.records.iter().map(|(_, event)| event).collect();
        let event = Bytes::from(json!({ "Records": events }).to_string());
        let response = function.invoke(Invocation::new(event)).await;
        let response = response.map_err(|error| error.to_string())?;
        match self.first_failed(&batch, &response)? {
            None => {
                self.position.set(batch.end)?;
                Ok(true)
            }
            Some(index) => {
                let done = index
                    .checked_sub(1)
                    .and_then(|last| batch.records.get(last));
                if let Some((sequence, _)) = done {
                    self.position.set(sequence.clone())?;
                }
                Err(format!("{} reports a failed record", self.spec.function))
            }
        }
    }

    /// Returns the index of the first record to be delivered again.
    fn first_failed(&self, batch: &Batch, response: &[u8]) -> Result<Option<usize>, String> {
        if !self.spec.reports_failures {
            return Ok(None);
        }
        let known: Vec<&str> = batch.records.iter().map(|(place, _)| &**place).collect();
        let failed = failed(response, &known);
        let failed =
            failed.ok_or_else(|| "its report of failed records is malformed".to_owned())?;
        let is_failed = |place: &&str| failed.iter().any(|one| one == place);
        Ok(known.iter().position(is_failed))
    }

    fn next(&self) -> Result<Option<Batch>, String> {
        let records = self.stream.after(&self.position.get())?;
        Ok(self.batch(records))
    }

    /// Selects records that match, up to a full batch.
    fn batch(&self, records: Vec<Record>) -> Option<Batch> {
        let has_more = records.len() == MAX_RECORDS;
        let mut batch = Batch {
            records: Vec::new(),
            end: records.first()?.sequence.clone(),
            may_grow: !has_more,
        };
        for record in records {
            batch.end.clone_from(&record.sequence);
            let filters = &self.spec.filters;
            if filters.is_empty() || filters.iter().any(|one| one.matches(&record.event)) {
                batch.records.push((record.sequence, record.event));
            }
            if batch.records.len() == self.spec.batch_size {
                batch.may_grow = false;
                break;
            }
        }
        Some(batch)
    }
}
