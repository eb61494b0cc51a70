//! A template resolved with some parameters, before anything is built.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::StackError;
use crate::template_file::TemplateFile;

/// The parameters, checked as `CloudFormation` checks them, and each function's
/// variables.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The value of every parameter; commas separate the items of lists.
    pub parameters: BTreeMap<String, String>,
    /// The template's variables for each function, by the name of its binary.
    pub environments: BTreeMap<String, BTreeMap<String, String>>,
}

impl Plan {
    /// Reads a template; `url` is the API's own URL.
    ///
    /// # Errors
    /// [`StackError`] if the template cannot be read or resolved, or if a
    /// parameter is unknown or invalid. The message names the parameter.
    pub fn read(
        template: &Path,
        parameters: &BTreeMap<String, String>,
        url: &str,
    ) -> Result<Self, StackError> {
        let parsed = TemplateFile::read(template)?.parse(parameters, url)?;
        let environments = parsed.functions.into_iter().map(|function| {
            let mut environment = function.environment;
            let memory = function.memory.to_string();
            environment.insert("AWS_LAMBDA_FUNCTION_MEMORY_SIZE".to_owned(), memory);
            (function.name, environment)
        });
        Ok(Self {
            environments: environments.collect(),
            parameters: parsed.parameters,
        })
    }
}
