//! The table of attempts: counters that are raised before a password is hashed.

pub(crate) mod lookup;
pub(crate) mod person;
pub(crate) mod unlock;
mod write;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use gatehouse_auth::guessing::{
    Counted, Counter, KNOWN_FOR, Limit, LoginCounters, Settlement, Step,
};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;

use crate::dynamodb::error::{StoreError, written};
use crate::dynamodb::item::{decode, moment, number, pk, values};
use write::Write;

/// The table of attempts.
#[derive(Debug, Clone)]
pub struct LoginAttempts {
    client: Client,
    table: String,
    address: Limit,
}

/// Who is named by an attempt at a login, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Guess<'a> {
    /// Digest of the canonical identifier.
    pub digest: &'a str,
    /// The client's address.
    pub address: &'a str,
}

/// What came of asking for one more attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// The attempt is counted; it may hash its password.
    Reserved {
        /// The attempts that its counter holds now.
        failures: u32,
    },
    /// It may not, and where rivals have not overtaken it, it is not counted.
    Refused {
        /// How long to wait; a second at least.
        retry_after: Duration,
    },
}

/// What came of asking for one more attempt at a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginReservation {
    /// The attempt is counted; it may hash its password.
    Reserved(ReservedLogin),
    /// One of its counters refuses it.
    Refused {
        /// The counter.
        counted: Counted,
        /// How long to wait; a second at least.
        retry_after: Duration,
    },
}

/// An attempt at a login that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReservedLogin {
    /// What is written if it succeeds.
    settlement: Settlement,
}

/// What came of a conditional update.
enum Written {
    Yes,
    /// Its condition failed on this counter.
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
    /// Names the table.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        let address = Limit::address(ADDRESS_ATTEMPTS_PER_HOUR);
        Self {
            client,
            table,
            address,
        }
    }

    /// Sets how many attempts an hour one address has before it must wait.
    #[must_use]
    pub fn with_address_attempts(self, per_hour: u32) -> Self {
        let address = Limit::address(per_hour);
        Self { address, ..self }
    }

    /// Counts one attempt at a login in each counter that binds it, from what was
    /// seen of them. Where one was seen locked, nothing is written.
    ///
    /// # Errors
    /// [`StoreError`] as a call or an item gives it: then nobody may hash.
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

    /// Takes back what a login that succeeded was counted: of the pair all, and it is
    /// known from now on; of the identifier this one; of the address nothing.
    ///
    /// # Errors
    /// [`StoreError`] as a call gives it.
    pub async fn succeed(
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
            self.mark(&guess.key(Counted::Pair), now).await?;
        }
        if releases_identifier {
            self.release(&guess.key(Counted::Identifier)).await?;
        }
        Ok(())
    }

    /// Counts one attempt from an address that names nobody: a registration, a reset.
    ///
    /// # Errors
    /// [`StoreError`] as a call or an item gives it: then nobody may hash.
    pub async fn reserve_address(
        &self,
        address: &str,
        now: Timestamp,
    ) -> Result<Reservation, StoreError> {
        let key = ItemKey::address_attempts(address);
        self.reserve(&key, &self.address, None, now).await
    }

    /// Counts one attempt of a user who is logged in and gives the password again.
    ///
    /// # Errors
    /// [`StoreError`] as a call or an item gives it: then nobody may hash.
    pub async fn reserve_user(
        &self,
        sub: &SubjectId,
        now: Timestamp,
    ) -> Result<Reservation, StoreError> {
        self.reserve(&ItemKey::user_attempts(sub), &Limit::USER, None, now)
            .await
    }

    /// Forgets the attempts of a user, who has given the right password, or is gone.
    ///
    /// # Errors
    /// [`StoreError`] as the call gives it.
    pub async fn forget_user(&self, sub: &SubjectId) -> Result<(), StoreError> {
        self.client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(pk(&ItemKey::user_attempts(sub))))
            .send()
            .await
            .map(drop)
            .map_err(|error| StoreError::of("DeleteItem", error))
    }

    fn limit(&self, counted: Counted) -> &Limit {
        match counted {
            Counted::Identifier => &Limit::IDENTIFIER,
            Counted::Pair => &Limit::PAIR,
            Counted::Address => &self.address,
        }
    }

    /// Takes one step, and where a rival was quicker, decides again from what the
    /// rival wrote.
    async fn reserve(
        &self,
        key: &ItemKey,
        limit: &Limit,
        mut seen: Option<Counter>,
        now: Timestamp,
    ) -> Result<Reservation, StoreError> {
        for _ in 0..MAX_TURNS {
            let step = limit.step(seen.as_ref(), now);
            let write = match Write::of(step, seen.as_ref(), now) {
                Ok(write) => write,
                Err(until) => {
                    let retry_after = until.since(now);
                    return Ok(Reservation::Refused { retry_after });
                }
            };
            let failures = write.failures;
            match self.write(key, write).await? {
                Written::Yes => return Ok(Reservation::Reserved { failures }),
                Written::No(old) => seen = old,
            }
        }
        // Rivals took every turn: whoever guesses in such a crowd can wait.
        let retry_after = CROWDED;
        Ok(Reservation::Refused { retry_after })
    }

    async fn write(&self, key: &ItemKey, write: Write) -> Result<Written, StoreError> {
        let sent = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(pk(key)))
            .condition_expression(write.condition)
            .update_expression(write.update)
            .set_expression_attribute_values(Some(write.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = sent else {
            return Ok(Written::Yes);
        };
        let Some(UpdateItemError::ConditionalCheckFailedException(refusal)) =
            error.as_service_error()
        else {
            return Err(StoreError::of(OPERATION, error));
        };
        let old = refusal.item.clone();
        let old = old
            .map(|item| decode(&self.table, key.as_str(), item))
            .transpose()?;
        Ok(Written::No(old))
    }

    async fn mark(&self, key: &ItemKey, now: Timestamp) -> Result<(), StoreError> {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(pk(key)))
            .update_expression(
                "SET failures = :none, last_success_at = :now, expires_at = :end \
                 REMOVE locked_until, counted_until",
            )
            .set_expression_attribute_values(Some(values([
                ("none", number(0)),
                ("now", moment(now)),
                ("end", moment(now.plus(KNOWN_FOR))),
            ])))
            .send()
            .await
            .map(drop)
            .map_err(|error| StoreError::of(OPERATION, error))
    }

    async fn release(&self, key: &ItemKey) -> Result<(), StoreError> {
        let sent = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(pk(key)))
            .condition_expression("failures > :none")
            .update_expression("SET failures = failures - :one")
            .set_expression_attribute_values(Some(values([
                ("none", number(0)),
                ("one", number(1)),
            ])))
            .send()
            .await;
        written(OPERATION, sent).map(drop)
    }
}

const OPERATION: &str = "UpdateItem";
/// What an address has unless it is set; only `register` and `login` count by it.
const ADDRESS_ATTEMPTS_PER_HOUR: u32 = 300;
/// Turns at one counter: to begin it, to be one of the free ones, to be the one beyond,
/// and to see that it is locked. Fewer refuse honest people who come at once.
const MAX_TURNS: u32 = 4;
/// What somebody waits whom rivals have overtaken at every turn.
const CROWDED: Duration = Duration::from_secs(1);
