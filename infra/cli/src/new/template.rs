//! The function's pieces of `infra/template.yaml`, each inserted behind the last one of its
//! kind. Every other line stays as it is.

mod blocks;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, anyhow, ensure};
use gatehouse_local::{resource_ids, template_document};
use serde_json::Value;

use super::changes::Changes;
use super::endpoint::{Endpoint, Route};
use super::text::Text;
use crate::error::ErrorCode;
use crate::project::TEMPLATE;
use blocks::{Block, blocks};

const FUNCTION: &str = include_str!("pieces/function.yaml");
const INTEGRATION: &str = include_str!("pieces/integration.yaml");
const ROUTE: &str = include_str!("pieces/route.yaml");
const METRIC: &str = include_str!("pieces/metric.yaml");
const ALARM: &str = include_str!("pieces/alarm.yaml");

/// The alarm on throttled functions; further ones have a number behind the name.
const THROTTLE_ALARM: &str = "FunctionThrottleAlarm";

/// `CloudWatch` accepts that many metrics in an alarm, besides the expression.
const METRICS_PER_ALARM: usize = 10;

/// Why the template stays as it is.
#[derive(Debug)]
pub(super) struct Unrecognised {
    pub(super) reason: anyhow::Error,
    /// What to paste by hand, unless the endpoint itself is the problem.
    pub(super) pieces: Option<String>,
}

impl From<anyhow::Error> for Unrecognised {
    fn from(reason: anyhow::Error) -> Self {
        Self {
            reason,
            pieces: None,
        }
    }
}

/// Adds the changed template.
pub(super) fn add(endpoint: &Endpoint, changes: &mut Changes) -> Result<(), Unrecognised> {
    let old = changes.read(TEMPLATE)?;
    let before = Template::read(&old)?;
    before.check_unused(endpoint)?;
    let inserted = insert(endpoint, &old).and_then(|new| {
        let after = Template::read(&new)?;
        let added: BTreeSet<_> = after.ids.difference(&before.ids).collect();
        let fits = before.ids.is_subset(&after.ids) && added.len() >= RESOURCES;
        ensure!(fits, "the pieces did not become resources");
        Ok(new)
    });
    match inserted {
        Ok(new) => {
            changes.add(TEMPLATE, new);
            Ok(())
        }
        Err(reason) => Err(Unrecognised {
            reason: reason.context(format!(
                "{TEMPLATE} is not built as this command expects, so nothing was written; \
                 paste the pieces above, and see docs/adding-an-endpoint.md for the rest"
            )),
            pieces: Some(pieces(endpoint)),
        }),
    }
}

/// The function, its role and log group, its integration, permission and route.
const RESOURCES: usize = 6;

/// What is checked before and after the change.
struct Template {
    ids: BTreeSet<String>,
    routes: Vec<Route>,
}

impl Template {
    fn read(text: &str) -> anyhow::Result<Self> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), text)?;
        // Names the line; the file is not the user's.
        let problem = |error: gatehouse_local::StackError| {
            let shown = file.path().display().to_string();
            anyhow!(error.to_string().replace(&shown, TEMPLATE))
        };
        // Also those on a condition that is false by default, such as alarms.
        let document = template_document(file.path()).map_err(problem)?;
        let resources = document.get("Resources").and_then(Value::as_object);
        let resources = resources.with_context(|| format!("{TEMPLATE} has no Resources"))?;
        resource_ids(file.path(), &BTreeMap::new()).map_err(problem)?;
        let keys = resources
            .values()
            .filter_map(|resource| resource.pointer("/Properties/RouteKey")?.as_str());
        Ok(Self {
            routes: keys.filter_map(|key| key.parse().ok()).collect(),
            ids: resources.keys().cloned().collect(),
        })
    }

    fn check_unused(&self, endpoint: &Endpoint) -> anyhow::Result<()> {
        let wanted = endpoint.route.shape();
        if let Some(taken) = self.routes.iter().find(|route| route.shape() == wanted) {
            return Err(ErrorCode::Conflict.error(format!(
                "{TEMPLATE} has the route {taken}: choose another one with --route"
            )));
        }
        let id = endpoint.name.logical_id();
        for kind in [
            "Function",
            "Role",
            "LogGroup",
            "Integration",
            "Permission",
            "Route",
        ] {
            let id = format!("{id}{kind}");
            if self.ids.contains(&id) {
                let text = format!("{TEMPLATE} has a resource {id}: choose another name");
                return Err(ErrorCode::Conflict.error(text));
            }
        }
        Ok(())
    }
}

/// Returns the template with the pieces.
fn insert(endpoint: &Endpoint, old: &str) -> anyhow::Result<String> {
    ensure!(!old.contains('\r'), "its lines end with a carriage return");
    let mut text = Text::new(old);
    let logs = last(&text, "no log group of a function", |block, ids| {
        let function = block.id.strip_suffix("LogGroup");
        block.kind == "AWS::Logs::LogGroup"
            && function.is_some_and(|name| ids.contains(&format!("{name}Function")))
    })?;
    insert_block(&mut text, logs.end, &function_piece(endpoint));

    let policy = last(&text, "no TracingPolicy", |block, _| {
        block.id == "TracingPolicy"
    })?;
    let roles = text.next(policy.start, |line| line == "      Roles:");
    let roles = roles.filter(|line| *line < policy.end);
    let roles = roles.context("TracingPolicy has no list of Roles")?;
    let end = text.next(roles + 1, |line| !line.starts_with("        - !Ref "));
    let role = endpoint.fill("        - !Ref {{id}}Role");
    text.insert(end.unwrap_or(policy.end), &role);

    let permissions = last(&text, "no permission of the API", |block, _| {
        block.kind == "AWS::Lambda::Permission" && block.text.contains("${HttpApi}/*")
    })?;
    insert_block(&mut text, permissions.end, &endpoint.fill(INTEGRATION));

    let routes = last(&text, "no route", |block, _| {
        block.kind == "AWS::ApiGatewayV2::Route"
    })?;
    insert_block(&mut text, routes.end, &endpoint.fill(ROUTE));

    insert_metric(endpoint, &mut text)?;
    Ok(String::from(&text))
}

/// Watches the function's throttles, in an alarm with room or in a further one.
fn insert_metric(endpoint: &Endpoint, text: &mut Text) -> anyhow::Result<()> {
    let alarms: Vec<Block> = blocks(text)
        .into_iter()
        .filter(|block| {
            let number = block.id.strip_prefix(THROTTLE_ALARM);
            number.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
        })
        .collect();
    let newest = alarms.last();
    let newest = newest.with_context(|| format!("no {THROTTLE_ALARM}"))?;
    let metric = endpoint.fill(METRIC);
    let metrics = newest.text.matches("MetricName: Throttles\n").count();
    if metrics < METRICS_PER_ALARM {
        text.insert(newest.end, &metric);
    } else {
        let name = format!("{THROTTLE_ALARM}{}", alarms.len() + 1);
        let alarm = ALARM.replace("{{alarm}}", &name) + &metric;
        insert_block(text, newest.end, &alarm);
    }
    Ok(())
}

/// Returns the last block that a test accepts.
fn last(
    text: &Text,
    missing: &'static str,
    accepts: impl Fn(&Block, &BTreeSet<String>) -> bool,
) -> anyhow::Result<Block> {
    let blocks = blocks(text);
    let ids = blocks.iter().map(|block| block.id.clone()).collect();
    let mut matching = blocks.into_iter().filter(|block| accepts(block, &ids));
    matching
        .next_back()
        .with_context(|| format!("there is {missing} under Resources"))
}

fn insert_block(text: &mut Text, index: usize, block: &str) {
    text.insert(index, &format!("\n{block}"));
}

fn function_piece(endpoint: &Endpoint) -> String {
    let description = format!("{}: {}.", endpoint.name, endpoint.route);
    endpoint
        .fill(FUNCTION)
        .replace("{{description}}", &description)
}

/// Everything that belongs into a template, with the places.
fn pieces(endpoint: &Endpoint) -> String {
    let blocks = [
        function_piece(endpoint),
        endpoint.fill(INTEGRATION),
        endpoint.fill(ROUTE),
    ];
    let role = endpoint.fill("        - !Ref {{id}}Role\n");
    let metric = endpoint.fill(METRIC);
    format!(
        "# Under Resources:\n{}\n# In the Roles of TracingPolicy:\n{role}\n\
         # In the Metrics of {THROTTLE_ALARM}:\n{metric}",
        blocks.join("\n")
    )
}
