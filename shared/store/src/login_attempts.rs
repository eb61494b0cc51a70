//! The table of login attempts: leaky buckets that an attempt enters before its password is
//! hashed, and leaves again if it was right.
//!
//! Each write is conditional on nothing but the lane itself, so it is exact whatever other
//! instances do, and whatever was read before.

mod give_back;
mod lookup;
mod networks;
mod person;
mod reservation;
mod unlock;
mod waiting;

pub use give_back::GrantedLane;
pub use lookup::LoginLookup;
pub use person::AttemptKeys;
pub use waiting::Waiting;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use gatehouse_auth::digest::sha256;
use gatehouse_auth::guessing::{Counted, Counter, Lane, LaneState, LoginCounters};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::table::Table;
pub(crate) use reservation::Lifetime;

/// The default for an address; only `register`, `login` and `account` count by it.
const ADDRESS_ATTEMPTS_PER_HOUR: u32 = 300;
/// The default for mails that an address asks for; only `email` counts them.
const ADDRESS_MAILS_PER_HOUR: u32 = 30;

/// The table of login attempts.
#[derive(Debug, Clone)]
pub struct LoginAttempts {
    table: Table,
    address: Lane,
    mails: Lane,
}

/// The identifier that a login names, and the address that it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Guess<'a> {
    /// Digest of the canonical identifier.
    pub digest: &'a str,
    /// The client's address.
    pub address: &'a str,
}

/// Whether one more attempt is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// The attempt is counted; it may go on.
    Granted,
    /// It may not, and is not counted.
    Refused {
        /// How long until the lane admits one.
        retry_after: Duration,
        /// True if another attempt was counted just now, which may be given back.
        is_busy: bool,
    },
}

impl Guess<'_> {
    /// Returns the key of a counter's item.
    pub(crate) fn key(&self, counted: Counted) -> ItemKey {
        match counted {
            Counted::Identifier => ItemKey::identifier_attempts(self.digest),
            Counted::Pair => ItemKey::pair_attempts(self.digest, self.address),
            Counted::Address => ItemKey::address_attempts(self.address),
        }
    }

    /// Returns the digest under which the network is known to the identifier. It differs
    /// for each identifier, so that the table does not show who shares a network.
    #[must_use]
    pub fn network(&self) -> String {
        sha256(self.key(Counted::Pair).as_str().as_bytes())
    }
}

impl LoginAttempts {
    /// Opens the table of that name; nothing connects yet.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self {
            table: Table::new(client, table),
            address: Lane::address(ADDRESS_ATTEMPTS_PER_HOUR),
            mails: Lane::address(ADDRESS_MAILS_PER_HOUR),
        }
    }

    /// Sets how many attempts per hour an address has before it must wait.
    #[must_use]
    pub fn with_address_attempts(self, per_hour: u32) -> Self {
        let address = Lane::address(per_hour);
        Self { address, ..self }
    }

    /// Sets how many mails per hour an address may ask for before it must wait.
    #[must_use]
    pub fn with_address_mails(self, per_hour: u32) -> Self {
        let mails = Lane::address(per_hour);
        Self { mails, ..self }
    }

    /// Returns the lane of an address.
    #[must_use]
    pub fn address_lane(&self) -> &Lane {
        &self.address
    }

    /// Counts a login by its identifier; returns false if the lane is full. Updates the
    /// counter if it turns out to be different from what was read.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or an item is corrupt; then compare no password.
    pub async fn reserve_identifier(
        &self,
        guess: &Guess<'_>,
        seen: &mut LoginCounters,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = guess.key(Counted::Identifier);
        let (lane, kept) = (Lane::IDENTIFIER, Lifetime::OfKnownNetworks);
        self.enter(&key, &lane, kept, &mut seen.identifier, now)
            .await
    }

    /// Counts a login by its identifier and network; returns false if the lane is full.
    ///
    /// # Errors
    /// As [`reserve_identifier`](Self::reserve_identifier).
    pub async fn reserve_pair(
        &self,
        guess: &Guess<'_>,
        seen: &mut LoginCounters,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = guess.key(Counted::Pair);
        let (lane, kept) = (Lane::PAIR, Lifetime::DayAfterDraining);
        self.enter(&key, &lane, kept, &mut seen.pair, now).await
    }

    /// Counts a wrong password by its address, starting from the counter that was read. A
    /// full lane stays as it is, so that a flood does not lengthen its own wait.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or the item is corrupt.
    pub async fn count_wrong(
        &self,
        guess: &Guess<'_>,
        seen: &LoginCounters,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let key = guess.key(Counted::Address);
        let (mut seen, kept) = (seen.address.clone(), Lifetime::Day);
        let entered = self.enter(&key, &self.address, kept, &mut seen, now);
        entered.await.map(drop)
    }

    /// Counts an attempt by its address, since it names no user: a registration, a code.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or the item is corrupt; then go no further.
    pub async fn reserve_address(
        &self,
        address: &str,
        now: Timestamp,
    ) -> Result<Reservation, StoreError> {
        let key = ItemKey::address_attempts(address);
        self.reserve(&key, &self.address, Lifetime::Day, now).await
    }

    /// Counts a request for mail by its address, apart from guesses: whoever uses up one lane
    /// leaves the other.
    ///
    /// # Errors
    /// As [`reserve_address`](Self::reserve_address).
    pub async fn reserve_mail(
        &self,
        address: &str,
        now: Timestamp,
    ) -> Result<Reservation, StoreError> {
        let key = ItemKey::mail_requests(address);
        self.reserve(&key, &self.mails, Lifetime::Day, now).await
    }

    /// Counts an attempt of a logged-in user to confirm the password.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or the item is corrupt; then compare no password.
    pub async fn reserve_subject(
        &self,
        sub: &SubjectId,
        now: Timestamp,
    ) -> Result<Reservation, StoreError> {
        let (key, kept) = (ItemKey::user_attempts(sub), Lifetime::DayAfterDraining);
        self.reserve(&key, &Lane::SUBJECT, kept, now).await
    }

    async fn reserve(
        &self,
        key: &ItemKey,
        lane: &Lane,
        kept: Lifetime,
        now: Timestamp,
    ) -> Result<Reservation, StoreError> {
        let mut seen = Counter::default();
        if self.enter(key, lane, kept, &mut seen, now).await? {
            return Ok(Reservation::Granted);
        }
        let retry_after = match lane.state(seen.tat, now) {
            LaneState::Full { wait } => wait,
            // Overtaken: another attempt was given back in between.
            LaneState::Drained | LaneState::Filling => Duration::ZERO,
        };
        Ok(Reservation::Refused {
            retry_after: retry_after.max(Duration::from_secs(1)),
            is_busy: seen.is_busy(now),
        })
    }
}
