//! Event source mappings: invoke functions with the records of streams and the messages of
//! queues, as Lambda does.

mod position;
mod queue;
mod response;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use queue::QueueMapping;
use stream::StreamMapping;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::lambda::Functions;
use crate::log::Log;
use crate::queues::Queues;
use crate::tables::Tables;
use crate::template::{EventSource, MappingSpec};

/// The running mappings of a stack. Dropping them stops them.
#[derive(Debug)]
pub(crate) struct Mappings {
    streams: Vec<Arc<StreamMapping>>,
    queues: Vec<Arc<QueueMapping>>,
    running: JoinSet<()>,
}

/// What the mappings connect.
pub(crate) struct MappedParts<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) functions: &'a Functions,
    pub(crate) log: &'a Log,
}

/// How often a stream or a queue is read, so that a mail leaves at once.
const INTERVAL: Duration = Duration::from_millis(50);

impl Mappings {
    /// Starts every mapping.
    pub(crate) fn start(
        specs: &[MappingSpec],
        queues: &Arc<Queues>,
        parts: &MappedParts<'_>,
    ) -> Result<Self, String> {
        let mut mappings = Self {
            streams: Vec::new(),
            queues: Vec::new(),
            running: JoinSet::new(),
        };
        for spec in specs {
            let Some(function) = parts.functions.get(&spec.function) else {
                continue;
            };
            let function = Arc::clone(function);
            match &spec.source {
                EventSource::Stream { table, start } => {
                    let mapping = StreamMapping::new(spec, parts.tables.database(), table, *start)?;
                    let mapping = Arc::new(mapping);
                    mappings.streams.push(Arc::clone(&mapping));
                    let log = parts.log.clone();
                    let run = async move { mapping.run(&function, &log).await };
                    mappings.running.spawn(run);
                }
                EventSource::Queue(name) => {
                    let mapping = QueueMapping::new(spec, queues, name);
                    let mapping = Arc::new(mapping);
                    mappings.queues.push(Arc::clone(&mapping));
                    mappings
                        .running
                        .spawn(mapping.run(function, parts.log.clone()));
                }
            }
        }
        Ok(mappings)
    }

    /// Waits until every record that is there has been handled, and every message that is
    /// visible, also those that were sent in the meantime because of a record.
    pub(crate) async fn settled(&self) {
        for stream in &self.streams {
            let end = stream.end().unwrap_or_default();
            while !stream.has_reached(&end) {
                sleep(INTERVAL / 5).await;
            }
        }
        for queue in &self.queues {
            let before = queue.pending();
            while !queue.pending().is_disjoint(&before) {
                sleep(INTERVAL / 5).await;
            }
        }
    }

    /// Stops every mapping, and waits until none of them is running.
    pub(crate) async fn stop(&mut self) {
        self.running.shutdown().await;
    }
}
