//! How long ago the keys rotated, as a metric. An alarm watches it, because nothing fails
//! if the schedule is gone.

use gatehouse_auth::key::KeyRing;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::telemetry;
use gatehouse_store::RotationError;
use serde_json::{Value, json};

use crate::app::App;

/// The metric: intervals of `ROTATION_DAYS` since the newest signing key changed its state.
const METRIC: &str = "rotation_intervals_since_the_last";

/// True for the event of the daily schedule.
pub(crate) fn is_asked_for(event: &Value) -> bool {
    *event == json!({ "measure": "rotation" })
}

/// Measures the age of the current ring.
///
/// # Errors
/// [`RotationError`] if the ring cannot be read.
pub(crate) async fn measure(app: &App, now: Timestamp) -> Result<(), RotationError> {
    let (ring, _) = app.rotation.keys().await?;
    if let Some(intervals) = intervals(app, &ring, now) {
        telemetry::measure(METRIC, intervals);
    }
    Ok(())
}

/// Nothing if there is no schedule; without keys, as many as raise the alarm.
fn intervals(app: &App, ring: &KeyRing, now: Timestamp) -> Option<f64> {
    let interval = app.interval?;
    let newest = ring.signing_keys().map(|key| key.since).max();
    Some(newest.map_or(OVERDUE, |newest| {
        now.since(newest).as_secs_f64() / interval.as_secs_f64()
    }))
}

/// The alarm's threshold.
const OVERDUE: f64 = 2.0;
