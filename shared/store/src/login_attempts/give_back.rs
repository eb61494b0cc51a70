//! What a right password writes: it leaves its lane, and its network becomes known.
//!
//! These updates are sent once. If the SDK repeated one that had gone through, it would
//! be a free guess; if one is lost, the attempt stays counted.

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::guessing::{Counted, Counter, KNOWN_FOR, Lane, Mark};
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;

use super::reservation::seconds;
use super::{Guess, LoginAttempts};
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, attribute, moment, pk, values};

/// The lane that has counted a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantedLane {
    /// That of the identifier.
    Identifier,
    /// That of the identifier and the network.
    Pair,
}

/// An update of a counter that exists, with the digest of a network if it names one.
struct Departure<'a> {
    condition: &'static str,
    update: &'static str,
    values: Item,
    network: Option<&'a str>,
}

impl LoginAttempts {
    /// Takes a login with the right password out of the lane that counted it, and marks
    /// its network as known. Without an item it writes none: the account was deleted.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails; then the attempt may still be counted.
    pub async fn record_success(
        &self,
        guess: &Guess<'_>,
        lane: GrantedLane,
        identifier: &Counter,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let network = guess.network();
        let key = guess.key(Counted::Identifier);
        match lane {
            GrantedLane::Identifier => {
                let departure = match identifier.mark(&network, now) {
                    Mark::Refresh => Some(Departure::refreshing(&network, now)),
                    Mark::Add(known) => {
                        let known = attribute("UpdateItem", &known)?;
                        let next = seconds(Lane::NEWLY_KNOWN.first(now));
                        Some(Departure::adding(known, next, now))
                    }
                    Mark::Leave => None,
                };
                if let Some(departure) = departure
                    && self.leave(&key, departure).await?
                {
                    return Ok(());
                }
                let departure = Departure::of(&Lane::IDENTIFIER);
                self.leave(&key, departure).await.map(drop)
            }
            GrantedLane::Pair => {
                let pair = guess.key(Counted::Pair);
                self.leave(&pair, Departure::of(&Lane::PAIR)).await?;
                if identifier.known.is_aging(&network, now) {
                    let renewal = Departure::renewing(&network, now);
                    self.leave(&key, renewal).await?;
                }
                Ok(())
            }
        }
    }

    /// Takes a logged-in user who has confirmed the password out of the lane.
    ///
    /// # Errors
    /// As [`record_success`](Self::record_success).
    pub async fn give_back_subject(&self, sub: &SubjectId) -> Result<(), StoreError> {
        let key = ItemKey::user_attempts(sub);
        let departure = Departure::of(&Lane::SUBJECT);
        self.leave(&key, departure).await.map(drop)
    }

    /// Makes the update once; returns false if its condition failed.
    async fn leave(&self, key: &ItemKey, departure: Departure<'_>) -> Result<bool, StoreError> {
        let update = self.table.update_once(pk(key), |update| {
            let update = update
                .condition_expression(departure.condition)
                .update_expression(departure.update)
                .set_expression_attribute_values(Some(departure.values));
            match departure.network {
                Some(network) => update.expression_attribute_names("#network", network),
                None => update,
            }
        });
        Ok(update.await?.is_done())
    }
}

impl<'a> Departure<'a> {
    /// Leaves the lane, and nothing else.
    fn of(lane: &Lane) -> Self {
        Self {
            condition: "attribute_exists(tat)",
            update: "SET tat = tat - :period",
            values: values([("period", seconds(lane.period()))]),
            network: None,
        }
    }

    /// Leaves the identifier's lane; the network was known before.
    fn refreshing(network: &'a str, now: Timestamp) -> Self {
        Self {
            condition: "attribute_exists(tat) AND attribute_exists(known.#network)",
            update: "SET tat = tat - :period, known.#network = :now",
            values: values([
                ("period", seconds(Lane::IDENTIFIER.period())),
                ("now", moment(now)),
            ]),
            network: Some(network),
        }
    }

    /// Leaves the identifier's lane; the network becomes known, in the lane for those. Only
    /// one can within twelve hours, so no other has changed which ones are known.
    fn adding(known: AttributeValue, next: AttributeValue, now: Timestamp) -> Self {
        Self {
            condition: "attribute_exists(tat) AND \
                (attribute_not_exists(known_tat) OR known_tat <= :now)",
            update: "SET tat = tat - :period, known = :known, known_tat = :next",
            values: values([
                ("period", seconds(Lane::IDENTIFIER.period())),
                ("now", moment(now)),
                ("known", known),
                ("next", next),
            ]),
            network: None,
        }
    }

    /// Renews a known network, without leaving the identifier's lane.
    fn renewing(network: &'a str, now: Timestamp) -> Self {
        Self {
            condition: "attribute_exists(known.#network)",
            update: "SET known.#network = :now, expires_at = :end",
            values: values([("now", moment(now)), ("end", moment(now.plus(KNOWN_FOR)))]),
            network: Some(network),
        }
    }
}
