//! A deployed stack, found by its name through CloudFormation.

use std::collections::BTreeMap;

use anyhow::Context as _;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::types::Stack;
use gatehouse_rest::{RestClient, Service};
use gatehouse_store::KeyRingSource;
use gatehouse_suppression::SuppressionList;

use crate::error::ErrorCode;
use crate::variable;

/// A stack on AWS or on an emulator of it.
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
    /// Reads the outputs and parameters of the stack.
    pub(crate) async fn find(name: &str) -> anyhow::Result<Self> {
        let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
        if config.region().is_none() {
            return Err(ErrorCode::Unavailable.error(
                "no AWS region is set: set AWS_REGION, or set AWS_PROFILE to a profile with a region",
            ));
        }
        let stack = describe(&config, name).await?;
        let outputs = outputs(&stack);
        let secret = outputs.get("KeyRingSecretArn").cloned();
        let secret = secret.with_context(|| {
            format!("the stack {name} was not deployed from this template: it has no output KeyRingSecretArn")
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

    /// Returns the stack's status, such as `CREATE_COMPLETE`.
    pub(crate) fn status(&self) -> &str {
        &self.status
    }

    /// Returns the template's parameters with their deployed values.
    pub(crate) fn parameters(&self) -> &BTreeMap<String, String> {
        &self.parameters
    }

    /// Returns the parameters and the table names as the functions' environment variables.
    pub(crate) fn settings(&self) -> BTreeMap<String, String> {
        let parameters = self.parameters.iter();
        let parameters = parameters.map(|(name, value)| (variable::name(name), value.clone()));
        let tables = self.outputs.iter().filter_map(|(output, value)| {
            let table = output.strip_suffix("Name")?;
            table
                .ends_with("Table")
                .then(|| (variable::name(table), value.clone()))
        });
        // The parameter is empty if the issuer is the API's own URL.
        let issuer = self.outputs.get("TokenIssuer");
        let issuer = issuer.map(|url| ("ISSUER".to_owned(), url.clone()));
        parameters.chain(tables).chain(issuer).collect()
    }

    /// Returns a client for DynamoDB.
    pub(crate) fn tables(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config)
    }

    /// Returns where the key ring is.
    pub(crate) fn ring(&self) -> KeyRingSource {
        KeyRingSource::Secret {
            arn: self.secret.clone(),
            client: self.secrets(),
        }
    }

    fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.config)
    }

    /// Returns a client for Lambda.
    pub(crate) fn lambda(&self) -> RestClient {
        RestClient::open(Service::LAMBDA, &self.config, None)
    }

    /// Returns a client for SES, if the stack sends mails.
    pub(crate) fn mail(&self) -> Option<RestClient> {
        let client = || RestClient::open(Service::SES, &self.config, None);
        self.sends_mail().then(client)
    }

    /// Returns the addresses that SES sends nothing to, if the stack sends mails.
    pub(crate) fn suppression(&self) -> Option<SuppressionList> {
        let list = || SuppressionList::open(&self.config, None);
        self.sends_mail().then(list)
    }

    fn sends_mail(&self) -> bool {
        let from = self.parameters.get("MailFrom");
        from.is_some_and(|from| !from.is_empty())
    }

    /// Returns the physical id of each resource, by its id in the template.
    pub(crate) async fn resources(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let client = aws_sdk_cloudformation::Client::new(&self.config);
        let mut found = BTreeMap::new();
        let mut next = None;
        loop {
            let page = client.list_stack_resources().stack_name(&self.name);
            let page = page.set_next_token(next).send().await;
            let page = page.map_err(|error| {
                sdk_error(error, "cannot list the stack's resources".to_owned())
            })?;
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

    /// Returns whether Secrets Manager rotates the keys on a schedule.
    pub(crate) async fn is_rotation_enabled(&self) -> anyhow::Result<bool> {
        let described = self.secrets().describe_secret().secret_id(&self.secret);
        let described = described.send().await;
        let described = described.map_err(|error| {
            sdk_error(error, "cannot describe the key ring's secret".to_owned())
        })?;
        Ok(described.rotation_enabled().unwrap_or(false))
    }

    /// Whether the stack is on an emulator, which knows less than AWS.
    pub(crate) fn is_emulated(&self) -> bool {
        self.config.endpoint_url().is_some()
    }

    /// Starts a rotation in Secrets Manager, as its schedule does.
    pub(crate) async fn request_rotation(&self) -> anyhow::Result<()> {
        let started = self
            .secrets()
            .rotate_secret()
            .secret_id(&self.secret)
            .send();
        let why =
            "Secrets Manager cannot rotate the keys (see \"Rotate by hand\" in docs/runbook.md)";
        started
            .await
            .map_err(|error| sdk_error(error, why.to_owned()))?;
        Ok(())
    }
}

async fn describe(config: &SdkConfig, name: &str) -> anyhow::Result<Stack> {
    let client = aws_sdk_cloudformation::Client::new(config);
    let described = client.describe_stacks().stack_name(name).send().await;
    let described = described.map_err(|error| {
        // CloudFormation's code for a stack that does not exist.
        let is_unknown = error.code() == Some("ValidationError");
        let error = sdk_error(error, format!("cannot find the stack {name}"));
        if is_unknown {
            return ErrorCode::NoStack.error(format!("{error:#}"));
        }
        error
    })?;
    let mut stacks = described.stacks.unwrap_or_default();
    stacks.pop().ok_or_else(|| {
        ErrorCode::NoStack.error(format!("this account has no stack {name} in this region"))
    })
}

/// Turns an error from the SDK into a readable one: the message from AWS, or why no request
/// was sent (no credentials, no connection).
fn sdk_error<E>(error: SdkError<E>, why: String) -> anyhow::Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let message = match error.message() {
        Some(message) => format!("{why}: {message}"),
        None => format!("{:#}", anyhow::Error::new(error).context(why)),
    };
    ErrorCode::Unavailable.error(message)
}

fn outputs(stack: &Stack) -> BTreeMap<String, String> {
    let outputs = stack.outputs().iter();
    let pair = outputs.filter_map(|output| {
        let (name, value) = (output.output_key()?, output.output_value()?);
        Some((name.to_owned(), value.to_owned()))
    });
    pair.collect()
}

fn parameters(stack: &Stack) -> BTreeMap<String, String> {
    let parameters = stack.parameters().iter();
    let pair = parameters.filter_map(|parameter| {
        let (name, value) = (parameter.parameter_key()?, parameter.parameter_value()?);
        Some((name.to_owned(), value.to_owned()))
    });
    pair.collect()
}
