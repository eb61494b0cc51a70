//! A canary that was found.

use std::fmt;

use super::Kind;

/// Where secrets are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A line that a function logged: also its metrics, and its panics.
    Log,
    /// The headers or the body of a response.
    Response,
    /// A mail.
    Mail,
}

/// A secret where none may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// Where it is.
    pub place: Place,
    /// The text before it.
    pub before: String,
}

/// How many characters before a secret are shown.
const SHOWN: usize = 200;

impl Found {
    /// Describes a secret that begins at this byte.
    pub(super) fn at(kind: Kind, place: Place, text: &str, byte: usize) -> Self {
        let before = String::from_utf8_lossy(text.as_bytes().get(..byte).unwrap_or_default());
        let skipped = before.chars().count().saturating_sub(SHOWN);
        Self {
            kind,
            place,
            before: before.chars().skip(skipped).collect(),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, place, before) = (self.kind, self.place, &self.before);
        write!(formatter, "{kind:?} in {place:?} after: {before}")
    }
}
