//! What a key may be used for at the moment, and since when.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The state of a key; it only ever moves down this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Published, so that verifiers learn it; signs nothing yet.
    Pending,
    /// Signs.
    Active,
    /// Only verifies what it signed before.
    Retired,
}

/// A key in a ring or in the published set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeyEntry<K> {
    pub(crate) state: KeyState,
    /// When the key entered its state: a pending one its publication.
    pub(crate) since: Timestamp,
    pub(crate) key: K,
}

impl<K> KeyEntry<K> {
    /// Takes a new key in: it is published, and signs nothing yet.
    pub(crate) fn pending(key: K, now: Timestamp) -> Self {
        let state = KeyState::Pending;
        Self {
            state,
            since: now,
            key,
        }
    }

    /// Lets a pending key sign; any other is left as it is.
    pub(crate) fn promote(self, now: Timestamp) -> Self {
        match self.state {
            KeyState::Pending => self.enter(KeyState::Active, now),
            KeyState::Active | KeyState::Retired => self,
        }
    }

    /// Takes signing from a key; one that is retired stays so, since when it was.
    pub(crate) fn retire(self, now: Timestamp) -> Self {
        match self.state {
            KeyState::Pending | KeyState::Active => self.enter(KeyState::Retired, now),
            KeyState::Retired => self,
        }
    }

    /// True if the key was retired for all of `span`.
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
