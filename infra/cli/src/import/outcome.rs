//! One line of a file, and what became of it.

use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;
use gatehouse_store::{Claim, Imported};

use crate::user_file::{Content, Entry, Remark};

/// A line that was read.
pub(super) struct Line {
    /// As an editor counts.
    pub(super) number: u64,
    pub(super) person: Person,
    pub(super) warnings: Vec<Remark>,
}

/// Who is in a line.
pub(super) enum Person {
    Known {
        user: Box<User>,
        /// The field in which the file has the old id.
        old_id: &'static str,
    },
    Refused(Remark),
    /// A record of another model of Django's.
    Nobody(String),
}

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Imported,
    /// An earlier run, or an earlier line that is the same, made this account.
    Already,
    Refused(Remark),
    /// There is nobody in it.
    Skipped(String),
}

impl Line {
    pub(super) fn read(entry: Entry, now: Timestamp) -> Self {
        let person = match entry.content {
            Content::Person(record) => match record.user(now) {
                Ok(user) => Person::Known {
                    user: Box::new(user),
                    old_id: if record.id.is_some() {
                        "id"
                    } else {
                        "external_id"
                    },
                },
                Err(remark) => Person::Refused(remark),
            },
            Content::Refused(remark) => Person::Refused(remark),
            Content::NotAPerson(model) => Person::Nobody(model),
        };
        Self {
            number: entry.line,
            person,
            warnings: entry.warnings,
        }
    }

    pub(super) fn user(&self) -> Option<&User> {
        match &self.person {
            Person::Known { user, .. } => Some(user),
            Person::Refused(_) | Person::Nobody(_) => None,
        }
    }

    /// Names the field of this line that makes a claim.
    pub(super) fn field(&self, claim: Claim) -> &'static str {
        match (claim, &self.person) {
            (Claim::Subject, _) => "id",
            (Claim::Username, _) => "username",
            (Claim::Email, _) => "email",
            (Claim::ExternalId, Person::Known { old_id, .. }) => old_id,
            (Claim::ExternalId, Person::Refused(_) | Person::Nobody(_)) => "external_id",
        }
    }

    /// Says what the table's answer means for this line.
    pub(super) fn outcome(&self, imported: Imported) -> Outcome {
        match imported {
            Imported::Written => Outcome::Imported,
            Imported::Already => Outcome::Already,
            Imported::Taken(claim) => {
                Outcome::Refused(Remark::new(self.field(claim), "another account has it"))
            }
            Imported::Deleted => Outcome::Refused(Remark::new(
                "id",
                "an account with this id was deleted, and its id never returns: give this person another id",
            )),
        }
    }
}
