//! Schedules: invoke functions at a fixed rate.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinSet;

use crate::lambda::{Function, Functions, Invocation};
use crate::template::Schedule;

/// What a scheduled rule sends, in the members that a function may read.
const SCHEDULED_EVENT: &str =
    r#"{"version":"0","source":"aws.events","detail-type":"Scheduled Event","detail":{}}"#;

/// Starts the schedules; dropping the result stops them.
pub(crate) fn timers(schedules: &[Schedule], functions: &Functions) -> JoinSet<()> {
    let mut timers = JoinSet::new();
    for schedule in schedules {
        if let Some(function) = functions.get(&schedule.function) {
            let event = schedule.input.as_deref().unwrap_or(SCHEDULED_EVENT);
            let event = Bytes::copy_from_slice(event.as_bytes());
            timers.spawn(keep_time(schedule.interval, event, Arc::clone(function)));
        }
    }
    timers
}

/// Invokes a function at a fixed rate. Its log has what went wrong.
async fn keep_time(interval: Duration, event: Bytes, function: Arc<Function>) {
    loop {
        tokio::time::sleep(interval).await;
        drop(function.invoke(Invocation::new(event.clone())).await);
    }
}
