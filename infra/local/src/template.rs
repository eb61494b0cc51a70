//! Reads functions, tables, queues and the HTTP API from `infra/template.yaml`, resolved.
//! No other file lists any of them.

mod api;
mod compute;
mod error;
mod filter;
mod function;
mod json;
mod mapping;
mod node;
mod parameter;
mod physical;
mod queue;
mod resolve;
mod resource;
mod rule;
mod schedule;
mod substitution;
mod table;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use api::{Api, Cors, IdentitySource, METHODS, PathPart, Route, RouteKey};
pub use error::TemplateError;
pub(crate) use function::FunctionSpec;
pub(crate) use json::document;
use mapping::Ends;
pub(crate) use mapping::{EventSource, MappingSpec, StartingPosition};
pub(crate) use queue::QueueSpec;
#[cfg(test)]
pub(crate) use queue::Redrive;
use resolve::Resolver;
pub(crate) use schedule::Schedule;
pub(crate) use table::TableSpec;

/// The resolved template.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) functions: Vec<FunctionSpec>,
    /// The binary of every function, also of those whose conditions are false.
    pub(crate) all_functions: Vec<String>,
    pub(crate) tables: Vec<TableSpec>,
    /// Every table, also those whose conditions are false.
    pub(crate) all_tables: Vec<TableSpec>,
    pub(crate) api: Api,
    pub(crate) schedules: Vec<Schedule>,
    pub(crate) queues: Vec<QueueSpec>,
    pub(crate) mappings: Vec<MappingSpec>,
    /// The ids of the resources whose conditions are true.
    pub(crate) resources: BTreeSet<String>,
    /// The value of every parameter: its default, or the override.
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Template {
    /// Parses and resolves a template; `endpoint` is the API's own URL.
    pub(crate) fn parse(
        text: &str,
        overrides: &BTreeMap<String, String>,
        endpoint: &str,
    ) -> Result<Self, TemplateError> {
        let root = node::parse(text)?;
        let resolver = Resolver::new(&root, overrides, endpoint)?;
        rule::check(&root, &resolver)?;
        let resources = resource::read(&root, &resolver)?;
        let all = resource::all(&root)?;
        let functions = function::read(&root, &resources, &resolver)?;
        let tables = table::read(&resources, &resolver)?;
        let queues = queue::read(&resources, &resolver)?;
        let ends = Ends {
            functions: &functions,
            tables: &tables,
            queues: &queues,
        };
        Ok(Self {
            all_functions: function::names(all.iter().map(|(one, _)| one), &resolver)?,
            all_tables: table::read(all.iter().map(|(one, _)| one), &resolver)?,
            mappings: mapping::read(&resources, &ends, &resolver)?,
            api: api::read(&resources, &functions, &resolver)?,
            schedules: schedule::read(&resources, &functions, &resolver)?,
            resources: resources.iter().map(|one| one.id.to_owned()).collect(),
            parameters: resolver.parameters_as_text(),
            functions,
            queues,
            tables,
        })
    }

    /// Returns the keys of its routes, such as `POST /register`.
    pub(crate) fn route_keys(&self) -> Vec<String> {
        let routes = self.api.routes.iter();
        routes.map(|route| route.key.to_string()).collect()
    }

    /// Reports whether its functions need SQS and SES.
    pub(crate) fn needs_services(&self) -> bool {
        !self.queues.is_empty()
    }
}

#[cfg(test)]
mod tests;
