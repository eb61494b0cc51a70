//! Entries of a file: users, or the reasons why they could not be read.

use std::io;

use super::record::{Record, Remark};

/// All entries of a file, in order. After an error there are no more.
pub(crate) type Entries = Box<dyn Iterator<Item = io::Result<Entry>>>;

/// A row of a CSV file, or a JSON object.
pub(crate) struct Entry {
    /// The line that it begins on, as an editor counts them.
    pub(crate) line: u64,
    pub(crate) record: Result<Record, NoUser>,
    /// What was left out of it.
    pub(crate) warnings: Vec<Remark>,
}

/// Why an entry has no user.
#[derive(Debug, Clone)]
pub(crate) enum NoUser {
    Refused(Remark),
    /// A record of another Django model, with the name of the model.
    OtherModel(String),
}

impl From<Remark> for NoUser {
    fn from(remark: Remark) -> Self {
        Self::Refused(remark)
    }
}
