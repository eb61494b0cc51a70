//! A mapping of a queue: several events at a time, in no particular order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::INTERVAL;
use super::response::failed;
use crate::lambda::{Function, Invocation};
use crate::log::Log;
use crate::queues::{Message, Queues};
use crate::template::MappingSpec;

/// A queue whose messages invoke a function.
#[derive(Debug)]
pub(super) struct QueueMapping {
    spec: MappingSpec,
    queues: Arc<Queues>,
    queue: String,
    /// How many events are being handled.
    handling: AtomicUsize,
}

impl QueueMapping {
    pub(super) fn new(spec: &MappingSpec, queues: &Arc<Queues>, queue: &str) -> Self {
        Self {
            spec: spec.clone(),
            queues: Arc::clone(queues),
            queue: queue.to_owned(),
            handling: AtomicUsize::new(0),
        }
    }

    /// Delivers messages until it is stopped.
    pub(super) async fn run(self: Arc<Self>, function: Arc<Function>, log: Log) {
        // Dropping the set stops waiting for those that are being handled.
        let mut events = JoinSet::new();
        loop {
            while events.try_join_next().is_some() {}
            let messages = if events.len() < self.spec.concurrency {
                self.receive().await
            } else {
                Ok(Vec::new())
            };
            match messages {
                Ok(messages) if messages.is_empty() => sleep(INTERVAL).await,
                Ok(messages) => {
                    let (this, log) = (Arc::clone(&self), log.clone());
                    let function = Arc::clone(&function);
                    events.spawn(async move {
                        if let Err(reason) = this.deliver(&messages, &function).await {
                            log.note(&format!("{} will be retried: {reason}", this.spec.id));
                        }
                        this.handling.fetch_sub(1, Ordering::SeqCst);
                    });
                }
                Err(reason) => {
                    log.note(&format!("{} cannot read its queue: {reason}", self.spec.id));
                    sleep(INTERVAL * 20).await;
                }
            }
        }
    }

    /// Reports whether no message is visible, and none is being handled.
    pub(super) fn is_idle(&self) -> bool {
        // In this order: a message that is received is counted first.
        !self.queues.has_visible(&self.queue) && self.handling.load(Ordering::SeqCst) == 0
    }

    /// Receives messages, which then count as being handled.
    async fn receive(&self) -> Result<Vec<Message>, String> {
        self.handling.fetch_add(1, Ordering::SeqCst);
        let received = self.batch().await;
        if received.as_ref().map_or(true, Vec::is_empty) {
            self.handling.fetch_sub(1, Ordering::SeqCst);
        }
        received
    }

    async fn batch(&self) -> Result<Vec<Message>, String> {
        let size = self.spec.batch_size;
        let mut messages = self.queues.receive(&self.queue, size)?;
        if !messages.is_empty() && messages.len() < size && !self.spec.window.is_zero() {
            sleep(self.spec.window).await;
            let more = size - messages.len();
            messages.extend(self.queues.receive(&self.queue, more)?);
        }
        Ok(messages)
    }

    /// Invokes the function, and deletes the messages that it has handled. The others are
    /// visible again after the queue's timeout.
    async fn deliver(&self, messages: &[Message], function: &Function) -> Result<(), String> {
        let records = messages.iter().map(|message| message.event(&self.queue));
        let event = json!({ "Records": records.collect::<Vec<Value>>() });
        let invocation = Invocation::new(Bytes::from(event.to_string()));
        let response = function.invoke(invocation).await;
        let response = response.map_err(|error| error.to_string())?;
        let ids: Vec<&str> = messages.iter().map(|message| &*message.id).collect();
        let mut done: BTreeSet<&str> = ids.iter().copied().collect();
        if self.spec.reports_failures {
            let failed = failed(&response, &ids);
            let failed = failed.ok_or("its report of failed messages is malformed")?;
            done.retain(|id| !failed.iter().any(|one| one == id));
        }
        let done: Vec<&str> = done.into_iter().collect();
        self.queues.delete(&self.queue, &done)
    }
}
