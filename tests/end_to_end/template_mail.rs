//! Rules for what the template has only with mail.

use std::collections::BTreeSet;

use anyhow::Context as _;
use gatehouse_tests::template::{Template, items, named, text};
use serde_json::{Value, json};

/// Without `MailFrom`, a deployment has, and costs, nothing for mail.
#[test]
fn everything_for_mail_exists_only_with_mail() -> anyhow::Result<()> {
    let template = Template::read()?;
    let resources = template.section("Resources");
    let is_of_mail = |id: &str| {
        ["Mail", "Email", "Outbox"]
            .iter()
            .any(|part| id.contains(part))
    };
    let conditional: BTreeSet<&str> = resources
        .iter()
        .filter(|(_, resource)| ["HasMail", "WatchesMail"].contains(&text(resource, "/Condition")))
        .map(|(id, _)| *id)
        .collect();
    for (id, _) in &resources {
        assert!(!is_of_mail(id) || conditional.contains(id), "{id}");
    }
    for kind in ["AWS::SQS::Queue", "AWS::Lambda::EventSourceMapping"] {
        let found = template.resources(kind);
        assert_eq!(found.len(), 2, "{kind}");
        assert!(
            found.iter().all(|(id, _)| conditional.contains(id)),
            "{kind}"
        );
    }
    // Whatever names one of them has to do so on the condition, too.
    for (id, resource) in &resources {
        if conditional.contains(id) {
            continue;
        }
        let mut loose = Vec::new();
        unconditional(resource, &mut loose);
        for name in loose {
            assert!(!conditional.contains(name.as_str()), "{id} names {name}");
        }
    }
    for (name, output) in template.section("Outputs") {
        if let Some(source) = named(&output["Value"]).filter(|id| conditional.contains(id)) {
            assert_eq!(output["Condition"], "HasMail", "{name} names {source}");
        }
    }
    Ok(())
}

/// Collects the resources that a value refers to outside of an `Fn::If` about mail.
fn unconditional(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if text(value, "/Fn::If/0") == "HasMail" {
                return;
            }
            found.extend(named(value).map(str::to_owned));
            for value in members.values() {
                unconditional(value, found);
            }
        }
        Value::Array(values) => {
            for value in values {
                unconditional(value, found);
            }
        }
        Value::String(text) => {
            let parts = text.split("${").skip(1);
            let names = parts.filter_map(|part| part.split(['.', '}']).next());
            found.extend(names.map(str::to_owned));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A stream that gives up, skips what is old or splits batches would lose mails, or send them
/// twice.
#[test]
fn the_stream_begins_at_the_start_and_never_gives_up() -> anyhow::Result<()> {
    let template = Template::read()?;
    let mapping = template.properties("MailStreamMapping");
    assert_eq!(named(&mapping["FunctionName"]), Some("MailerFunction"));
    assert_eq!(
        mapping["EventSourceArn"],
        json!({ "Fn::GetAtt": "OutboxTable.StreamArn" })
    );
    assert_eq!(mapping["StartingPosition"], "TRIM_HORIZON");
    // Lambda's defaults: no bisecting, and no limit but the day that a record is kept.
    for absent in [
        "BisectBatchOnFunctionError",
        "DestinationConfig",
        "FunctionResponseTypes",
        "MaximumRecordAgeInSeconds",
        "MaximumRetryAttempts",
    ] {
        assert!(mapping.get(absent).is_none(), "{absent}");
    }
    let filters = items(mapping.pointer("/FilterCriteria/Filters"));
    assert_eq!(filters.len(), 1);
    let pattern: Value = serde_json::from_str(text(filters[0], "/Pattern"))?;
    let inserted = json!({
        "eventName": ["INSERT"],
        "dynamodb": { "NewImage": { "kind": { "S": [{ "exists": true }] } } },
    });
    assert_eq!(pattern, inserted);
    Ok(())
}

#[test]
fn the_queue_keeps_a_mail_for_two_weeks_and_then_shows_it() -> anyhow::Result<()> {
    let template = Template::read()?;
    let mapping = template.properties("MailRetryMapping");
    assert_eq!(named(&mapping["FunctionName"]), Some("MailerFunction"));
    assert_eq!(named(&mapping["EventSourceArn"]), Some("MailRetryQueue"));
    let reports = items(mapping.get("FunctionResponseTypes"));
    assert_eq!(reports, ["ReportBatchItemFailures"]);
    for (id, queue) in template.resources("AWS::SQS::Queue") {
        let properties = &queue["Properties"];
        assert_eq!(properties["SqsManagedSseEnabled"], "true", "{id}");
        assert_eq!(properties["MessageRetentionPeriod"], "1209600", "{id}");
        assert!(properties.get("QueueName").is_none(), "{id} has no name");
    }
    let queue = template.properties("MailRetryQueue");
    let dead = queue.pointer("/RedrivePolicy/deadLetterTargetArn");
    assert_eq!(
        named(dead.context("no redrive")?),
        Some("MailDeadLetterQueue")
    );
    // Otherwise a slow batch would be delivered while it is still being handled.
    let number = |value: &Value| value.as_str().unwrap_or_default().parse::<u64>();
    let timeout = number(&template.properties("MailerFunction")["Timeout"])?;
    assert!(number(&queue["VisibilityTimeout"])? >= 6 * timeout);
    Ok(())
}
