//! What a file has at one place: a user, or the reason why there is none.

use std::io;

use super::record::{Record, Remark};

/// All that is in a file, in order. An error is the end of it.
pub(crate) type Entries = Box<dyn Iterator<Item = io::Result<Entry>>>;

/// What a file has at one place, and what was left out of it.
pub(crate) struct Entry {
    /// The line that it begins in, as an editor counts.
    pub(crate) line: u64,
    pub(crate) record: Result<Record, NoUser>,
    pub(crate) warnings: Vec<Remark>,
}

/// Why an entry is not a user.
#[derive(Debug, Clone)]
pub(crate) enum NoUser {
    Refused(Remark),
    /// A record of another model of Django's, by its name.
    OtherModel(String),
}

impl From<Remark> for NoUser {
    fn from(remark: Remark) -> Self {
        Self::Refused(remark)
    }
}
