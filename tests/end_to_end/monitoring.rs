//! Monitoring in the template: access logs, alarms and the dashboard.

use std::collections::BTreeSet;

use gatehouse_tests::binaries::root;
use gatehouse_tests::template::{Template, items, text};
use serde_json::Value;

#[test]
fn the_access_log_is_json_and_has_no_field_for_a_token() -> anyhow::Result<()> {
    const HARMLESS: [&str; 12] = [
        "$context.requestId",
        "$context.requestTime",
        "$context.identity.sourceIp",
        "$context.routeKey",
        "$context.status",
        "$context.responseLength",
        "$context.responseLatency",
        "$context.integrationLatency",
        "$context.authorizer.latency",
        "$context.authorizer.status",
        "$context.authorizer.sub",
        "$context.error.responseType",
    ];
    let template = Template::read()?;
    let format = text(template.properties("Stage"), "/AccessLogSettings/Format");
    let line: Value = serde_json::from_str(format)?;
    let written: Vec<&str> = line
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(_, value)| value.as_str())
        .collect();
    assert!(written.len() > 8, "{written:?}");
    for variable in written {
        assert!(HARMLESS.contains(&variable), "{variable}");
    }
    Ok(())
}

#[test]
fn every_urgent_condition_has_an_alarm() -> anyhow::Result<()> {
    let template = Template::read()?;
    let alarms = template.resources("AWS::CloudWatch::Alarm");
    let ids: BTreeSet<&str> = alarms.iter().map(|(id, _)| *id).collect();
    let expected = [
        "AuthorizerErrorAlarm",
        "ClientAddressAlarm",
        "FailedLoginsAlarm",
        "FunctionThrottleAlarm",
        "RefreshReuseAlarm",
        "RotationAlarm",
        "ServerErrorAlarm",
        "TableThrottleAlarm",
        "VerificationThrottleAlarm",
    ];
    assert_eq!(ids, BTreeSet::from(expected));
    for (id, alarm) in alarms {
        assert_eq!(alarm["Condition"], "HasAlarmTopic", "{id}");
        let properties = &alarm["Properties"];
        assert!(!text(properties, "/AlarmDescription").is_empty(), "{id}");
        let actions = items(properties.get("AlarmActions"));
        assert_eq!(text(actions[0], "/Ref"), "AlarmTopicArn", "{id}");
        // AWS allows ten metrics in an expression, which counts as one more.
        assert!(items(properties.get("Metrics")).len() <= 11, "{id}");
    }
    Ok(())
}

#[test]
fn the_throttles_of_every_function_are_watched() -> anyhow::Result<()> {
    let template = Template::read()?;
    let watched: BTreeSet<&str> = ["FunctionThrottleAlarm", "VerificationThrottleAlarm"]
        .into_iter()
        .flat_map(|alarm| items(template.properties(alarm).get("Metrics")))
        .map(|metric| text(metric, "/MetricStat/Metric/Dimensions/0/Value/Ref"))
        .filter(|function| !function.is_empty())
        .collect();
    let functions = template.resources("AWS::Serverless::Function");
    assert_eq!(watched, functions.iter().map(|(id, _)| *id).collect());
    Ok(())
}

#[test]
fn every_watched_metric_is_emitted_by_an_existing_function() -> anyhow::Result<()> {
    let template = Template::read()?;
    let read = |path| std::fs::read_to_string(root().join(path));
    let counted = read("shared/edge/src/audit.rs")? + &read("shared/edge/src/address/notice.rs")?;
    let functions = template.resources("AWS::Serverless::Function");
    let mut watched = Vec::new();
    for (id, alarm) in template.resources("AWS::CloudWatch::Alarm") {
        let properties = &alarm["Properties"];
        if properties["Namespace"] == "Gatehouse" {
            assert_eq!(properties["Dimensions"][0]["Name"], "function", "{id}");
            let function = text(properties, "/Dimensions/0/Value/Ref").to_owned();
            watched.push((text(properties, "/MetricName").to_owned(), function));
        }
    }
    assert_eq!(watched.len(), 2);
    for metric in items(template.properties("ClientAddressAlarm").get("Metrics")) {
        let metric = metric.pointer("/MetricStat/Metric");
        let Some(metric) = metric else { continue };
        assert_eq!(text(metric, "/Namespace"), "Gatehouse");
        assert_eq!(text(metric, "/Dimensions/0/Name"), "function");
        let function = text(metric, "/Dimensions/0/Value/Ref").to_owned();
        watched.push((text(metric, "/MetricName").to_owned(), function));
    }
    assert_eq!(watched.len(), 6);
    for metric in metrics(&template)? {
        if metric[0] == "Gatehouse" {
            assert_eq!(metric[2], "function");
            let function = text(&metric, "/3").trim_matches(['$', '{', '}']);
            watched.push((text(&metric, "/1").to_owned(), function.to_owned()));
        }
    }
    assert!(watched.len() > 8, "{watched:?}");
    for (metric, function) in watched {
        assert!(counted.contains(&format!("\"{metric}\"")), "{metric}");
        assert!(
            functions.iter().any(|(id, _)| *id == function),
            "{function}"
        );
    }
    Ok(())
}

/// The metrics of the dashboard, which is JSON.
fn metrics(template: &Template) -> anyhow::Result<Vec<Value>> {
    let body = text(template.properties("Dashboard"), "/DashboardBody/Fn::Sub");
    let body: Value = serde_json::from_str(body)?;
    let widgets = items(body.get("widgets"));
    let metrics = widgets
        .iter()
        .flat_map(|widget| items(widget.pointer("/properties/metrics")));
    Ok(metrics.cloned().collect())
}
