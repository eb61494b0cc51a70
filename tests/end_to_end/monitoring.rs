//! Monitoring in the template: access logs, alarms and the dashboard.

use std::collections::BTreeSet;

use gatehouse_tests::binaries::root;
use gatehouse_tests::template::{Template, items, text};
use serde_json::{Value, json};

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
    // Further alarms on the throttles of functions are numbered.
    let names = alarms
        .iter()
        .map(|(id, _)| match id.strip_prefix(THROTTLES) {
            Some(number) if number.parse::<u8>().is_ok() => THROTTLES,
            _ => id,
        });
    let ids: BTreeSet<&str> = names.collect();
    let expected = [
        "AuthorizerErrorAlarm",
        "ClientAddressAlarm",
        "FailedLoginsAlarm",
        THROTTLES,
        "MailAccountAlarm",
        "MailAgeAlarm",
        "MailDeadLetterAlarm",
        "MailEndedAlarm",
        "MailQuotaAlarm",
        "MailThrottleAlarm",
        "RefreshReuseAlarm",
        "RotationAlarm",
        "RotationOverdueAlarm",
        "ServerErrorAlarm",
        "TableThrottleAlarm",
        "VerificationThrottleAlarm",
    ];
    assert_eq!(ids, BTreeSet::from(expected));
    for (id, alarm) in alarms {
        let condition = match id {
            "RotationOverdueAlarm" => "WatchesRotation",
            _ if id.starts_with("Mail") => "WatchesMail",
            _ => "HasAlarmTopic",
        };
        assert_eq!(alarm["Condition"], condition, "{id}");
        let properties = &alarm["Properties"];
        assert!(!text(properties, "/AlarmDescription").is_empty(), "{id}");
        let actions = items(properties.get("AlarmActions"));
        assert_eq!(text(actions[0], "/Ref"), "AlarmTopicArn", "{id}");
        // AWS allows ten metrics in an expression, which counts as one more.
        assert!(items(properties.get("Metrics")).len() <= 11, "{id}");
    }
    Ok(())
}

/// The alarm on throttled functions.
const THROTTLES: &str = "FunctionThrottleAlarm";

/// Two tabs of one user, or a client that stores its token badly, replay as often as they
/// like. They are one person.
#[test]
fn the_alarm_on_replays_counts_people_and_not_events() -> anyhow::Result<()> {
    let template = Template::read()?;
    let rule = template.properties("RefreshReplayRule");
    let body: Value = serde_json::from_str(text(rule, "/RuleBody/Fn::Sub"))?;
    assert_eq!(body["Contribution"]["Keys"], json!(["$.sub"]));
    assert_eq!(body["LogGroupNames"], json!(["${RefreshLogGroup}"]));
    let filters = json!([
        { "Match": "$.event", "In": ["refresh_reuse_detected"] },
        { "Match": "$.reason", "In": ["replay"] },
    ]);
    assert_eq!(body["Contribution"]["Filters"], filters);
    let alarm = template.properties("RefreshReuseAlarm");
    let metric = items(alarm.get("Metrics"))[0];
    let name = text(rule, "/RuleName/Fn::Sub");
    let expression = format!("INSIGHT_RULE_METRIC(\"{name}\", \"UniqueContributors\")");
    assert_eq!(text(metric, "/Expression/Fn::Sub"), expression);
    assert_eq!(
        (&metric["Period"], &alarm["Threshold"]),
        (&json!("900"), &json!("3"))
    );
    Ok(())
}

/// On a REST API the authorizer refuses by failing, so any client could raise the alarm.
#[test]
fn invalid_tokens_do_not_count_as_errors_of_the_authorizer() -> anyhow::Result<()> {
    let template = Template::read()?;
    let metrics = items(template.properties("AuthorizerErrorAlarm").get("Metrics"));
    let expression = text(metrics[0], "/Expression");
    assert_eq!(expression, "errors - FILL(unauthorized, 0)");
    let name = text(metrics[2], "/MetricStat/Metric/MetricName");
    assert_eq!(name, "unauthorized_by_error");
    Ok(())
}

/// A schedule that is gone fails nothing: only what is missing shows it.
#[test]
fn a_rotation_that_no_longer_runs_raises_an_alarm() -> anyhow::Result<()> {
    let template = Template::read()?;
    let alarm = template.properties("RotationOverdueAlarm");
    assert_eq!(alarm["TreatMissingData"], "breaching");
    assert_eq!(
        (&alarm["Threshold"], &alarm["Statistic"]),
        (&json!("2"), &json!("Maximum"))
    );
    let target = items(template.properties("RotationWatch").get("Targets"))[0];
    let input: Value = serde_json::from_str(text(target, "/Input"))?;
    assert_eq!(input, json!({ "measure": "rotation" }));
    Ok(())
}

/// One user can cause these as often as they like: by requests for mails, or with an address
/// that SES rejects.
#[test]
fn no_alarm_counts_mails_that_a_single_user_loses() -> anyhow::Result<()> {
    let template = Template::read()?;
    for (id, alarm) in template.resources("AWS::CloudWatch::Alarm") {
        let written = alarm.to_string();
        for metric in [
            "mail_over_limit",
            "mail_rejected",
            "mail_without_code",
            "mail_unneeded",
        ] {
            assert!(!written.contains(metric), "{id}: {metric}");
        }
    }
    Ok(())
}

#[test]
fn the_throttles_of_every_function_are_watched() -> anyhow::Result<()> {
    let template = Template::read()?;
    let alarms = template.resources("AWS::CloudWatch::Alarm");
    let watched: BTreeSet<&str> = alarms
        .iter()
        .flat_map(|(_, alarm)| items(alarm.pointer("/Properties/Metrics")))
        .filter(|metric| text(metric, "/MetricStat/Metric/MetricName") == "Throttles")
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
    let mut counted = String::new();
    for source in [
        "shared/edge/src/audit.rs",
        "shared/edge/src/address/notice.rs",
        "functions/authorizer/src/lib.rs",
        "functions/rotate-keys/src/age.rs",
        "functions/mailer/src/delivery.rs",
        "functions/mailer/src/sending.rs",
    ] {
        counted += &read(source)?;
    }
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
    assert_eq!(watched.len(), 5);
    let several = ["ClientAddressAlarm", "AuthorizerErrorAlarm"];
    let several = several.map(|alarm| items(template.properties(alarm).get("Metrics")));
    for metric in several.into_iter().flatten() {
        let metric = metric.pointer("/MetricStat/Metric");
        let Some(metric) = metric else { continue };
        if text(metric, "/Namespace") != "Gatehouse" {
            assert_eq!(text(metric, "/MetricName"), "Errors");
            continue;
        }
        assert_eq!(text(metric, "/Dimensions/0/Name"), "function");
        let function = text(metric, "/Dimensions/0/Value/Ref").to_owned();
        watched.push((text(metric, "/MetricName").to_owned(), function));
    }
    assert_eq!(watched.len(), 10);
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

/// The metrics of the dashboard, which is JSON, with those of mail.
fn metrics(template: &Template) -> anyhow::Result<Vec<Value>> {
    let dashboard = template.properties("Dashboard");
    let body = text(dashboard, "/DashboardBody/Fn::Sub/0");
    let mail = text(dashboard, "/DashboardBody/Fn::Sub/1/Mail/Fn::If/1/Fn::Sub");
    assert!(mail.contains("${MailerFunction}"), "{mail}");
    // Without mail, the list ends before it.
    serde_json::from_str::<Value>(&body.replace("${Mail}", ""))?;
    let body: Value = serde_json::from_str(&body.replace("${Mail}", mail))?;
    let widgets = items(body.get("widgets"));
    let metrics = widgets
        .iter()
        .flat_map(|widget| items(widget.pointer("/properties/metrics")));
    Ok(metrics.cloned().collect())
}
