//! What is left under the names that a user no longer has.

use std::collections::BTreeSet;

use gatehouse_auth::digest::sha256;
use gatehouse_auth::user::User;

use super::Accounts;
use crate::dynamodb::error::StoreError;
use crate::login_attempts::{AttemptKeys, LoginAttempts};

impl Accounts {
    /// Deletes the counters of failed logins under the names that a change took from a user,
    /// which no longer say anything about anyone.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails. The counters that remain expire by themselves.
    pub async fn delete_attempts_of_old_names(
        &self,
        attempts: &LoginAttempts,
        before: &User,
        after: &User,
    ) -> Result<(), StoreError> {
        let username =
            Some(&before.username_canonical).filter(|old| **old != after.username_canonical);
        let email = before.email_canonical.as_ref();
        let email = email.filter(|_| before.email_canonical != after.email_canonical);
        let old = [username, email].into_iter().flatten();
        let mut keys = AttemptKeys {
            sub: after.sub.clone(),
            digests: old.map(|name| sha256(name.as_bytes())).collect(),
            addresses: BTreeSet::new(),
        };
        if keys.digests.is_empty() {
            return Ok(());
        }
        let mut start = None;
        loop {
            let page = self.sessions.ids_of_user(&after.sub, start).await?;
            keys.addresses = self.sessions.addresses(&page.ids).await?;
            attempts.delete_of_names(&keys).await?;
            start = page.next;
            if start.is_none() {
                return Ok(());
            }
        }
    }
}
