//! What the lines of a file have claimed so far, for a dry run, which writes nothing to the
//! table.

use std::collections::HashMap;

use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::user::User;
use gatehouse_store::{Claim, Imported};

use super::line::{Line, LineOutcome};
use crate::user_file::Remark;

/// The claims of lines that would have been imported, by key. They take about 150 bytes each,
/// the only memory that grows with the file.
#[derive(Default)]
pub(super) struct TakenKeys(HashMap<ItemKey, Holder>);

struct Holder {
    line: u64,
    /// The digest of the line.
    imported: Option<String>,
}

impl TakenKeys {
    /// Decides the outcome of a line. `foreseen` is the result if only the table is considered.
    pub(super) fn decide(&mut self, line: &Line, user: &User, foreseen: Imported) -> LineOutcome {
        if let Some(holder) = Claim::Subject.key(user).and_then(|key| self.0.get(&key)) {
            return if holder.imported == user.imported {
                LineOutcome::Already
            } else {
                LineOutcome::Refused(holder.has("id"))
            };
        }
        if foreseen != Imported::Written {
            return line.outcome(foreseen);
        }
        let claims = Claim::ALL.into_iter();
        let claims = claims.filter_map(|claim| Some((claim, claim.key(user)?)));
        let claims: Vec<(Claim, ItemKey)> = claims.collect();
        let conflict = claims
            .iter()
            .find_map(|(claim, key)| Some((*claim, self.0.get(key)?)));
        if let Some((claim, holder)) = conflict {
            return LineOutcome::Refused(holder.has(line.field(claim)));
        }
        for (_, key) in claims {
            let holder = Holder {
                line: line.number,
                imported: user.imported.clone(),
            };
            self.0.insert(key, holder);
        }
        LineOutcome::Imported
    }
}

impl Holder {
    fn has(&self, field: &'static str) -> Remark {
        Remark::new(field, format!("already used on line {}", self.line))
    }
}
