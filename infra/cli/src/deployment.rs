//! A deployed stack: found by its name, through CloudFormation.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow, bail};
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::types::Stack;
use gatehouse_store::KeyRingSource;

use crate::variable;

/// A stack on AWS, or on an emulator of it.
pub(crate) struct Deployment {
    config: SdkConfig,
    name: String,
    status: String,
    parameters: BTreeMap<String, String>,
    outputs: BTreeMap<String, String>,
    /// The ARN of the secret that holds the key ring.
    secret: String,
}

impl Deployment {
    /// Reads the stack's outputs and parameters.
    pub(crate) async fn find(name: &str) -> anyhow::Result<Self> {
        let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
        if config.region().is_none() {
            bail!("the region is not known: set AWS_REGION, or AWS_PROFILE to a profile with one");
        }
        let stack = describe(&config, name).await?;
        let outputs = outputs(&stack);
        let secret = outputs.get("KeyRingSecretArn").cloned();
        let secret = secret.with_context(|| {
            format!("the stack {name} has no key ring: it is none of this template")
        })?;
        Ok(Self {
            name: name.to_owned(),
            status: stack
                .stack_status()
                .map_or_else(String::new, ToString::to_string),
            parameters: parameters(&stack),
            config,
            outputs,
            secret,
        })
    }

    /// The stack's state, such as `CREATE_COMPLETE`.
    pub(crate) fn status(&self) -> &str {
        &self.status
    }

    /// The template's parameters with the values that were deployed.
    pub(crate) fn parameters(&self) -> &BTreeMap<String, String> {
        &self.parameters
    }

    /// The parameters and the names of the tables, as the functions' variables.
    pub(crate) fn settings(&self) -> BTreeMap<String, String> {
        let parameters = self.parameters.iter();
        let parameters = parameters.map(|(name, value)| (variable::name(name), value.clone()));
        let tables = self.outputs.iter().filter_map(|(output, value)| {
            let table = output.strip_suffix("Name")?;
            table
                .ends_with("Table")
                .then(|| (variable::name(table), value.clone()))
        });
        parameters.chain(tables).collect()
    }

    /// A client of DynamoDB.
    pub(crate) fn tables(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config)
    }

    /// Where the key ring is.
    pub(crate) fn ring(&self) -> KeyRingSource {
        KeyRingSource::Secret {
            arn: self.secret.clone(),
            client: self.secrets(),
        }
    }

    fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.config)
    }

    /// A client of Lambda.
    pub(crate) fn lambda(&self) -> aws_sdk_lambda::Client {
        aws_sdk_lambda::Client::new(&self.config)
    }

    /// The physical ids of the stack's resources by their ids in the template.
    pub(crate) async fn resources(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let client = aws_sdk_cloudformation::Client::new(&self.config);
        let mut found = BTreeMap::new();
        let mut next = None;
        loop {
            let page = client.list_stack_resources().stack_name(&self.name);
            let page = page.set_next_token(next).send().await;
            let page =
                page.map_err(|error| sdk_error(error, "CloudFormation refuses".to_owned()))?;
            for resource in page.stack_resource_summaries() {
                if let (Some(id), Some(physical)) = (
                    resource.logical_resource_id(),
                    resource.physical_resource_id(),
                ) {
                    found.insert(id.to_owned(), physical.to_owned());
                }
            }
            next = page.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    /// Says whether Secrets Manager rotates the keys on a schedule.
    pub(crate) async fn is_rotation_enabled(&self) -> anyhow::Result<bool> {
        let described = self.secrets().describe_secret().secret_id(&self.secret);
        let described = described.send().await;
        let described =
            described.map_err(|error| sdk_error(error, "Secrets Manager refuses".to_owned()))?;
        Ok(described.rotation_enabled().unwrap_or(false))
    }

    /// Whether the stack is on an emulator, which knows less than AWS.
    pub(crate) fn is_emulated(&self) -> bool {
        self.config.endpoint_url().is_some()
    }

    /// Asks Secrets Manager to run the rotation function, as its schedule does.
    pub(crate) async fn request_rotation(&self) -> anyhow::Result<()> {
        let asked = self
            .secrets()
            .rotate_secret()
            .secret_id(&self.secret)
            .send();
        let why = "Secrets Manager does not rotate the keys (docs/runbook.md: Rotate by hand)";
        asked
            .await
            .map_err(|error| sdk_error(error, why.to_owned()))?;
        Ok(())
    }
}

async fn describe(config: &SdkConfig, name: &str) -> anyhow::Result<Stack> {
    let client = aws_sdk_cloudformation::Client::new(config);
    let described = client.describe_stacks().stack_name(name).send().await;
    let described = described
        .map_err(|error| sdk_error(error, format!("the stack {name} cannot be looked up")))?;
    let mut stacks = described.stacks.unwrap_or_default();
    stacks
        .pop()
        .with_context(|| format!("there is no stack {name} in this account and region"))
}

/// Makes an error for people of one of the SDK: what AWS said, or why nothing was
/// asked (no credentials, no connection).
fn sdk_error<E>(error: SdkError<E>, why: String) -> anyhow::Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match error.message() {
        Some(message) => anyhow!("{why}: {message}"),
        None => anyhow::Error::new(error).context(why),
    }
}

fn outputs(stack: &Stack) -> BTreeMap<String, String> {
    let outputs = stack.outputs().iter();
    let pair = outputs.filter_map(|output| {
        let (name, value) = (output.output_key()?, output.output_value()?);
        Some((name.to_owned(), value.to_owned()))
    });
    pair.collect()
}

/// The stack's parameters by their own names.
fn parameters(stack: &Stack) -> BTreeMap<String, String> {
    let parameters = stack.parameters().iter();
    let pair = parameters.filter_map(|parameter| {
        let (name, value) = (parameter.parameter_key()?, parameter.parameter_value()?);
        Some((name.to_owned(), value.to_owned()))
    });
    pair.collect()
}
