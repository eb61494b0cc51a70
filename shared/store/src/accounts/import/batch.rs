//! Users who are imported in one transaction.

use std::collections::HashSet;

use gatehouse_auth::failure::Failure as _;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::user::User;

use super::Imported;
use crate::dynamodb::error::StoreError;
use crate::users::Claim;

/// Users from a file who fit into one transaction and share no item, and what has become of
/// them so far.
#[derive(Debug, Default)]
pub struct ImportBatch<'a> {
    entries: Vec<Entry<'a>>,
    /// The items of the users' table that the transaction writes.
    keys: HashSet<ItemKey>,
}

#[derive(Debug)]
struct Entry<'a> {
    user: &'a User,
    imported: Option<Imported>,
    /// Whether a write of this user failed, and may have succeeded nevertheless.
    doubtful: bool,
}

/// DynamoDB writes no more items in one transaction. It also limits them to 4 MB, of which
/// a hundred items of users have a fraction: names, addresses, roles and hashes are bounded.
const MAX_PARTS: usize = 100;

impl<'a> ImportBatch<'a> {
    /// Returns a batch with one user.
    #[must_use]
    pub fn of(user: &'a User) -> Self {
        let mut batch = Self::default();
        batch.add(user);
        batch
    }

    /// Adds a user. Returns false, and adds nobody, if the batch is full or writes one of the
    /// user's items already; the number of administrators is such an item.
    pub fn add(&mut self, user: &'a User) -> bool {
        let claims = Claim::ALL.into_iter().filter_map(|claim| claim.key(user));
        let admins = user.is_active_admin().then(ItemKey::admins);
        let keys: Vec<ItemKey> = claims.chain(admins).collect();
        // Each user has one more part: the check that the subject is not revoked.
        let parts = self.keys.len() + self.entries.len() + keys.len() + 1;
        if parts > MAX_PARTS || keys.iter().any(|key| self.keys.contains(key)) {
            return false;
        }
        self.keys.extend(keys);
        self.entries.push(Entry {
            user,
            imported: None,
            doubtful: false,
        });
        true
    }

    /// Returns the users, in the order in which they were added.
    pub fn users(&self) -> impl Iterator<Item = &'a User> {
        self.entries.iter().map(|entry| entry.user)
    }

    /// Returns the users that are undecided, with their indices.
    #[must_use]
    pub fn undecided(&self) -> Vec<(usize, &'a User)> {
        let entries = self.entries.iter().enumerate();
        let undecided = entries.filter(|(_, entry)| entry.imported.is_none());
        undecided
            .map(|(index, entry)| (index, entry.user))
            .collect()
    }

    /// Records what has become of users, by their indices.
    pub fn decide(&mut self, decided: impl IntoIterator<Item = (usize, Imported)>) {
        for (index, imported) in decided {
            if let Some(entry) = self.entries.get_mut(index) {
                // If so, an earlier write succeeded, but its response was lost.
                let lost = entry.doubtful && imported == Imported::Already;
                entry.imported = Some(if lost { Imported::Written } else { imported });
            }
        }
    }

    /// Records that the write of everybody undecided failed. It may have succeeded nevertheless,
    /// unless it was rejected.
    pub(super) fn doubt(&mut self, error: &StoreError) {
        let entries = self.entries.iter_mut();
        for entry in entries.filter(|entry| entry.imported.is_none()) {
            entry.doubtful |= error.is_transient();
        }
    }

    /// Returns what has become of the users that are decided.
    #[must_use]
    pub fn imported(&self) -> Vec<Imported> {
        let entries = self.entries.iter();
        entries.filter_map(|entry| entry.imported).collect()
    }
}
