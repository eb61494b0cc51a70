//! A deployed stack, on AWS or on an emulator of it: what the tests need besides its URL.
//!
//! The environment names it: `API_URL` and `STACK_NAME`, with AWS credentials, a region
//! and optionally `AWS_ENDPOINT_URL`. Stacks with other parameters are deployed when a
//! test needs them, from the package that `GATEHOUSE_PACKAGE` names.

mod mail;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use anyhow::{Context, ensure};
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::canaries;
use crate::response::Response;
use crate::sam;
use crate::service::rotation_events;
use crate::settings::{self, Settings, setting};
use crate::template::Template;

/// A deployed stack.
#[derive(Debug)]
pub struct Deployment {
    url: String,
    stack: String,
    config: SdkConfig,
    outputs: BTreeMap<String, String>,
    /// Physical ids by logical ones.
    resources: BTreeMap<String, String>,
}

/// The stacks of this run, by their parameters.
static STACKS: Mutex<BTreeMap<Parameters, Arc<Deployment>>> = Mutex::const_new(BTreeMap::new());

/// Parameters of the template that differ from those of the run.
pub type Parameters = BTreeMap<String, String>;

impl Deployment {
    /// Returns the stack of the run. A stack with other parameters is deployed for the
    /// first test that needs it, and gets its keys.
    ///
    /// # Errors
    /// If it cannot be found or deployed.
    pub async fn with(parameters: &Parameters) -> anyhow::Result<Arc<Self>> {
        let mut stacks = STACKS.lock().await;
        if let Some(known) = stacks.get(parameters) {
            return Ok(Arc::clone(known));
        }
        let settings = Settings::read().context("API_URL is not set")?;
        let deployment = if parameters.is_empty() {
            let mut deployment = Self::find(&from_environment().await, &settings.stack).await?;
            deployment.url = settings.api_url;
            deployment
        } else {
            Self::deploy(&name_of(&settings.stack, parameters), parameters).await?
        };
        let deployment = Arc::new(deployment);
        stacks.insert(parameters.clone(), Arc::clone(&deployment));
        Ok(deployment)
    }

    /// Deploys the run's package as a stack of this name, or changes the stack that has
    /// it, and rotates its keys.
    ///
    /// # Errors
    /// If SAM or the rotation fails.
    pub async fn deploy(name: &str, parameters: &Parameters) -> anyhow::Result<Self> {
        let parameters = sam::for_a_test(parameters);
        sam::deploy(&BTreeMap::new(), &settings::package()?, name, &parameters)?;
        let deployment = Self::find(&from_environment().await, name).await?;
        deployment.rotate_keys().await?;
        Ok(deployment)
    }

    /// Reads a stack's outputs and resources.
    ///
    /// # Errors
    /// If there is no such stack.
    pub async fn find(config: &SdkConfig, stack: &str) -> anyhow::Result<Self> {
        let client = aws_sdk_cloudformation::Client::new(config);
        let response = client.describe_stacks().stack_name(stack).send().await?;
        let described = response
            .stacks()
            .first()
            .context("there is no such stack")?;
        let outputs: BTreeMap<String, String> = described
            .outputs()
            .iter()
            .filter_map(|output| Some((output.output_key()?.into(), output.output_value()?.into())))
            .collect();
        let mut resources = BTreeMap::new();
        let mut pages = client
            .list_stack_resources()
            .stack_name(stack)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            for resource in page?.stack_resource_summaries() {
                let ids = resource
                    .logical_resource_id()
                    .zip(resource.physical_resource_id());
                resources.extend(ids.map(|(id, name)| (id.to_owned(), name.to_owned())));
            }
        }
        let mut deployment = Self {
            url: String::new(),
            stack: stack.to_owned(),
            config: config.clone(),
            outputs,
            resources,
        };
        // The examples' stacks have APIs with other names.
        if deployment.resources.contains_key("HttpApi") {
            deployment.url = deployment.url_of("HttpApi", "$default")?;
        }
        Ok(deployment)
    }

    /// Finds another stack in the same account and region.
    ///
    /// # Errors
    /// If there is no such stack.
    pub async fn neighbour(&self, stack: &str) -> anyhow::Result<Self> {
        Self::find(&self.config, stack).await
    }

    /// Returns the URL of a stage of one of the stack's APIs, by the API's logical id.
    ///
    /// # Errors
    /// If the stack has no such API.
    pub fn url_of(&self, api: &str, stage: &str) -> anyhow::Result<String> {
        let id = self.resources.get(api);
        let id = id.with_context(|| format!("the stack has no {api}"))?;
        Ok(match (self.config.endpoint_url(), stage) {
            // On an API's host name, the emulator mistakes `/login` for a route of another
            // service.
            (Some(endpoint), _) => format!("{endpoint}/_aws/execute-api/{id}/{stage}"),
            (None, "$default") => format!("https://{id}.execute-api.{}", self.host()),
            (None, _) => format!("https://{id}.execute-api.{}/{stage}", self.host()),
        })
    }

    fn host(&self) -> String {
        let region = self.config.region().map_or("", |region| region.as_ref());
        format!("{region}.amazonaws.com")
    }

    /// The API's URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The stack's name.
    #[must_use]
    pub fn stack(&self) -> &str {
        &self.stack
    }

    /// An output of the stack; empty if there is none.
    #[must_use]
    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }

    /// The physical id of a resource; empty if there is none.
    #[must_use]
    pub fn resource(&self, logical_id: &str) -> &str {
        self.resources.get(logical_id).map_or("", String::as_str)
    }

    /// The physical ids of all resources by their logical ones.
    #[must_use]
    pub fn resources(&self) -> &BTreeMap<String, String> {
        &self.resources
    }

    /// A client of the stack's tables.
    #[must_use]
    pub fn tables(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config)
    }

    /// The current key ring, including its private keys.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn key_ring(&self) -> anyhow::Result<String> {
        let client = aws_sdk_secretsmanager::Client::new(&self.config);
        let secret = self.output("KeyRingSecretArn");
        let value = client.get_secret_value().secret_id(secret).send().await?;
        Ok(value.secret_string().unwrap_or_default().to_owned())
    }

    /// Invokes a function with an event, by its binary's name. The inner error is what
    /// the function failed with.
    ///
    /// # Errors
    /// If there is no such function or it cannot be reached.
    pub async fn invoke(
        &self,
        function: &str,
        event: &[u8],
    ) -> anyhow::Result<Result<Vec<u8>, String>> {
        let client = aws_sdk_lambda::Client::new(&self.config);
        let response = client
            .invoke()
            .function_name(self.function(function)?)
            .payload(aws_sdk_lambda::primitives::Blob::new(event))
            .send()
            .await?;
        let failed = response.function_error().is_some();
        let payload = response
            .payload
            .map(aws_sdk_lambda::primitives::Blob::into_inner);
        let payload = payload.unwrap_or_default();
        if failed {
            let report: Value = serde_json::from_slice(&payload)?;
            let message = report.get("errorMessage").and_then(Value::as_str);
            return Ok(Err(message.unwrap_or_default().to_owned()));
        }
        Ok(Ok(payload))
    }

    /// The environment that a function is deployed with.
    ///
    /// # Errors
    /// If there is no such function.
    pub async fn environment(&self, function: &str) -> anyhow::Result<BTreeMap<String, String>> {
        let environment = self.configuration(function).await?.environment;
        let variables = environment.and_then(|environment| environment.variables);
        Ok(variables.unwrap_or_default().into_iter().collect())
    }

    /// The ARNs of a function and of its role.
    ///
    /// # Errors
    /// If there is no such function.
    pub async fn arns(&self, function: &str) -> anyhow::Result<(String, String)> {
        let configuration = self.configuration(function).await?;
        let arn = configuration.function_arn;
        let arn = arn.context("a function without an ARN")?;
        let role = configuration.role.context("a function without a role")?;
        Ok((arn, role))
    }

    async fn configuration(
        &self,
        function: &str,
    ) -> anyhow::Result<GetFunctionConfigurationOutput> {
        let client = aws_sdk_lambda::Client::new(&self.config);
        let request = client.get_function_configuration();
        let request = request.function_name(self.function(function)?);
        Ok(request.send().await?)
    }

    /// The lines that the functions have logged, without those of Lambda itself. They are
    /// searched for secrets.
    ///
    /// # Errors
    /// If a log group cannot be read.
    pub async fn logs(&self) -> anyhow::Result<Vec<String>> {
        let client = aws_sdk_cloudwatchlogs::Client::new(&self.config);
        let mut lines = Vec::new();
        for (id, group) in &self.resources {
            if !id.ends_with("LogGroup") || id == "ApiLogGroup" {
                continue;
            }
            let mut pages = client
                .filter_log_events()
                .log_group_name(group)
                .into_paginator()
                .send();
            while let Some(page) = pages.next().await {
                for event in page?.events() {
                    let message = event.message().unwrap_or_default().lines();
                    for line in message.filter(|line| is_from_a_function(line)) {
                        canaries::check_log_line(line);
                        lines.push(line.to_owned());
                    }
                }
            }
        }
        Ok(lines)
    }

    /// Runs the four steps of a rotation through the function, as Secrets Manager does.
    ///
    /// # Errors
    /// If a step fails.
    pub async fn rotate_keys(&self) -> anyhow::Result<()> {
        for event in rotation_events(self.output("KeyRingSecretArn"))? {
            let done = self.invoke("rotate-keys", event.as_bytes()).await?;
            ensure!(done.is_ok(), "a step of the rotation failed: {done:?}");
        }
        Ok(())
    }

    fn function(&self, binary: &str) -> anyhow::Result<&str> {
        let template = Template::read()?;
        let id = template.function_of(binary);
        let id = id.with_context(|| format!("the template has no function {binary}"))?;
        let name = self.resources.get(id);
        Ok(name.with_context(|| format!("the stack has no {id}"))?)
    }
}

/// Names a stack after its parameters: the two suites of a run are two processes, and a
/// count would give the second one the first one's stacks with other parameters.
fn name_of(stack: &str, parameters: &Parameters) -> String {
    let mut hasher = DefaultHasher::new();
    parameters.hash(&mut hasher);
    format!("{stack}-{:08x}", hasher.finish() >> 32)
}

async fn from_environment() -> SdkConfig {
    aws_config::load_defaults(BehaviorVersion::latest()).await
}

/// Lambda itself writes lines around each invocation.
fn is_from_a_function(line: &str) -> bool {
    let platform = ["START ", "END ", "REPORT ", "INIT_START "];
    !line.is_empty() && !platform.iter().any(|word| line.starts_with(word))
}

/// Whether a deployed stack had no capacity for this request.
///
/// The emulator starts a process for each of many concurrent requests on one small
/// machine. Some wait too long for a processor or a table: they get a 503 that asks for a
/// retry, or time out and get a 502 or 504 from the gateway.
#[must_use]
pub fn is_overloaded(response: &Response) -> bool {
    is_deployed() && [502, 503, 504].contains(&response.status)
}

/// Whether the tests run against a deployed stack.
#[must_use]
pub fn is_deployed() -> bool {
    setting("API_URL").is_some()
}
