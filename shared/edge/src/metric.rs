//! Counts in CloudWatch's embedded metric format: one JSON line for each.
//!
//! The crate `metrics_cloudwatch_embedded` collects counts in a global recorder
//! and flushes them after an invocation, so a process that dies loses them, and
//! it brings four crates to a cold start. A line at once is all we need.

use std::sync::OnceLock;

use serde_json::json;

use crate::clock::Clock;

/// Sets the dimension `function`; the first call counts.
pub(crate) fn set_function(name: String) {
    let _ = FUNCTION.set(name);
}

/// Counts one `name`.
pub(crate) fn count(name: &str) {
    let function = FUNCTION.get().map_or("unknown", String::as_str);
    let line = json!({
        "_aws": {
            "Timestamp": Clock::System.now().unix().saturating_mul(1000),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["function"]],
                "Metrics": [{ "Name": name, "Unit": "Count" }],
            }],
        },
        "function": function,
        name: 1,
    });
    tracing::info!(target: TARGET, line = %line);
}

static FUNCTION: OnceLock<String> = OnceLock::new();

/// The target of metric lines; the field `line` is written as it is.
pub(crate) const TARGET: &str = "gatehouse::metric";
/// The CloudWatch namespace; the template's alarms name it too.
const NAMESPACE: &str = "Gatehouse";
