//! Checks that the functions of a deployed stack are ready, and that the services that should
//! invoke them are allowed to.

use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use gatehouse_rest::{RestClient, segment};
use serde::Deserialize;
use serde_json::Value;

use super::finding::Finding;
use super::resources::{Resource, Resources};

/// Checks every function.
pub(super) async fn findings(
    client: &RestClient,
    resources: &Resources,
    architecture: &str,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for function in resources.of_type("AWS::Serverless::Function") {
        if let Some(missing) = function.missing() {
            found.push(missing);
            continue;
        }
        let callers = callers(resources, &function.id);
        let mut problems = Vec::new();
        match problem_of_state(client, function, architecture).await {
            Ok(problem) => problems.extend(problem),
            Err(error) => problems.push(function.unreadable(&error)),
        }
        match policy(client, &function.physical).await {
            Err(error) => problems.push(function.unreadable(&error)),
            Ok(policy) => {
                let missing = callers.iter().filter(|caller| !policy.allows(caller));
                problems.extend(missing.map(|caller| {
                    Finding::fail(
                        function.id.as_str(),
                        format!(
                            "{} is not allowed to invoke it, so every request to it fails with 500: deploy again, or add the permission",
                            caller.principal
                        ),
                    )
                }));
            }
        }
        if problems.is_empty() {
            let names: Vec<&str> = callers
                .iter()
                .map(|caller| caller.principal.as_str())
                .collect();
            // Whatever reads a stream or a queue needs no permission to invoke.
            let text = if names.is_empty() {
                "ready; invoked by its event source mappings".to_owned()
            } else {
                format!("ready; can be invoked by {}", names.join(", "))
            };
            problems.push(Finding::ok(function.id.as_str(), text));
        }
        found.extend(problems);
    }
    found
}

/// A service that the template allows to invoke a function.
struct Caller {
    principal: String,
    /// The physical id of the API, if the permission is restricted to it.
    source: Option<String>,
}

const API_GATEWAY: &str = "apigateway.amazonaws.com";

fn callers(resources: &Resources, function: &str) -> Vec<Caller> {
    let permissions = resources.of_type("AWS::Lambda::Permission");
    let of_function = permissions.filter(|permission| {
        let properties = permission.properties.to_string();
        properties.contains(&format!("\"FunctionName\":{{\"Ref\":\"{function}\"}}"))
            || properties.contains(&format!("\"{function}.Arn\""))
    });
    let mut callers: Vec<Caller> = of_function
        .filter_map(|permission| {
            let properties = &permission.properties;
            let source = properties.get("SourceArn").map(Value::to_string);
            let api = resources.of_type("AWS::ApiGatewayV2::Api").next();
            let api = api.filter(|api| {
                source.is_some_and(|source| source.contains(&format!("${{{}}}", api.id)))
            });
            Some(Caller {
                principal: properties.get("Principal")?.as_str()?.to_owned(),
                source: api.map(|api| api.physical.clone()),
            })
        })
        .collect();
    // If the template has an integration but no permission, the template is wrong.
    let integrations = resources
        .of_type("AWS::ApiGatewayV2::Integration")
        .chain(resources.of_type("AWS::ApiGatewayV2::Authorizer"));
    let mut properties = integrations.map(|one| one.properties.to_string());
    let is_integrated = properties.any(|text| {
        text.contains(&format!("\"{function}.Arn\""))
            || text.contains(&format!("${{{function}.Arn}}"))
    });
    if is_integrated && !callers.iter().any(|caller| caller.principal == API_GATEWAY) {
        callers.push(Caller {
            principal: API_GATEWAY.to_owned(),
            source: None,
        });
    }
    callers
}

/// A function's configuration, as Lambda's API describes it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Configuration {
    state: Option<String>,
    state_reason: Option<String>,
    last_update_status: Option<String>,
    #[serde(default)]
    architectures: Vec<String>,
}

async fn problem_of_state(
    client: &RestClient,
    function: &Resource,
    architecture: &str,
) -> anyhow::Result<Option<Finding>> {
    let configuration = client
        .get(path(&function.physical, "configuration"))
        .await?;
    let configuration: Configuration = serde_json::from_value(configuration)?;
    let about = function.id.as_str();
    if !matches!(
        configuration.state.as_deref(),
        None | Some("Active" | "Inactive")
    ) {
        let why = configuration.state_reason;
        let why = why.as_deref().unwrap_or("no reason given");
        return Ok(Some(Finding::fail(
            about,
            format!("is not active ({why}): deploy again"),
        )));
    }
    if configuration.last_update_status.as_deref() == Some("Failed") {
        return Ok(Some(Finding::fail(
            about,
            "its last update failed: deploy again",
        )));
    }
    let mut architectures = configuration.architectures.iter();
    let other = architectures.find(|one| !architecture.is_empty() && *one != architecture);
    Ok(other.map(|other| {
        Finding::fail(
            about,
            format!("runs on {other}, but Architecture is {architecture}: build and deploy again"),
        )
    }))
}

/// A function's resource policy.
struct Policy(Value);

impl Policy {
    fn allows(&self, caller: &Caller) -> bool {
        let statements = self.0.get("Statement").and_then(Value::as_array);
        statements.is_some_and(|statements| {
            statements.iter().any(|statement| {
                let allows = statement.get("Effect").and_then(Value::as_str) == Some("Allow");
                let principal = statement.get("Principal").map(Value::to_string);
                let principal = principal.unwrap_or_default();
                let condition = statement.get("Condition").map(Value::to_string);
                let is_source = match (&caller.source, condition) {
                    (Some(source), Some(condition)) => condition.contains(source.as_str()),
                    (None, _) | (Some(_), None) => true,
                };
                allows && principal.contains(&format!("\"{}\"", caller.principal)) && is_source
            })
        })
    }
}

async fn policy(client: &RestClient, function: &str) -> anyhow::Result<Policy> {
    match client.get(path(function, "policy")).await {
        Ok(found) => {
            let policy = found.get("Policy").and_then(Value::as_str);
            Ok(Policy(serde_json::from_str(policy.unwrap_or("{}"))?))
        }
        Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(Policy(Value::Null)),
        Err(error) => Err(error.into()),
    }
}

/// A path of Lambda's API.
fn path(function: &str, of: &str) -> String {
    format!("/2015-03-31/functions/{}/{of}", segment(function))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_permission_for_another_api_or_service_does_not_count() {
        let policy = Policy(json!({"Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:execute-api:eu-west-1:1:abc123/*"}},
        }]}));
        let allowed = |principal: &str, source: Option<&str>| {
            policy.allows(&Caller {
                principal: principal.to_owned(),
                source: source.map(str::to_owned),
            })
        };
        assert!(allowed(API_GATEWAY, Some("abc123")));
        assert!(allowed(API_GATEWAY, None));
        assert!(!allowed(API_GATEWAY, Some("other1")));
        assert!(!allowed("secretsmanager.amazonaws.com", None));
        let caller = Caller {
            principal: API_GATEWAY.to_owned(),
            source: None,
        };
        assert!(!Policy(Value::Null).allows(&caller));
    }
}
