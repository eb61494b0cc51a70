//! Whether anybody hears of trouble.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::resources::Resources;

/// Looks at the alarms; [`advice`](super::advice) says what follows if there are none.
pub(super) fn findings(
    resources: &Resources,
    parameters: &BTreeMap<String, String>,
) -> Vec<Finding> {
    let topic = parameters.get("AlarmTopicArn").map_or("", String::as_str);
    if topic.is_empty() {
        return vec![];
    }
    let alarms: Vec<_> = resources.of_type("AWS::CloudWatch::Alarm").collect();
    let missing: Vec<&str> = alarms
        .iter()
        .filter(|alarm| alarm.physical.is_empty())
        .map(|alarm| alarm.id.as_str())
        .collect();
    if !missing.is_empty() {
        return vec![Finding::fail(
            "alarms",
            format!(
                "{} of the template are missing: deploy again",
                missing.join(", ")
            ),
        )];
    }
    vec![Finding::ok(
        "alarms",
        format!(
            "{}; see that the topic has a confirmed subscription: `aws sns list-subscriptions-by-topic --topic-arn {topic}`",
            alarms.len()
        ),
    )]
}
