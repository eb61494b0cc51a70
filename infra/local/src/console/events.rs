//! The functions' log lines, as the page shows them. Metrics are left out.

use serde_json::{Value, json};

use crate::log::{Log, LogLine};

/// How many lines a response has, the latest ones.
const MAX_EVENTS: usize = 200;

/// Returns the lines after that number, the number to continue with, and whether the
/// functions' lines are elsewhere.
pub(super) fn after(log: &Log, number: Option<u64>, is_elsewhere: bool) -> Value {
    let (lines, last) = log.after(number.unwrap_or_default());
    let mut events: Vec<Value> = lines
        .iter()
        .rev()
        .filter_map(event)
        .take(MAX_EVENTS)
        .collect();
    events.reverse();
    json!({ "last": last, "events": events, "elsewhere": is_elsewhere })
}

/// Returns the lines of a request.
pub(super) fn of_request(log: &Log, id: &str) -> Vec<Value> {
    let (lines, _) = log.after(0);
    let about = |line: &&LogLine| line.text.contains(id);
    lines.iter().filter(about).filter_map(event).collect()
}

/// Returns nothing for a metric.
fn event(line: &LogLine) -> Option<Value> {
    let parsed = serde_json::from_str::<Value>(&line.text).ok();
    let fields = parsed.filter(Value::is_object);
    if fields.as_ref().is_some_and(|it| it.get("_aws").is_some()) {
        return None;
    }
    Some(json!({
        "number": line.number,
        "function": line.function,
        "fields": fields.unwrap_or_else(|| json!({ "message": line.text })),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogTarget;

    #[test]
    fn events_continue_after_a_number_and_leave_out_metrics() {
        let log = Log::new(LogTarget::Buffer);
        log.function("login", r#"{"event":"login_succeeded","request_id":"r-1"}"#);
        log.function("login", r#"{"_aws":{},"login_succeeded":1}"#);
        log.note("a note");
        assert_eq!(
            after(&log, None, false),
            json!({ "last": 3, "elsewhere": false, "events": [
                { "number": 1, "function": "login",
                  "fields": { "event": "login_succeeded", "request_id": "r-1" } },
                { "number": 3, "function": null, "fields": { "message": "a note" } },
            ] })
        );
        assert_eq!(after(&log, Some(3), true)["events"], json!([]));
        assert_eq!(after(&log, Some(1), true)["events"][0]["number"], 3);
        assert_eq!(of_request(&log, "r-1").len(), 1);
        assert_eq!(of_request(&log, "r-2").len(), 0);
    }

    #[test]
    fn a_response_has_the_latest_lines() {
        let log = Log::new(LogTarget::Buffer);
        for _ in 0..=MAX_EVENTS {
            log.note("a note");
        }
        let events = after(&log, Some(0), false);
        assert_eq!(events["events"].as_array().unwrap().len(), MAX_EVENTS);
        assert_eq!(events["events"][0]["number"], 2);
    }
}
