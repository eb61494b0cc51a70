//! Functions: each `AWS::Serverless::Function`, with the template's `Globals`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::TemplateError;
use super::node::{Entry, Node};
use super::physical::binary_name;
use super::resolve::Resolver;
use super::resource::Resource;

/// One function of the template.
#[derive(Debug, Clone)]
pub(crate) struct FunctionSpec {
    /// The name of the function and of its binary: the last component of `CodeUri`.
    pub(crate) name: String,
    /// How long an invocation may take.
    pub(crate) timeout: Duration,
    /// Its memory in MB, which is reported to the function but not enforced.
    pub(crate) memory: u64,
    pub(crate) environment: BTreeMap<String, String>,
}

/// Reads every function.
pub(super) fn read(
    root: &Node,
    resources: &[Resource<'_>],
    resolver: &Resolver<'_>,
) -> Result<Vec<FunctionSpec>, TemplateError> {
    let globals = root
        .get("Globals")
        .and_then(|globals| globals.get("Function"));
    let mut functions: Vec<FunctionSpec> = Vec::new();
    for resource in resources.iter().filter(|r| r.kind == FUNCTION) {
        let function = function(resource, globals, resolver)?;
        if functions.iter().any(|other| other.name == function.name) {
            return Err(TemplateError {
                line: resource.line,
                problem: format!(
                    "{} is a second function with the binary {}",
                    resource.id, function.name
                ),
            });
        }
        functions.push(function);
    }
    Ok(functions)
}

/// Returns the name of each function's binary.
pub(super) fn names<'a>(
    resources: impl Iterator<Item = &'a Resource<'a>>,
    resolver: &Resolver<'_>,
) -> Result<Vec<String>, TemplateError> {
    let functions = resources.filter(|resource| resource.kind == FUNCTION);
    let name = |function: &Resource<'_>| {
        let properties = function
            .properties
            .ok_or_else(|| function.lacks("Properties"))?;
        binary_name(&resolver.present(properties.required("CodeUri")?)?)
    };
    functions.map(name).collect()
}

const FUNCTION: &str = "AWS::Serverless::Function";

/// Lambda's default.
const DEFAULT_MEMORY_MB: u64 = 128;

/// Lambda's default.
const DEFAULT_TIMEOUT_SECONDS: u64 = 3;

fn function(
    resource: &Resource<'_>,
    globals: Option<&Node>,
    resolver: &Resolver<'_>,
) -> Result<FunctionSpec, TemplateError> {
    let Resource {
        id,
        properties: Some(properties),
        ..
    } = resource
    else {
        return Err(resource.lacks("Properties"));
    };
    if let Some(events) = properties.get("Events") {
        return Err(events.error(format!(
            "{id} has Events, which the local stack does not support: write AWS::ApiGatewayV2::Route resources instead"
        )));
    }
    let sources = [globals, Some(properties)];
    let mut environment = BTreeMap::new();
    for source in sources.into_iter().flatten() {
        if let Some(variables) = source.get("Environment").and_then(|e| e.get("Variables")) {
            let variables = resolver.present(variables)?;
            for Entry { key, value, .. } in variables.entries()? {
                environment.insert(key.clone(), value.text()?.to_owned());
            }
        }
    }
    let number = |key: &str, default: u64| -> Result<u64, TemplateError> {
        let mut written = sources
            .into_iter()
            .flatten()
            .filter_map(|source| source.get(key));
        match written.next_back() {
            Some(node) => resolver.present(node)?.number(),
            None => Ok(default),
        }
    };
    Ok(FunctionSpec {
        name: binary_name(&resolver.present(properties.required("CodeUri")?)?)?,
        timeout: Duration::from_secs(number("Timeout", DEFAULT_TIMEOUT_SECONDS)?),
        memory: number("MemorySize", DEFAULT_MEMORY_MB)?,
        environment,
    })
}
