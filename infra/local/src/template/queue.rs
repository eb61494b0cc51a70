//! Queues: each `AWS::SQS::Queue`.

use std::time::Duration;

use super::error::TemplateError;
use super::node::Node;
use super::physical::queue_name;
use super::resolve::Resolver;
use super::resource::Resource;

/// One queue of the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueueSpec {
    /// Its logical id.
    pub(crate) id: String,
    pub(crate) name: String,
    /// How long a message waits before it is visible, unless it says so itself.
    pub(crate) delay: Duration,
    /// How long a message that was received is hidden.
    pub(crate) visibility: Duration,
    /// How long a message is kept.
    pub(crate) retention: Duration,
    pub(crate) redrive: Option<Redrive>,
}

/// Where a queue moves messages that were received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redrive {
    /// The name of the dead-letter queue.
    pub(crate) queue: String,
    /// How often a message is received before.
    pub(crate) max_receives: u64,
}

/// Without effect here, or with the effect that is implemented.
const KNOWN: [&str; 10] = [
    "DelaySeconds",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MessageRetentionPeriod",
    "QueueName",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "Tags",
    "VisibilityTimeout",
];

/// Reads every queue.
pub(super) fn read(
    resources: &[Resource<'_>],
    resolver: &Resolver<'_>,
) -> Result<Vec<QueueSpec>, TemplateError> {
    let found = resources.iter().filter(|r| r.kind == "AWS::SQS::Queue");
    let queues: Result<Vec<QueueSpec>, _> = found
        .clone()
        .map(|resource| queue(resource, resolver))
        .collect();
    let queues = queues?;
    for (resource, queue) in found.zip(&queues) {
        let Some(redrive) = &queue.redrive else {
            continue;
        };
        if !queues.iter().any(|other| other.name == redrive.queue) {
            return Err(resource.refuse("has a dead-letter queue that is not in the template"));
        }
    }
    Ok(queues)
}

/// Amazon SQS's defaults: 0 and 30 seconds, 4 days.
const DEFAULTS: [u64; 3] = [0, 30, 345_600];

fn queue(resource: &Resource<'_>, resolver: &Resolver<'_>) -> Result<QueueSpec, TemplateError> {
    let properties = resource.resolved(resolver)?;
    resource.only(&properties, &KNOWN)?;
    let seconds = |key: &str, default: u64| {
        let written = properties.get(key).map(Node::number).transpose()?;
        Ok(Duration::from_secs(written.unwrap_or(default)))
    };
    let [delay, visibility, retention] = DEFAULTS;
    Ok(QueueSpec {
        id: resource.id.to_owned(),
        name: queue_name(resource.id),
        delay: seconds("DelaySeconds", delay)?,
        visibility: seconds("VisibilityTimeout", visibility)?,
        retention: seconds("MessageRetentionPeriod", retention)?,
        redrive: properties.get("RedrivePolicy").map(redrive).transpose()?,
    })
}

fn redrive(policy: &Node) -> Result<Redrive, TemplateError> {
    let target = policy.required("deadLetterTargetArn")?.text()?;
    Ok(Redrive {
        queue: target.rsplit(':').next().unwrap_or_default().to_owned(),
        max_receives: policy.required("maxReceiveCount")?.number()?,
    })
}
