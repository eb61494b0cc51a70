//! Authenticates a user, with the same calls and the same hash whether the user exists or
//! not, and whatever was typed.

use gatehouse_auth::id::SubjectId;
use gatehouse_auth::password::Verified;
use gatehouse_auth::random;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, StoredHash, User};
use gatehouse_store::GrantedLane;

use crate::counting::CountedAttempt;
use crate::error::{AuthenticationError, Refusal};

/// The user that an attempt names, if there is one, before the password is compared.
pub struct Candidate<'a> {
    attempt: CountedAttempt<'a>,
    sub: SubjectId,
    user: Option<User>,
    lane: Option<GrantedLane>,
    /// What the password is compared with.
    hash: Option<StoredHash>,
}

/// A user whose password was correct.
pub struct Authenticated<'a> {
    /// The user, as read before the password was compared.
    pub user: User,
    attempt: CountedAttempt<'a>,
    /// The lane that counted it.
    lane: GrantedLane,
}

impl<'a> Candidate<'a> {
    pub(crate) fn new(attempt: CountedAttempt<'a>, sub: SubjectId, user: Option<User>) -> Self {
        let lane = attempt.comparable();
        let hash = user.as_ref().and_then(|user| user.password_hash.clone());
        Self {
            hash: hash.filter(|_| lane.is_some()),
            attempt,
            sub,
            user,
            lane,
        }
    }

    /// Returns the subject; one that no user has if the name is unknown.
    #[must_use]
    pub fn sub(&self) -> &SubjectId {
        &self.sub
    }

    /// Compares the password.
    ///
    /// # Errors
    /// If no hash can be computed.
    pub async fn verify(&self) -> Result<Verified, AuthenticationError> {
        let hasher = &self.attempt.authenticator.hasher;
        let verifying = hasher.verify(self.attempt.typed.clone(), self.hash.clone());
        Ok(verifying.await?)
    }

    /// Decides whether the attempt succeeds. Replaces an outdated hash if it does.
    ///
    /// # Errors
    /// As [`Authenticator::authenticate`](crate::Authenticator::authenticate).
    pub async fn judge(
        self,
        verified: Verified,
        now: Timestamp,
    ) -> Result<Authenticated<'a>, AuthenticationError> {
        let (user, lane) = match judge(self.user, self.lane, verified) {
            Ok(right) => right,
            Err(refusal) => return Err(self.attempt.refuse(refusal).await),
        };
        let authenticated = Authenticated {
            user,
            attempt: self.attempt,
            lane,
        };
        // If there is no time left, the next login does it.
        let is_ready = authenticated.attempt.authenticator.hasher.ready().is_ok();
        if let (Verified::Outdated, Some(hash), true) = (verified, self.hash, is_ready) {
            authenticated.rehash(&hash, now).await?;
        }
        Ok(authenticated)
    }
}

impl Authenticated<'_> {
    /// True if the identifier was known from the client's network before this attempt.
    #[must_use]
    pub fn is_from_known_network(&self) -> bool {
        self.attempt.is_from_known_network()
    }

    /// Undoes the counting of a right password, and makes its network known. If that
    /// fails, the attempt stays counted.
    pub async fn give_back(&self) {
        self.attempt.give_back(self.lane).await;
    }

    /// Replaces an outdated hash by one of the normalised password, unless the password has
    /// changed in the meantime.
    async fn rehash(&self, old: &StoredHash, now: Timestamp) -> Result<(), AuthenticationError> {
        let (authenticator, sub) = (self.attempt.authenticator, &self.user.sub);
        let normalised = self.attempt.typed.normalised();
        let new = authenticator.hasher.hash(normalised, random::bytes()?);
        let new = new.await?;
        let replaced = authenticator.users.replace_hash(sub, old, &new, now);
        let replaced = replaced.await?;
        tracing::info!(replaced, %sub, "an outdated hash was replaced");
        Ok(())
    }
}

/// Decides whether the attempt succeeds. The order of the reasons is only the log's.
fn judge(
    user: Option<User>,
    lane: Option<GrantedLane>,
    verified: Verified,
) -> Result<(User, GrantedLane), Refusal> {
    let user = user.ok_or(Refusal::UnknownUser)?;
    if user.password_hash.is_none() {
        return Err(Refusal::NoPassword);
    }
    let lane = lane.ok_or(Refusal::WrongPassword)?;
    match (verified, user.status) {
        (Verified::Wrong, _) => Err(Refusal::WrongPassword),
        (Verified::Unusable, _) => Err(Refusal::UnusableHash),
        (Verified::Right | Verified::Outdated, Status::Disabled) => Err(Refusal::Disabled),
        (Verified::Right | Verified::Outdated, Status::Active) => Ok((user, lane)),
    }
}
