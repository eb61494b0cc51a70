//! Counts in CloudWatch's embedded metric format, one JSON line each.
//!
//! The crate `metrics_cloudwatch_embedded` collects counts in a global recorder and
//! flushes them after an invocation: a process that dies loses them, and a cold start
//! loads four more crates. All we need is to write each line at once.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::clock::Clock;

static FUNCTION: OnceLock<String> = OnceLock::new();

/// Sets the dimension `function`. Only the first call has an effect.
pub(crate) fn set_function(name: String) {
    let _ = FUNCTION.set(name);
}

/// The target of metric lines, of which only the field `line` is written.
pub(crate) const TARGET: &str = "gatehouse::metric";
/// The CloudWatch namespace, which the template's alarms name too.
const NAMESPACE: &str = "Gatehouse";

/// Counts one `name`.
pub(crate) fn count(name: &str) {
    let line = line(name, 1, "Count");
    tracing::info!(target: TARGET, line = %line);
}

/// Records a value of `name`.
pub(crate) fn measure(name: &str, value: f64) {
    let line = line(name, value, "None");
    tracing::info!(target: TARGET, line = %line);
}

/// Returns the line that records a value of `name`.
pub(crate) fn line(name: &str, value: impl Into<Value>, unit: &str) -> Value {
    let function = FUNCTION.get().map_or("unknown", String::as_str);
    json!({
        "_aws": {
            "Timestamp": Clock::System.now().unix().saturating_mul(1000),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["function"]],
                "Metrics": [{ "Name": name, "Unit": unit }],
            }],
        },
        "function": function,
        name: value.into(),
    })
}
