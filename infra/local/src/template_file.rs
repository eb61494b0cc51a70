//! The file of a template: its errors name the file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::error::StackError;
use crate::template::{Template, TemplateError, document};

/// A template's file, with its text.
#[derive(Debug)]
pub(crate) struct TemplateFile<'a> {
    path: &'a Path,
    text: String,
}

impl<'a> TemplateFile<'a> {
    /// Reads the file.
    pub(crate) fn read(path: &'a Path) -> Result<Self, StackError> {
        match fs::read_to_string(path) {
            Ok(text) => Ok(Self { path, text }),
            Err(source) => Err(StackError::Unreadable {
                file: path.to_owned(),
                source,
            }),
        }
    }

    /// Resolves the template; `url` is the API's own URL.
    pub(crate) fn parse(
        &self,
        parameters: &BTreeMap<String, String>,
        url: &str,
    ) -> Result<Template, StackError> {
        Template::parse(&self.text, parameters, url).map_err(|problem| self.error(problem))
    }

    fn error(&self, problem: TemplateError) -> StackError {
        StackError::Template {
            file: self.path.to_owned(),
            problem,
        }
    }
}

/// Returns the names of the binaries of a template's functions. The parameters
/// decide which functions there are.
///
/// # Errors
/// [`StackError`] if the template cannot be read or resolved, or if it does not
/// declare one of the parameters.
pub fn function_names(
    template: &Path,
    parameters: &BTreeMap<String, String>,
) -> Result<Vec<String>, StackError> {
    let parsed = TemplateFile::read(template)?.parse(parameters, "http://localhost")?;
    let functions = parsed.functions.into_iter();
    Ok(functions.map(|function| function.name).collect())
}

/// Returns the names of the binaries of all functions of a template, also of those that are
/// switched off: a deployment with other parameters has them.
///
/// # Errors
/// [`StackError`] if the template cannot be read or resolved.
pub fn all_function_names(template: &Path) -> Result<Vec<String>, StackError> {
    let parsed = TemplateFile::read(template)?.parse(&BTreeMap::new(), "http://localhost")?;
    Ok(parsed.all_functions)
}

/// Returns the ids of a template's resources. The parameters decide which resources there
/// are.
///
/// # Errors
/// As [`function_names`].
pub fn resource_ids(
    template: &Path,
    parameters: &BTreeMap<String, String>,
) -> Result<BTreeSet<String>, StackError> {
    let parsed = TemplateFile::read(template)?.parse(parameters, "http://localhost")?;
    Ok(parsed.resources)
}

/// Returns a template as JSON, unresolved and with every function in its long
/// form, for checks of what the local stack does not run.
///
/// # Errors
/// [`StackError`] if the template cannot be read.
pub fn template_document(template: &Path) -> Result<serde_json::Value, StackError> {
    let file = TemplateFile::read(template)?;
    document(&file.text).map_err(|problem| file.error(problem))
}
