//! A mapping of a queue: several events at a time, in no particular order.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    /// The messages that are being handled.
    handling: Mutex<BTreeSet<String>>,
}

impl QueueMapping {
    pub(super) fn new(spec: &MappingSpec, queues: &Arc<Queues>, queue: &str) -> Self {
        Self {
            spec: spec.clone(),
            queues: Arc::clone(queues),
            queue: queue.to_owned(),
            handling: Mutex::default(),
        }
    }

    /// Delivers messages until it is stopped.
    pub(super) async fn run(self: Arc<Self>, function: Arc<Function>, log: Log) {
        // Dropping the set stops waiting for those that are being handled.
        let mut events = JoinSet::new();
        loop {
            while events.try_join_next().is_some() {}
            let messages = if events.len() < self.spec.concurrency {
                self.batch().await
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
                        let mut handling = this.handling();
                        for message in &messages {
                            handling.remove(&message.id);
                        }
                    });
                }
                Err(reason) => {
                    log.note(&format!("{} cannot read its queue: {reason}", self.spec.id));
                    sleep(INTERVAL * 20).await;
                }
            }
        }
    }

    /// Returns the messages that are visible or being handled.
    pub(super) fn pending(&self) -> BTreeSet<String> {
        let mut pending = self.handling().clone();
        pending.extend(self.queues.visible(&self.queue));
        pending
    }

    async fn batch(&self) -> Result<Vec<Message>, String> {
        let size = self.spec.batch_size;
        let mut messages = self.receive(size)?;
        if !messages.is_empty() && messages.len() < size && !self.spec.window.is_zero() {
            sleep(self.spec.window).await;
            messages.extend(self.receive(size - messages.len())?);
        }
        Ok(messages)
    }

    /// Receives messages, which are then being handled.
    fn receive(&self, most: usize) -> Result<Vec<Message>, String> {
        // Locked first, so that no message is neither visible nor being handled.
        let mut handling = self.handling();
        let messages = self.queues.receive(&self.queue, most)?;
        handling.extend(messages.iter().map(|message| message.id.clone()));
        Ok(messages)
    }

    fn handling(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.handling.lock().unwrap_or_else(PoisonError::into_inner)
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
