//! What a key may be used for at the moment, and since when.

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
pub(crate) struct Held<K> {
    pub(crate) state: KeyState,
    /// When the key entered its state: a pending one its publication.
    pub(crate) since: Timestamp,
    pub(crate) key: K,
}
