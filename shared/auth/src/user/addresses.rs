//! The e-mail addresses of an account: one that it holds, and one that waits to be verified.

#[cfg(feature = "people")]
use crate::email::EmailAddress;
use crate::time::Timestamp;

use super::User;

/// An address that a mailed code can verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unproven {
    /// The account holds it: it can be used to log in, and nobody has verified it.
    Held,
    /// It waits: it has no item of its own, and reserves nothing.
    Waiting,
}

impl User {
    /// Lets an address wait to be verified. It replaces one that waited before.
    #[cfg(feature = "people")]
    #[must_use]
    pub fn awaiting(self, email: &EmailAddress, now: Timestamp) -> Self {
        Self {
            pending_email: Some(email.display().to_owned()),
            pending_email_canonical: Some(email.canonical().to_owned()),
            pending_email_at: Some(now),
            ..self
        }
    }

    /// Returns the addresses that a code can verify, each with its canonical spelling: the
    /// one that waits, then the one that is held.
    pub fn unproven_addresses(&self) -> impl Iterator<Item = (Unproven, &str)> {
        let waiting = self.pending_email_canonical.as_deref();
        let held = self.email_canonical.as_deref();
        let held = held.filter(|_| self.email_verified_at.is_none());
        let waiting = waiting.map(|address| (Unproven::Waiting, address));
        waiting
            .into_iter()
            .chain(held.map(|address| (Unproven::Held, address)))
    }

    /// True if no session may begin before an address is verified.
    #[must_use]
    pub fn must_verify_first(&self) -> bool {
        self.verification_required && self.email_verified_at.is_none()
    }

    /// Returns the account after one of its addresses was verified: it holds the address, which
    /// no longer waits. All its mailed codes end.
    #[must_use]
    pub fn with_proven(&self, address: Unproven, now: Timestamp) -> Self {
        let mut after = self.clone();
        if address == Unproven::Waiting {
            after.email = after.pending_email.take();
            after.email_canonical = after.pending_email_canonical.take();
            after.pending_email_at = None;
        }
        after.email_verified_at = Some(now);
        after.with_codes_ended(now)
    }

    /// Returns the account after a code that was mailed to the address that it holds was used:
    /// the address is verified, and does not wait as well. Another one continues to wait.
    #[must_use]
    pub fn with_held_verified(&self, now: Timestamp) -> Self {
        let mut after = self.clone();
        after.email_verified_at = after.email_verified_at.or(Some(now));
        if after.pending_email_canonical == after.email_canonical {
            after.pending_email = None;
            after.pending_email_canonical = None;
            after.pending_email_at = None;
        }
        after
    }

    /// Returns the account after someone else has verified the address that it holds: it
    /// holds none, and its mailed codes end, because whoever has verified it reads them.
    #[must_use]
    pub fn without_address(&self, now: Timestamp) -> Self {
        let mut after = self.clone();
        after.email = None;
        after.email_canonical = None;
        after.email_verified_at = None;
        after.with_codes_ended(now)
    }

    fn with_codes_ended(mut self, now: Timestamp) -> Self {
        self.revision = self.revision.saturating_add(1);
        self.codes_since = self.revision;
        self.updated_at = now;
        self
    }
}
