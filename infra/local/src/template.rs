//! Reads functions, tables and the HTTP API from `infra/template.yaml`, resolved.
//! No other file lists any of them.

mod api;
mod compute;
mod error;
mod function;
mod json;
mod node;
mod parameter;
mod physical;
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
use resolve::Resolver;
pub(crate) use schedule::Schedule;
pub(crate) use table::TableSpec;

/// The resolved template.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) functions: Vec<FunctionSpec>,
    pub(crate) tables: Vec<TableSpec>,
    /// Every table, also those whose conditions are false.
    pub(crate) all_tables: Vec<TableSpec>,
    pub(crate) api: Api,
    pub(crate) schedules: Vec<Schedule>,
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
        Ok(Self {
            tables: table::read(&resources, &resolver)?,
            all_tables: table::read(all.iter().map(|(one, _)| one), &resolver)?,
            api: api::read(&resources, &functions, &resolver)?,
            schedules: schedule::read(&resources, &functions, &resolver)?,
            resources: resources.iter().map(|one| one.id.to_owned()).collect(),
            parameters: resolver.parameters_as_text(),
            functions,
        })
    }
}

#[cfg(test)]
mod tests;
