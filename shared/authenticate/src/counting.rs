//! Counts an attempt before its password is compared, with the same calls for every name
//! and from every address.

use gatehouse_auth::guessing::LoginCounters;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::password::TypedPassword;
use gatehouse_auth::random;
use gatehouse_auth::time::Timestamp;
use gatehouse_store::{GrantedLane, Waiting};
use secrecy::ExposeSecret;

use crate::Authenticator;
use crate::candidate::Candidate;
use crate::credentials::Credentials;
use crate::error::{AuthenticationError, Refusal};

/// An attempt that has been counted, or that no lane admits.
pub struct CountedAttempt<'a> {
    pub(crate) authenticator: &'a Authenticator,
    pub(crate) typed: TypedPassword,
    credentials: &'a Credentials,
    /// The user who has the name, if there is one.
    sub: Option<SubjectId>,
    counters: LoginCounters,
    granted: Option<GrantedLane>,
    /// When it was counted.
    now: Timestamp,
    waiting: Waiting,
}

impl Authenticator {
    /// Begins an attempt, which nothing has counted yet.
    ///
    /// # Errors
    /// If there is no time left for a hash: an attempt that will not be hashed is not
    /// counted either.
    pub fn begin<'a>(
        &'a self,
        credentials: &'a Credentials,
    ) -> Result<CountedAttempt<'a>, AuthenticationError> {
        let typed = TypedPassword::new(credentials.password.expose_secret());
        self.hasher.ready_to_verify(&typed)?;
        Ok(CountedAttempt {
            authenticator: self,
            typed,
            credentials,
            sub: None,
            counters: LoginCounters::default(),
            granted: None,
            now: self.clock.now(),
            waiting: Waiting::begin(),
        })
    }
}

impl<'a> CountedAttempt<'a> {
    /// Reads the name and the counters, in one call.
    ///
    /// # Errors
    /// If the call fails or an item is corrupt.
    pub async fn look_up(&mut self) -> Result<(), AuthenticationError> {
        let Authenticator {
            users, attempts, ..
        } = self.authenticator;
        let name_key = self.credentials.name_key.as_ref();
        let guess = self.credentials.guess();
        let found = attempts.look_up(users, name_key, &guess).await?;
        self.sub = found.sub;
        self.counters = found.counters;
        self.now = self.authenticator.clock.now();
        Ok(())
    }

    /// Counts the attempt, and reads the user. It waits if others are under way that may be
    /// right, so that right passwords do not refuse each other.
    ///
    /// # Errors
    /// If a call fails or an item is corrupt.
    pub async fn reserve(mut self) -> Result<Candidate<'a>, AuthenticationError> {
        while self.is_overtaken().await? && self.waiting.turn().await {
            let guess = self.credentials.guess();
            let attempts = &self.authenticator.attempts;
            attempts.look_again(&guess, &mut self.counters).await?;
            self.now = self.authenticator.clock.now();
        }
        if self.granted.is_none() {
            self.reserve_pair().await?;
        }
        let sub = self.known_or_unused()?;
        let user = self.authenticator.users.get(&sub).await?;
        Ok(Candidate::new(self, sub, user))
    }

    /// Returns the lane that the attempt is to leave if the password is right; none if it
    /// must not be compared with the account's own hash.
    pub(crate) fn comparable(&self) -> Option<GrantedLane> {
        self.granted.filter(|lane| match lane {
            GrantedLane::Identifier => true,
            GrantedLane::Pair => self.is_from_known_network(),
        })
    }

    /// True if the identifier was known from the client's network when it was read.
    pub(crate) fn is_from_known_network(&self) -> bool {
        let known = &self.counters.identifier.known;
        known.contains(&self.credentials.guess().network(), self.now)
    }

    /// Counts a wrong password by its address, and returns what the client gets. A client
    /// that the identifier has no room for learns nothing but that, whatever it sent.
    pub(crate) async fn refuse(self, refusal: Refusal) -> AuthenticationError {
        let Authenticator {
            attempts, clock, ..
        } = self.authenticator;
        let guess = self.credentials.guess();
        let counted = attempts.count_wrong(&guess, &self.counters, clock.now());
        if let Err(error) = counted.await {
            return error.into();
        }
        if self.granted == Some(GrantedLane::Identifier) {
            return AuthenticationError::Refused(refusal);
        }
        let (counted, retry_after) = self.counters.wait(attempts.address_lane(), self.now);
        AuthenticationError::Throttled {
            counted,
            retry_after,
        }
    }

    /// Undoes the counting of a right password, and makes its network known. If that
    /// fails, the attempt stays counted.
    pub(crate) async fn give_back(&self, lane: GrantedLane) {
        let identifier = &self.counters.identifier;
        let guess = self.credentials.guess();
        let attempts = &self.authenticator.attempts;
        let given_back = attempts.record_success(&guess, lane, identifier, self.now);
        if let Err(error) = given_back.await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "a right password stays counted as an attempt");
        }
    }

    /// Tries both lanes; returns true if none admits the attempt, but others in them may be
    /// given back. While the identifier's may be, the pair is left for those who need it.
    async fn is_overtaken(&mut self) -> Result<bool, AuthenticationError> {
        let attempts = &self.authenticator.attempts;
        let (address, now) = (attempts.address_lane(), self.now);
        if self.counters.identifier_is_open(address, now) {
            let guess = self.credentials.guess();
            let reserved = attempts.reserve_identifier(&guess, &mut self.counters, now);
            if reserved.await? {
                self.granted = Some(GrantedLane::Identifier);
                return Ok(false);
            }
        }
        if self.counters.identifier_is_busy(address, now) {
            return Ok(true);
        }
        self.reserve_pair().await?;
        Ok(self.granted.is_none() && self.counters.pair.is_busy(now))
    }

    async fn reserve_pair(&mut self) -> Result<(), AuthenticationError> {
        let guess = self.credentials.guess();
        let attempts = &self.authenticator.attempts;
        let reserved = attempts.reserve_pair(&guess, &mut self.counters, self.now);
        if reserved.await? {
            self.granted = Some(GrantedLane::Pair);
        }
        Ok(())
    }

    /// Replaces an unknown name by an id that no user has, so that the same read is made.
    fn known_or_unused(&self) -> Result<SubjectId, AuthenticationError> {
        match &self.sub {
            Some(sub) => Ok(sub.clone()),
            None => Ok(SubjectId::from_bytes(random::bytes()?)),
        }
    }
}
