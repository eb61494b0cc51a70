//! The template's queues, as Amazon SQS keeps them: delays, visibility timeouts, receive
//! counts, retention and dead-letter queues. What is in them is in the embedded DynamoDB.

mod message;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dynoxide::Database;

pub(crate) use message::{Message, md5_of};

use crate::state::State;
use crate::template::QueueSpec;
use crate::{clock, ids};

/// The queues of a stack, by name.
#[derive(Debug)]
pub(crate) struct Queues {
    specs: BTreeMap<String, QueueSpec>,
    messages: Mutex<BTreeMap<String, Contents>>,
    /// How far the queues' clock is ahead, in milliseconds.
    ahead: AtomicU64,
    is_unreachable: AtomicBool,
}

/// The messages of a queue, the oldest first.
#[derive(Debug)]
struct Contents {
    messages: Vec<Message>,
    state: State,
}

impl Queues {
    /// Opens the queues, with what is in them.
    pub(crate) fn open(specs: Vec<QueueSpec>, database: &Database) -> Result<Self, String> {
        let mut messages = BTreeMap::new();
        for spec in &specs {
            let state = State::open(database, &format!("queue {}", spec.name))?;
            let found = state.all::<Message>()?.into_iter();
            let mut found: Vec<Message> = found.map(|(_, message)| message).collect();
            found.sort_by_key(|message| message.sent_at);
            let contents = Contents {
                messages: found,
                state,
            };
            messages.insert(spec.name.clone(), contents);
        }
        let specs = specs.into_iter().map(|spec| (spec.name.clone(), spec));
        Ok(Self {
            specs: specs.collect(),
            messages: Mutex::new(messages),
            ahead: AtomicU64::new(0),
            is_unreachable: AtomicBool::new(false),
        })
    }

    /// Reports whether there is a queue of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.specs.contains_key(name)
    }

    /// Adds a message, and returns its id.
    pub(crate) fn send(
        &self,
        name: &str,
        body: String,
        delay: Option<Duration>,
    ) -> Result<String, String> {
        let spec = self.specs.get(name).ok_or("there is no such queue")?;
        let now = self.now();
        let delay = delay.unwrap_or(spec.delay);
        let message = Message::new(ids::request_id(), body, now, delay);
        let id = message.id.clone();
        self.contents(name, |contents| contents.add(message))?;
        Ok(id)
    }

    /// Receives up to `most` visible messages, and hides them for the visibility timeout.
    /// Messages that were received too often move to the dead-letter queue.
    pub(crate) fn receive(&self, name: &str, most: usize) -> Result<Vec<Message>, String> {
        let spec = self.specs.get(name).ok_or("there is no such queue")?;
        let now = self.now();
        let mut dead = Vec::new();
        let received = self.contents(name, |contents| {
            contents.expire(now, spec.retention)?;
            if let Some(redrive) = &spec.redrive {
                dead = contents.take_dead(now, redrive.max_receives)?;
            }
            contents.receive(now, spec.visibility, most)
        })?;
        if let Some(redrive) = &spec.redrive {
            for mut message in dead {
                message.visible_at = now;
                self.contents(&redrive.queue, |contents| contents.add(message))?;
            }
        }
        Ok(received)
    }

    /// Deletes messages that were handled.
    pub(crate) fn delete(&self, name: &str, ids: &[&str]) -> Result<(), String> {
        self.contents(name, |contents| contents.delete(ids))
    }

    /// Returns the bodies of all messages, by the queue's logical id in the template.
    pub(crate) fn bodies(&self, logical_id: &str) -> Option<Vec<String>> {
        let spec = self.specs.values().find(|spec| spec.id == logical_id)?;
        let all = self.lock();
        let messages = all.get(&spec.name)?.messages.iter();
        Some(messages.map(|message| message.body.clone()).collect())
    }

    /// Returns the ids of the messages that are visible now.
    pub(crate) fn visible(&self, name: &str) -> Vec<String> {
        let now = self.now();
        let all = self.lock();
        let messages = all.get(name).into_iter().flat_map(|one| &one.messages);
        let visible = messages.filter(|message| message.visible_at <= now);
        visible.map(|message| message.id.clone()).collect()
    }

    /// Moves the queues' clock, so that nobody waits for a delay or a timeout.
    pub(crate) fn advance(&self, time: Duration) {
        self.ahead
            .fetch_add(message::millis(time), Ordering::Relaxed);
    }

    /// Decides whether senders can reach the queues.
    pub(crate) fn set_unreachable(&self, is_unreachable: bool) {
        self.is_unreachable.store(is_unreachable, Ordering::Relaxed);
    }

    /// Reports whether senders cannot reach the queues.
    pub(crate) fn is_unreachable(&self) -> bool {
        self.is_unreachable.load(Ordering::Relaxed)
    }

    fn now(&self) -> u64 {
        clock::now_millis().saturating_add(self.ahead.load(Ordering::Relaxed))
    }

    fn contents<T>(
        &self,
        name: &str,
        work: impl FnOnce(&mut Contents) -> Result<T, String>,
    ) -> Result<T, String> {
        let mut all = self.lock();
        work(all.get_mut(name).ok_or("there is no such queue")?)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Contents>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    fn add(&mut self, message: Message) -> Result<(), String> {
        self.state.put(&message.id, &message)?;
        self.messages.push(message);
        Ok(())
    }

    fn expire(&mut self, now: u64, retention: Duration) -> Result<(), String> {
        let is_old = |message: &Message| message.is_older(now, retention);
        self.remove(is_old).map(drop)
    }

    fn take_dead(&mut self, now: u64, max_receives: u64) -> Result<Vec<Message>, String> {
        self.remove(|message| message.visible_at <= now && message.receives >= max_receives)
    }

    fn receive(
        &mut self,
        now: u64,
        visibility: Duration,
        most: usize,
    ) -> Result<Vec<Message>, String> {
        let visible = self
            .messages
            .iter_mut()
            .filter(|message| message.visible_at <= now);
        let mut received = Vec::new();
        for message in visible.take(most) {
            message.receive(now, visibility);
            self.state.put(&message.id, message)?;
            received.push(message.clone());
        }
        Ok(received)
    }

    fn delete(&mut self, ids: &[&str]) -> Result<(), String> {
        self.remove(|message| ids.contains(&message.id.as_str()))
            .map(drop)
    }

    fn remove(&mut self, is_removed: impl Fn(&Message) -> bool) -> Result<Vec<Message>, String> {
        let removed: Vec<Message> = self
            .messages
            .extract_if(.., |message| is_removed(message))
            .collect();
        for message in &removed {
            self.state.delete(&message.id)?;
        }
        Ok(removed)
    }
}

#[cfg(test)]
mod tests;
