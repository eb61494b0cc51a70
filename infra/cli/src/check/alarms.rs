//! The alarms of a deployed stack.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::resources::Resources;

/// Checks that the alarms exist. If there is no topic, [`advice`](super::advice) warns about it.
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
                "{} from the template are missing: deploy again",
                missing.join(", ")
            ),
        )];
    }
    vec![Finding::ok(
        "alarms",
        format!(
            "{} exist; make sure that the topic has a confirmed subscription: `aws sns list-subscriptions-by-topic --topic-arn {topic}`",
            alarms.len()
        ),
    )]
}
