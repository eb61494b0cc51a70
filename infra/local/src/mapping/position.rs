//! How far a mapping has read its stream.

use std::sync::{Mutex, PoisonError};

use dynoxide::Database;

use crate::state::State;
use crate::stream::{Sequence, Stream};
use crate::template::StartingPosition;

/// The position of a mapping, which survives the process if the tables do.
#[derive(Debug)]
pub(super) struct Position {
    state: State,
    mapping: String,
    /// The last record that needs no delivery.
    at: Mutex<Sequence>,
}

impl Position {
    /// Returns the position that the mapping has reached, or its start.
    pub(super) fn open(
        database: &Database,
        mapping: &str,
        stream: &Stream,
        start: StartingPosition,
    ) -> Result<Self, String> {
        let state = State::open(database, "position")?;
        let mut known = state.all::<Sequence>()?.into_iter();
        let known = known.find(|(name, _)| name == mapping);
        let at = match (known, start) {
            (Some((_, at)), _) => at,
            (None, StartingPosition::TrimHorizon) => Sequence::new(),
            (None, StartingPosition::Latest) => stream.end()?,
        };
        let position = Self {
            state,
            mapping: mapping.to_owned(),
            at: Mutex::default(),
        };
        position.set(at)?;
        Ok(position)
    }

    pub(super) fn get(&self) -> Sequence {
        let at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        at.clone()
    }

    /// Moves to a record that needs no delivery any longer.
    pub(super) fn set(&self, at: Sequence) -> Result<(), String> {
        self.state.put(&self.mapping, &at)?;
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) = at;
        Ok(())
    }
}
