//! The functions of a stack, each with its environment.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::error::StackError;
use crate::lambda::{Function, Functions, ProcessSettings, variables};
use crate::log::Log;
use crate::options::StackOptions;
use crate::services;
use crate::template::{FunctionSpec, Template};

/// What functions are started with.
pub(super) struct FunctionParts<'a> {
    pub(super) options: &'a StackOptions,
    /// The API's URL.
    pub(super) url: &'a str,
    pub(super) dynamodb_url: &'a str,
    pub(super) key_ring: &'a Path,
    pub(super) log: &'a Log,
}

/// The environments of functions, by name.
type Environments = BTreeMap<String, BTreeMap<String, String>>;

impl FunctionParts<'_> {
    /// Returns every function of a template, and their environments.
    pub(super) fn all(&self, template: &Template) -> Result<(Functions, Environments), StackError> {
        let mut functions = Functions::new();
        let mut environments = Environments::new();
        for spec in &template.functions {
            let mut environment = environment(spec, self.options, self.dynamodb_url, self.key_ring);
            if template.needs_services() {
                for (name, value) in services::endpoints(self.url) {
                    environment.entry(name.to_owned()).or_insert(value);
                }
            }
            let function = function(spec, self.options, environment.clone(), self.log)?;
            functions.insert(spec.name.clone(), Arc::new(function));
            environments.insert(spec.name.clone(), environment);
        }
        Ok((functions, environments))
    }
}

/// Returns the environment of a function's processes: Lambda's variables, the
/// template's, and those of the options. The key ring is a file, since there is no
/// Secrets Manager.
fn environment(
    spec: &FunctionSpec,
    options: &StackOptions,
    dynamodb: &str,
    key_ring: &Path,
) -> BTreeMap<String, String> {
    let root = options.bin_dir.to_string_lossy();
    let mut environment = variables(spec, dynamodb, &root);
    environment.extend(spec.environment.clone());
    if environment.remove("KEY_RING_SECRET_ARN").is_some() {
        let file = key_ring.to_string_lossy().into_owned();
        environment.insert("KEY_RING_FILE".to_owned(), file);
    }
    environment.extend(options.environment.clone());
    environment
}

fn function(
    spec: &FunctionSpec,
    options: &StackOptions,
    environment: BTreeMap<String, String>,
    log: &Log,
) -> Result<Function, StackError> {
    if let Some(endpoint) = &options.remote {
        return Ok(Function::remote(endpoint, &spec.name));
    }
    let binary = options.bin_dir.join(&spec.name);
    if !binary.is_file() {
        let function = spec.name.clone();
        return Err(StackError::NotBuilt { function, binary });
    }
    Ok(Function::processes(ProcessSettings {
        name: spec.name.clone(),
        binary,
        timeout: spec.timeout,
        environment,
        concurrency: options.concurrency,
        freeze: options.freeze,
        log: log.clone(),
    }))
}
