//! One line of a file, and the outcome of its import.

use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;
use gatehouse_store::{Claim, Imported};

use crate::user_file::{Entry, NoUser, Remark};

/// A line of the file.
pub(super) struct Line {
    /// The line number, as an editor counts.
    pub(super) number: u64,
    pub(super) user: Result<User, NoUser>,
    /// The field that contains the old id.
    old_id: &'static str,
    pub(super) warnings: Vec<Remark>,
}

/// The outcome of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LineOutcome {
    Imported,
    /// An earlier run, or an identical line before it, has created this account.
    Already,
    Refused(Remark),
    /// It is not a user, but a record of this Django model.
    Skipped(String),
}

impl Line {
    pub(super) fn read(entry: Entry, now: Timestamp) -> Self {
        let has_id = entry
            .record
            .as_ref()
            .is_ok_and(|record| record.id.is_some());
        let user = entry.record.and_then(|record| Ok(record.user(now)?));
        Self {
            number: entry.line,
            user,
            old_id: if has_id { "id" } else { "external_id" },
            warnings: entry.warnings,
        }
    }

    pub(super) fn user(&self) -> Option<&User> {
        self.user.as_ref().ok()
    }

    /// Returns the field that makes a claim.
    pub(super) fn field(&self, claim: Claim) -> &'static str {
        match claim {
            Claim::Subject => "id",
            Claim::Username => "username",
            Claim::Email => "email",
            Claim::ExternalId => self.old_id,
        }
    }

    /// Returns the outcome, given the result from the table.
    pub(super) fn outcome(&self, imported: Imported) -> LineOutcome {
        match imported {
            Imported::Written => LineOutcome::Imported,
            Imported::Already => LineOutcome::Already,
            Imported::Taken(claim) => LineOutcome::Refused(Remark::new(
                self.field(claim),
                "already used by another account",
            )),
            Imported::Deleted => LineOutcome::Refused(Remark::new(
                "id",
                "an account with this id was deleted, and ids cannot be reused: give this user another id",
            )),
        }
    }
}

impl From<&NoUser> for LineOutcome {
    fn from(reason: &NoUser) -> Self {
        match reason {
            NoUser::Refused(remark) => Self::Refused(remark.clone()),
            NoUser::OtherModel(model) => Self::Skipped(model.clone()),
        }
    }
}
