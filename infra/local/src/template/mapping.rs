//! Event source mappings: each `AWS::Lambda::EventSourceMapping` of a stream or a queue.

use std::time::Duration;

use super::error::TemplateError;
use super::filter::Filter;
use super::function::FunctionSpec;
use super::node::Node;
use super::queue::QueueSpec;
use super::resolve::Resolver;
use super::resource::Resource;
use super::table::TableSpec;

/// A stream or a queue whose messages invoke a function.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MappingSpec {
    /// Its logical id.
    pub(crate) id: String,
    /// The function's binary.
    pub(crate) function: String,
    pub(crate) source: EventSource,
    /// The most records of an event.
    pub(crate) batch_size: usize,
    /// How long to wait for a full batch.
    pub(crate) window: Duration,
    /// A record that matches none of them is skipped; without any, every record matches.
    pub(crate) filters: Vec<Filter>,
    /// Whether the function names the records that failed.
    pub(crate) reports_failures: bool,
    /// How many events of a queue may be handled at once.
    pub(crate) concurrency: usize,
}

/// Where the records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EventSource {
    Stream {
        /// The table's name.
        table: String,
        start: StartingPosition,
    },
    /// The queue's name.
    Queue(String),
}

/// Where a mapping that has no position begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StartingPosition {
    /// With the oldest record.
    TrimHorizon,
    /// With the next record.
    Latest,
}

/// What a template already describes when its mappings are read.
pub(super) struct Ends<'a> {
    pub(super) functions: &'a [FunctionSpec],
    pub(super) tables: &'a [TableSpec],
    pub(super) queues: &'a [QueueSpec],
}

/// Reads every mapping that is enabled.
pub(super) fn read(
    resources: &[Resource<'_>],
    ends: &Ends<'_>,
    resolver: &Resolver<'_>,
) -> Result<Vec<MappingSpec>, TemplateError> {
    let mut mappings = Vec::new();
    let kind = "AWS::Lambda::EventSourceMapping";
    for resource in resources.iter().filter(|r| r.kind == kind) {
        let properties = resource.resolved(resolver)?;
        let enabled = properties.get("Enabled").map(Node::flag).transpose()?;
        if enabled.unwrap_or(true) {
            mappings.push(mapping(resource, &properties, ends)?);
        }
    }
    Ok(mappings)
}

/// A record that fails is delivered until it succeeds or is trimmed: the local stack has
/// no bisecting, no limit of attempts and no destination for failures.
const KNOWN: [&str; 11] = [
    "BatchSize",
    "Enabled",
    "EventSourceArn",
    "FilterCriteria",
    "FunctionName",
    "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds",
    "MaximumRetryAttempts",
    "ScalingConfig",
    "StartingPosition",
    "Tags",
];

/// Lambda's default for a queue without `ScalingConfig` is far higher; this machine is small.
const DEFAULT_CONCURRENCY: u64 = 5;

fn mapping(
    resource: &Resource<'_>,
    properties: &Node,
    ends: &Ends<'_>,
) -> Result<MappingSpec, TemplateError> {
    resource.only(properties, &KNOWN)?;
    let written = properties.required("FunctionName")?;
    let function = written.text()?.rsplit(':').next().unwrap_or_default();
    if !ends.functions.iter().any(|one| one.name == function) {
        return Err(written.error(format!("{function} is not a function of the template")));
    }
    if let Some(attempts) = properties.get("MaximumRetryAttempts")
        && attempts.text()? != "-1"
    {
        return Err(attempts.error("the local stack only supports -1, which retries for ever"));
    }
    let source = source(properties, ends)?;
    let number = |node: Option<&Node>, default: u64| -> Result<u64, TemplateError> {
        Ok(node.map(Node::number).transpose()?.unwrap_or(default))
    };
    // Lambda's defaults.
    let default_size = match source {
        EventSource::Stream { .. } => 100,
        EventSource::Queue(_) => 10,
    };
    let scaling = properties.get("ScalingConfig");
    let most = scaling.and_then(|scaling| scaling.get("MaximumConcurrency"));
    let size = number(properties.get("BatchSize"), default_size)?;
    let window = number(properties.get("MaximumBatchingWindowInSeconds"), 0)?;
    let types = properties.get("FunctionResponseTypes");
    let types = types.map(Node::texts).transpose()?.unwrap_or_default();
    let filters = filters(properties)?;
    if let (EventSource::Queue(_), Some(criteria), false) = (
        &source,
        properties.get("FilterCriteria"),
        filters.is_empty(),
    ) {
        return Err(criteria.error("the local stack does not support filters on a queue"));
    }
    Ok(MappingSpec {
        id: resource.id.to_owned(),
        function: function.to_owned(),
        source,
        batch_size: usize::try_from(size.max(1)).unwrap_or(usize::MAX),
        window: Duration::from_secs(window),
        filters,
        reports_failures: types.iter().any(|kind| kind == "ReportBatchItemFailures"),
        concurrency: usize::try_from(number(most, DEFAULT_CONCURRENCY)?.max(1)).unwrap_or(1),
    })
}

fn source(properties: &Node, ends: &Ends<'_>) -> Result<EventSource, TemplateError> {
    let written = properties.required("EventSourceArn")?;
    let resource = written.text()?.rsplit(':').next().unwrap_or_default();
    if let Some(queue) = ends.queues.iter().find(|queue| queue.name == resource) {
        return Ok(EventSource::Queue(queue.name.clone()));
    }
    let table = resource.strip_prefix("table/");
    let table = table.and_then(|rest| rest.split_once("/stream/"));
    let found = table.and_then(|(name, _)| ends.tables.iter().find(|table| table.name == name));
    let Some(table) = found.filter(|table| table.stream().is_some()) else {
        let problem = "this must be the stream of a table, or a queue, of the template";
        return Err(written.error(problem));
    };
    let start = properties.required("StartingPosition")?;
    let start = match start.text()? {
        "TRIM_HORIZON" => StartingPosition::TrimHorizon,
        "LATEST" => StartingPosition::Latest,
        _ => return Err(start.error("this must be TRIM_HORIZON or LATEST")),
    };
    let table = table.name.clone();
    Ok(EventSource::Stream { table, start })
}

fn filters(properties: &Node) -> Result<Vec<Filter>, TemplateError> {
    let Some(criteria) = properties.get("FilterCriteria") else {
        return Ok(Vec::new());
    };
    let mut filters = Vec::new();
    for filter in criteria.required("Filters")?.items()? {
        let pattern = filter.required("Pattern")?;
        let parsed = Filter::parse(pattern.text()?);
        filters.push(parsed.map_err(|problem| pattern.error(problem))?);
    }
    Ok(filters)
}
