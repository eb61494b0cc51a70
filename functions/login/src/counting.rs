//! Counts an attempt before its password is compared, with the same calls for every name
//! and from every address.

use gatehouse_auth::guessing::LoginCounters;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::time::Timestamp;
use gatehouse_store::{GrantedLane, Guess, Waiting};

use crate::app::App;
use crate::attempt::LoginAttempt;
use crate::error::{LoginError, LoginRefusal};

/// An attempt that has been counted, or that no lane admits.
pub(crate) struct CountedAttempt<'a> {
    /// The user who has the name, if there is one.
    pub(crate) sub: Option<SubjectId>,
    guess: Guess<'a>,
    counters: LoginCounters,
    granted: Option<GrantedLane>,
    /// When it was counted.
    now: Timestamp,
    waiting: Waiting,
}

impl<'a> CountedAttempt<'a> {
    /// Reads the name and the counters, in one call.
    ///
    /// # Errors
    /// If the call fails or an item is corrupt.
    pub(crate) async fn look_up(app: &App, attempt: &'a LoginAttempt) -> Result<Self, LoginError> {
        let waiting = Waiting::begin();
        let guess = attempt.guess();
        let name_key = attempt.name_key.as_ref();
        let found = app.attempts.look_up(&app.users, name_key, &guess).await?;
        Ok(Self {
            sub: found.sub,
            guess,
            counters: found.counters,
            granted: None,
            now: app.clock.now(),
            waiting,
        })
    }

    /// Counts the attempt. It waits if others are under way that may be right, so that right
    /// passwords do not refuse each other.
    ///
    /// # Errors
    /// If a call fails or an item is corrupt.
    pub(crate) async fn reserve(&mut self, app: &App) -> Result<(), LoginError> {
        while self.is_overtaken(app).await? && self.waiting.turn().await {
            let counters = &mut self.counters;
            app.attempts.look_again(&self.guess, counters).await?;
            self.now = app.clock.now();
        }
        if self.granted.is_none() {
            self.reserve_pair(app).await?;
        }
        Ok(())
    }

    /// Returns the lane that the attempt is to leave if the password is right; none if it
    /// must not be compared with the account's own hash.
    pub(crate) fn comparable(&self) -> Option<GrantedLane> {
        self.granted.filter(|lane| match lane {
            GrantedLane::Identifier => true,
            GrantedLane::Pair => {
                let known = &self.counters.identifier.known;
                known.contains(&self.guess.network(), self.now)
            }
        })
    }

    /// Counts a wrong password by its address, and returns what the client gets. A client
    /// that the identifier has no room for learns nothing but that, whatever it sent.
    pub(crate) async fn refuse(self, app: &App, refusal: LoginRefusal) -> LoginError {
        let now = app.clock.now();
        let counted = app
            .attempts
            .count_wrong(&self.guess, &self.counters, now)
            .await;
        if let Err(error) = counted {
            return error.into();
        }
        if self.granted == Some(GrantedLane::Identifier) {
            return LoginError::Refused(refusal);
        }
        let (counted, retry_after) = self.counters.wait(app.attempts.address_lane(), self.now);
        LoginError::Throttled {
            counted,
            retry_after,
        }
    }

    /// Undoes the counting of a right password, and makes its network known. If that
    /// fails, the login succeeds all the same, and stays counted.
    pub(crate) async fn give_back(&self, app: &App, lane: GrantedLane) {
        let identifier = &self.counters.identifier;
        let given_back = app
            .attempts
            .record_success(&self.guess, lane, identifier, self.now);
        if let Err(error) = given_back.await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "a right password stays counted as an attempt");
        }
    }

    /// Tries both lanes; returns true if none admits the attempt, but others in them may be
    /// given back. While the identifier's may be, the pair is left for those who need it.
    async fn is_overtaken(&mut self, app: &App) -> Result<bool, LoginError> {
        let (address, now) = (app.attempts.address_lane(), self.now);
        if self.counters.identifier_is_open(address, now) {
            let reserved =
                app.attempts
                    .reserve_identifier(&self.guess, &mut self.counters, self.now);
            if reserved.await? {
                self.granted = Some(GrantedLane::Identifier);
                return Ok(false);
            }
        }
        if self.counters.identifier_is_busy(address, now) {
            return Ok(true);
        }
        self.reserve_pair(app).await?;
        Ok(self.granted.is_none() && self.counters.pair.is_busy(now))
    }

    async fn reserve_pair(&mut self, app: &App) -> Result<(), LoginError> {
        let reserved = app
            .attempts
            .reserve_pair(&self.guess, &mut self.counters, self.now);
        if reserved.await? {
            self.granted = Some(GrantedLane::Pair);
        }
        Ok(())
    }
}
