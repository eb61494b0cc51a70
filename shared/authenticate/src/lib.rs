//! Checks passwords against accounts, and counts every attempt.
//!
//! Whoever names an account goes through [`CountedAttempt`]: an unknown name, a wrong
//! password and a disabled account cost the same calls and the same hash. Whoever is logged
//! in only confirms the password: [`Authenticator::confirm`].

mod candidate;
mod code;
mod counting;
mod credentials;
mod error;
mod owner;

use gatehouse_auth::password::Hasher;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::{Clock, Step};
use gatehouse_store::{LoginAttempts, Users};

pub use candidate::{Authenticated, Candidate};
pub use code::refuse_code;
pub use counting::CountedAttempt;
pub use credentials::Credentials;
pub use error::{AuthenticationError, Refusal};

/// What checking a password needs.
#[derive(Clone)]
pub struct Authenticator {
    /// The accounts.
    pub users: Users,
    /// The counters.
    pub attempts: LoginAttempts,
    /// What hashes passwords.
    pub hasher: Hasher,
    /// What says when an attempt is counted.
    pub clock: Clock,
    /// When a refusal is sent.
    pub step: Step,
}

impl Authenticator {
    /// Returns the user that the credentials belong to. The attempt stays counted until
    /// [`Authenticated::give_back`].
    ///
    /// # Errors
    /// [`AuthenticationError::Refused`] with a reason that only the log may contain;
    /// [`AuthenticationError::Throttled`] after too many attempts, which cost a hash as well.
    pub async fn authenticate<'a>(
        &'a self,
        credentials: &'a Credentials,
        now: Timestamp,
    ) -> Result<Authenticated<'a>, AuthenticationError> {
        let mut attempt = self.begin(credentials)?;
        attempt.look_up().await?;
        let candidate = attempt.reserve().await?;
        let verified = candidate.verify().await?;
        candidate.judge(verified, now).await
    }
}
