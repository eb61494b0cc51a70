//! Entering a lane: one update, which needs nothing that was read before.
//!
//! There are two forms, and DynamoDB chooses nothing: the condition of each fails unless
//! the lane is in the state that it is for. None of the attributes' names is a reserved
//! word.

use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use gatehouse_auth::guessing::{Counter, KNOWN_FOR, Lane, LaneState};
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::time::Timestamp;

use super::LoginAttempts;
use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, moment, pk, values};
use crate::dynamodb::table::{Table, Write};

/// Tries at one lane: the form that what was read suggests, and the other.
const FORMS: u32 = 2;

/// When DynamoDB may delete a counter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lifetime {
    /// When the last network is no longer known, at the earliest.
    OfKnownNetworks,
    /// A day after the lane has drained.
    DayAfterDraining,
    /// A day from now, when the lane of an address has long drained.
    Day,
}

/// A conditional update.
struct Entrance {
    condition: &'static str,
    update: &'static str,
    values: Item,
}

impl LoginAttempts {
    /// Enters a lane; returns false if it is full. `seen` is what was read, and becomes
    /// what was found if that is something else.
    pub(super) async fn enter(
        &self,
        key: &ItemKey,
        lane: &Lane,
        kept: Lifetime,
        seen: &mut Counter,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        for _ in 0..FORMS {
            let Some(entrance) = Entrance::new(lane, seen, kept, now) else {
                return Ok(false);
            };
            let update = self.table.update(pk(key), |update| {
                update
                    .condition_expression(entrance.condition)
                    .update_expression(entrance.update)
                    .set_expression_attribute_values(Some(entrance.values))
                    .return_values_on_condition_check_failure(
                        ReturnValuesOnConditionCheckFailure::AllOld,
                    )
            });
            let found = match update.await? {
                Write::Done(_) => return Ok(true),
                Write::Refused(found) => found,
            };
            let found = found.map(|item| self.table.decode(key.as_str(), item));
            *seen = found.transpose()?.unwrap_or_default();
        }
        Ok(false)
    }
}

impl Table {
    /// Builds the part of a transaction that enters a lane, as [`LoginAttempts::enter`] does,
    /// and fails if the lane's state is no longer the one that was read; `None` if it is full.
    pub(crate) fn entrance_part(
        &self,
        key: Item,
        (lane, kept): (&Lane, Lifetime),
        seen: &Counter,
        now: Timestamp,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let part = Entrance::new(lane, seen, kept, now).map(|entrance| {
            self.update_part(key, |update| {
                update
                    .condition_expression(entrance.condition)
                    .update_expression(entrance.update)
                    .set_expression_attribute_values(Some(entrance.values))
            })
        });
        part.transpose()
    }
}

impl Entrance {
    /// Builds the update for a lane in this state; there is none if it is full.
    fn new(lane: &Lane, seen: &Counter, kept: Lifetime, now: Timestamp) -> Option<Self> {
        let after = |tat: Duration| seconds(tat.saturating_add(DAY));
        match lane.state(seen.tat, now) {
            LaneState::Full { .. } => None,
            LaneState::Drained => Some(Self {
                condition: "attribute_not_exists(tat) OR tat <= :now",
                update: "SET tat = :first, res = :now, expires_at = :end",
                values: values([
                    ("now", moment(now)),
                    ("first", seconds(lane.first(now))),
                    ("end", kept.end(now).unwrap_or(after(lane.first(now)))),
                ]),
            }),
            LaneState::Filling => {
                let (update, end) = match kept.end(now) {
                    Some(end) => (
                        "SET tat = tat + :period, res = :now, expires_at = :end",
                        end,
                    ),
                    None => (
                        "SET tat = tat + :period, res = :now, expires_at = tat + :end",
                        after(lane.period()),
                    ),
                };
                Some(Self {
                    condition: "tat > :now AND tat <= :limit",
                    update,
                    values: values([
                        ("now", moment(now)),
                        ("limit", seconds(lane.limit(now))),
                        ("period", seconds(lane.period())),
                        ("end", end),
                    ]),
                })
            }
        }
    }
}

impl Lifetime {
    /// Returns the end, unless it depends on the lane.
    fn end(self, now: Timestamp) -> Option<AttributeValue> {
        match self {
            Self::OfKnownNetworks => Some(moment(now.plus(KNOWN_FOR))),
            Self::Day => Some(moment(now.plus(DAY))),
            Self::DayAfterDraining => None,
        }
    }
}

/// How long a counter is kept after it has drained. A shorter time lets DynamoDB delete
/// one to which an attempt is still to be given back.
const DAY: Duration = Duration::from_hours(24);

/// Returns a number of seconds, with fractions if there are any.
pub(super) fn seconds(duration: Duration) -> AttributeValue {
    let (whole, nanos) = (duration.as_secs(), duration.subsec_nanos());
    let text = match nanos {
        0 => whole.to_string(),
        _ => format!("{whole}.{nanos:09}"),
    };
    AttributeValue::N(text)
}
