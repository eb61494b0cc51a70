//! Checks a deployed stack against the template of this project.

use std::collections::BTreeMap;
use std::path::Path;

use gatehouse_local::Plan;

use super::finding::Finding;
use super::resources::{Resource, Resources};
use super::{alarms, functions, keys, mail, project_files, tables};
use crate::deployment::Deployment;
use crate::project;
use crate::target::Target;

/// Checks everything about a stack that can be checked from here.
pub(super) async fn findings(target: &Target, root: &Path) -> Vec<Finding> {
    let Some(deployment) = target.deployment() else {
        return vec![];
    };
    let template = root.join(project::TEMPLATE);
    let mut found = vec![status(deployment)];
    let all = deployment.parameters();
    let days = all.get("RotationDays").and_then(|days| days.parse().ok());
    found.extend(parameters(&template, all));
    found.extend(keys::findings(target, days).await);
    found.extend(rotation(deployment, days).await);
    let resources = match Resources::read(deployment, &template).await {
        Ok(resources) => resources,
        Err(error) => {
            found.push(Finding::fail(
                "resources",
                format!("cannot be listed: {error:#}"),
            ));
            return found;
        }
    };
    let architecture = all.get("Architecture").map_or("", String::as_str);
    let lambda = deployment.lambda();
    found.extend(functions::findings(&lambda, &resources, architecture).await);
    let protects = all.get("ProtectData").is_some_and(|value| value == "true");
    for table in resources.of_type("AWS::DynamoDB::Table") {
        found.extend(tables::findings(&target.tables(), table, protects).await);
    }
    found.extend(alarms::findings(&resources, all));
    for kind in ["AWS::Lambda::EventSourceMapping", "AWS::SQS::Queue"] {
        let missing = resources.of_type(kind).filter_map(Resource::missing);
        found.extend(missing);
    }
    if let Some(ses) = deployment.mail() {
        found.extend(mail::findings(&ses, all).await);
    }
    found
}

fn status(deployment: &Deployment) -> Finding {
    let status = deployment.status();
    let about = "stack";
    if status.ends_with("_IN_PROGRESS") {
        return Finding::warn(
            about,
            format!("is {status}: check again when that is finished"),
        );
    }
    match status {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => Finding::ok(about, status),
        "UPDATE_ROLLBACK_COMPLETE" => Finding::warn(
            about,
            format!("is {status}: the last deployment was rolled back; see the stack's events"),
        ),
        _ => Finding::fail(about, format!("is {status}: see the stack's events")),
    }
}

/// Checks the stack's parameters, and that they are those of the template.
fn parameters(template: &Path, all: &BTreeMap<String, String>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut known = all.clone();
    if let Ok(plan) = Plan::read(template, &BTreeMap::new(), project_files::URL) {
        let is_missing = |name: &&String| !all.contains_key(*name);
        let missing: Vec<&str> = plan
            .parameters
            .keys()
            .filter(is_missing)
            .map(String::as_str)
            .collect();
        known.retain(|name, _| plan.parameters.contains_key(name));
        let extra = all
            .keys()
            .filter(|name| !plan.parameters.contains_key(*name));
        let extra: Vec<&str> = extra.map(String::as_str).collect();
        if !missing.is_empty() {
            found.push(Finding::warn(
                "template",
                format!(
                    "the stack has no parameter {}: it was deployed from an older template; deploy again",
                    missing.join(", ")
                ),
            ));
        }
        if !extra.is_empty() {
            found.push(Finding::warn(
                "template",
                format!("the stack has the parameter {}, but this template does not: is this the project that was deployed?", extra.join(", ")),
            ));
        }
    }
    found.extend(project_files::plan_findings(template, &known));
    found
}

/// Checks the schedule on which Secrets Manager rotates the keys.
async fn rotation(deployment: &Deployment, days: Option<u64>) -> Vec<Finding> {
    if days == Some(0) {
        return vec![];
    }
    vec![match deployment.is_rotation_enabled().await {
        Ok(true) => Finding::ok("rotation", "is scheduled"),
        Ok(false) => Finding::fail(
            "rotation",
            "is not scheduled in Secrets Manager: deploy again, or enable it on the secret",
        ),
        Err(error) => Finding::warn("rotation", format!("cannot be checked: {error:#}")),
    }]
}
