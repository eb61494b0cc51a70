//! One step of a counter as an update of DynamoDB.
//!
//! None of the attributes' names is a reserved word.

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::guessing::{Counter, KNOWN_FOR, Step};
use gatehouse_auth::time::Timestamp;

use crate::dynamodb::item::{Item, moment, number};

/// A conditional update.
pub(super) struct StepWrite {
    pub(super) condition: &'static str,
    pub(super) update: String,
    pub(super) values: Item,
    /// The number of attempts that the counter then has.
    pub(super) failures: u32,
}

impl StepWrite {
    /// Builds the update of a step. For a locked counter there is none: it returns the end
    /// of the lock.
    pub(super) fn new(
        step: Step,
        seen: Option<&Counter>,
        now: Timestamp,
    ) -> Result<Self, Timestamp> {
        let known_until = seen
            .and_then(|counter| counter.last_success_at)
            .map(|last| last.plus(KNOWN_FOR));
        let kept_until = |counted_until: Timestamp| {
            moment(known_until.map_or(counted_until, |until| until.max(counted_until)))
        };
        let seen = seen.map_or(0, |counter| counter.failures);
        let mut write = Self {
            condition: "",
            update: "SET failures = :next".to_owned(),
            values: Item::new(),
            failures: seen.saturating_add(1),
        };
        let moved = match step {
            Step::Locked { until } => return Err(until),
            Step::Begin { counted_until } => {
                write.condition = "attribute_not_exists(counted_until) OR counted_until <= :now";
                write.failures = 1;
                write.set(":now", moment(now));
                write.set(":next", number(1));
                Some(counted_until)
            }
            Step::Add {
                free,
                counted_until,
            } => {
                write.condition = "failures < :free AND counted_until > :now";
                "SET failures = failures + :one".clone_into(&mut write.update);
                write.set(":now", moment(now));
                write.set(":free", number(free.into()));
                write.set(":one", number(1));
                counted_until
            }
            Step::Raise {
                failures,
                locked_until,
                counted_until,
            } => {
                write.condition = "failures = :seen AND \
                    (attribute_not_exists(locked_until) OR locked_until <= :now)";
                write.update.push_str(", locked_until = :locked_until");
                write.set(":now", moment(now));
                write.set(":seen", number(failures.into()));
                write.set(":next", number(u64::from(failures) + 1));
                write.set(":locked_until", moment(locked_until));
                counted_until
            }
        };
        if let Some(counted_until) = moved {
            write
                .update
                .push_str(", counted_until = :counted_until, expires_at = :expires_at");
            write.set(":counted_until", moment(counted_until));
            write.set(":expires_at", kept_until(counted_until));
        }
        if matches!(step, Step::Begin { .. }) {
            write.update.push_str(" REMOVE locked_until");
        }
        Ok(write)
    }

    fn set(&mut self, name: &str, value: AttributeValue) {
        self.values.insert(name.to_owned(), value);
    }
}
