//! The table of login attempts: counters that are raised before a password is hashed.

mod lookup;
mod person;
mod unlock;
mod write;

pub use lookup::LoginLookup;
pub use person::AttemptKeys;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use gatehouse_auth::guessing::{
    Counted, Counter, KNOWN_FOR, Limit, LoginCounters, Settlement, Step,
};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{moment, number, pk, values};
use crate::dynamodb::table::{Table, Write};
use write::StepWrite;

/// The default for an address; only `register` and `login` count by it.
const ADDRESS_ATTEMPTS_PER_HOUR: u32 = 300;
/// Tries at one counter: to start it, to be one of the free attempts, to be the one after
/// them, and to find it locked. With fewer, honest users who log in at the same moment are
/// refused.
const MAX_TRIES: u32 = 4;
/// How long an attempt waits that was overtaken at every try.
const OVERTAKEN_WAIT: Duration = Duration::from_secs(1);

/// The table of login attempts.
#[derive(Debug, Clone)]
pub struct LoginAttempts {
    table: Table,
    address: Limit,
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
    /// The attempt is counted; it may hash its password.
    Reserved {
        /// The number of attempts that the counter now has.
        failures: u32,
    },
    /// It may not, and is not counted unless other attempts overtook it.
    Refused {
        /// How long to wait; at least a second.
        retry_after: Duration,
    },
}

/// Whether one more login is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginReservation {
    /// The attempt is counted; it may hash its password.
    Reserved(ReservedLogin),
    /// One of its counters refuses the attempt.
    Refused {
        /// The counter.
        counted: Counted,
        /// How long to wait; at least a second.
        retry_after: Duration,
    },
}

/// A login that has been counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReservedLogin {
    /// What to write if it succeeds.
    settlement: Settlement,
}

/// The result of one step of a counter.
enum Written {
    Yes,
    /// The condition failed because of this counter.
    No(Option<Counter>),
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
}

impl LoginAttempts {
    /// Opens the table of that name; nothing connects yet.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self {
            table: Table::new(client, table),
            address: Limit::address(ADDRESS_ATTEMPTS_PER_HOUR),
        }
    }

    /// Sets how many attempts per hour an address has before it must wait.
    #[must_use]
    pub fn with_address_attempts(self, per_hour: u32) -> Self {
        let address = Limit::address(per_hour);
        Self { address, ..self }
    }

    /// Counts a login in each counter that applies to it, starting from the counters that
    /// were read. If one of them was locked, it writes nothing.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or an item is corrupt; then do not hash the password.
    pub async fn reserve_login(
        &self,
        guess: &Guess<'_>,
        seen: &LoginCounters,
        now: Timestamp,
    ) -> Result<LoginReservation, StoreError> {
        let binding = seen.binding(now);
        let locked = binding.iter().filter_map(|&counted| {
            match self.limit(counted).step(seen.of(counted), now) {
                Step::Locked { until } => Some((counted, until)),
                Step::Begin { .. } | Step::Add { .. } | Step::Raise { .. } => None,
            }
        });
        if let Some((counted, until)) = locked.max_by_key(|(_, until)| *until) {
            return Ok(LoginReservation::Refused {
                counted,
                retry_after: until.since(now),
            });
        }
        let mut first = None;
        for &counted in binding {
            let (limit, seen) = (self.limit(counted), seen.of(counted).copied());
            match self.reserve(&guess.key(counted), limit, seen, now).await? {
                Reservation::Refused { retry_after } => {
                    return Ok(LoginReservation::Refused {
                        counted,
                        retry_after,
                    });
                }
                Reservation::Reserved { failures } => first = first.or(Some(failures)),
            }
        }
        let settlement = seen.settle(first.unwrap_or(u32::MAX), now);
        Ok(LoginReservation::Reserved(ReservedLogin { settlement }))
    }

    /// Undoes the counting of a login that succeeded: it clears the counter of the pair,
    /// which is a known one from now on, subtracts this login from that of the identifier,
    /// and leaves that of the address.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails.
    pub async fn record_success(
        &self,
        guess: &Guess<'_>,
        reserved: ReservedLogin,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Settlement {
            marks_pair,
            releases_identifier,
        } = reserved.settlement;
        if marks_pair {
            self.mark_known(&guess.key(Counted::Pair), now).await?;
        }
        if releases_identifier {
            self.release(&guess.key(Counted::Identifier)).await?;
        }
        Ok(())
    }

    /// Counts an attempt by its address, since it names no user: a registration.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or an item is corrupt; then do not hash the password.
    pub async fn reserve_address(
        &self,
        address: &str,
        now: Timestamp,
    ) -> Result<Reservation, StoreError> {
        let key = ItemKey::address_attempts(address);
        self.reserve(&key, &self.address, None, now).await
    }

    /// Counts an attempt of a logged-in user to confirm the password.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or an item is corrupt; then do not hash the password.
    pub async fn reserve_user(
        &self,
        sub: &SubjectId,
        now: Timestamp,
    ) -> Result<Reservation, StoreError> {
        self.reserve(&ItemKey::user_attempts(sub), &Limit::USER, None, now)
            .await
    }

    /// Clears the counter of a logged-in user, who has confirmed the password.
    ///
    /// # Errors
    /// [`StoreError`] if the call fails.
    pub async fn forget_user(&self, sub: &SubjectId) -> Result<(), StoreError> {
        let key = pk(&ItemKey::user_attempts(sub));
        self.table.delete(key, |delete| delete).await.map(drop)
    }

    fn limit(&self, counted: Counted) -> &Limit {
        match counted {
            Counted::Identifier => &Limit::IDENTIFIER,
            Counted::Pair => &Limit::PAIR,
            Counted::Address => &self.address,
        }
    }

    /// Takes one step of a counter. If another attempt was quicker, it decides again from
    /// what that one wrote.
    async fn reserve(
        &self,
        key: &ItemKey,
        limit: &Limit,
        mut seen: Option<Counter>,
        now: Timestamp,
    ) -> Result<Reservation, StoreError> {
        for _ in 0..MAX_TRIES {
            let step = limit.step(seen.as_ref(), now);
            let step = match StepWrite::new(step, seen.as_ref(), now) {
                Ok(step) => step,
                Err(until) => {
                    let retry_after = until.since(now);
                    return Ok(Reservation::Refused { retry_after });
                }
            };
            let failures = step.failures;
            match self.write(key, step).await? {
                Written::Yes => return Ok(Reservation::Reserved { failures }),
                Written::No(old) => seen = old,
            }
        }
        // Other attempts were quicker each time: in such a crowd this one can wait.
        let retry_after = OVERTAKEN_WAIT;
        Ok(Reservation::Refused { retry_after })
    }

    /// Writes a step, or returns the counter that refused it.
    async fn write(&self, key: &ItemKey, step: StepWrite) -> Result<Written, StoreError> {
        let update = self.table.update(pk(key), |update| {
            update
                .condition_expression(step.condition)
                .update_expression(step.update)
                .set_expression_attribute_values(Some(step.values))
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                )
        });
        match update.await? {
            Write::Done(_) => Ok(Written::Yes),
            Write::Refused(item) => {
                let counter = item.map(|item| self.table.decode(key.as_str(), item));
                Ok(Written::No(counter.transpose()?))
            }
        }
    }

    async fn mark_known(&self, key: &ItemKey, now: Timestamp) -> Result<(), StoreError> {
        let update = self.table.update(pk(key), |update| {
            update
                .update_expression(
                    "SET failures = :none, last_success_at = :now, expires_at = :end \
                     REMOVE locked_until, counted_until",
                )
                .set_expression_attribute_values(Some(values([
                    ("none", number(0)),
                    ("now", moment(now)),
                    ("end", moment(now.plus(KNOWN_FOR))),
                ])))
        });
        update.await.map(drop)
    }

    async fn release(&self, key: &ItemKey) -> Result<(), StoreError> {
        let update = self.table.update(pk(key), |update| {
            update
                .condition_expression("failures > :none")
                .update_expression("SET failures = failures - :one")
                .set_expression_attribute_values(Some(values([
                    ("none", number(0)),
                    ("one", number(1)),
                ])))
        });
        update.await.map(drop)
    }
}
