//! What a key may currently be used for, and since when.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The state of a key. It only ever moves down this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Published, so that verifiers know it before it signs.
    Pending,
    /// Signs.
    Active,
    /// Only verifies what it signed earlier.
    Retired,
}

/// A key in a ring or in the published set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeyEntry<K> {
    pub(crate) state: KeyState,
    /// When the key entered its state; for a pending key, its publication.
    pub(crate) since: Timestamp,
    pub(crate) key: K,
}

impl<K> KeyEntry<K> {
    /// Adds a new key, which is published but does not sign yet.
    pub(crate) fn pending(key: K, now: Timestamp) -> Self {
        let state = KeyState::Pending;
        Self {
            state,
            since: now,
            key,
        }
    }

    /// Promotes a pending key; leaves any other as it is.
    pub(crate) fn promote(self, now: Timestamp) -> Self {
        match self.state {
            KeyState::Pending => self.enter(KeyState::Active, now),
            KeyState::Active | KeyState::Retired => self,
        }
    }

    /// Retires a key; one that is already retired keeps its time.
    pub(crate) fn retire(self, now: Timestamp) -> Self {
        match self.state {
            KeyState::Pending | KeyState::Active => self.enter(KeyState::Retired, now),
            KeyState::Retired => self,
        }
    }

    /// True if the key has been retired for at least `span`.
    pub(crate) fn is_retired_for(&self, span: Duration, now: Timestamp) -> bool {
        self.state == KeyState::Retired && self.since.plus(span) <= now
    }

    fn enter(self, state: KeyState, now: Timestamp) -> Self {
        Self {
            state,
            since: now,
            key: self.key,
        }
    }
}
