//! `docs/openapi.json`, which every response that a test receives must meet.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context as _, anyhow, ensure};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::binaries::root;
use crate::response::Response;

/// The document, with a validator for each schema that has been needed.
#[derive(Debug)]
pub struct Contract {
    document: Value,
    validators: Mutex<BTreeMap<String, &'static Validator>>,
}

impl Contract {
    /// Returns the committed document.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn committed() -> anyhow::Result<&'static Self> {
        static COMMITTED: OnceLock<Result<Contract, String>> = OnceLock::new();
        let read = || {
            let text = std::fs::read_to_string(root().join("docs/openapi.json"))?;
            anyhow::Ok(Self::new(serde_json::from_str(&text)?))
        };
        let contract = COMMITTED.get_or_init(|| read().map_err(|error| format!("{error:#}")));
        contract
            .as_ref()
            .map_err(|error| anyhow!("docs/openapi.json: {error}"))
    }

    /// Uses another document.
    #[must_use]
    pub fn new(mut document: Value) -> Self {
        for schema in members_mut(&mut document, "/components/schemas") {
            close(schema);
        }
        Self {
            document,
            validators: Mutex::default(),
        }
    }

    /// Returns everything in which a response differs from the document; none for a route
    /// that it does not have, which the gateway answers.
    ///
    /// # Errors
    /// If a schema of the document is invalid.
    pub fn mismatch(
        &self,
        method: &str,
        path: &str,
        response: &Response,
    ) -> anyhow::Result<Option<String>> {
        let Some((template, operation)) = self.operation(method, path) else {
            return Ok(None);
        };
        let place = format!("{method} {template} {}", response.status);
        let Some(documented) = self.response(operation, response.status) else {
            return Ok(Some(format!("{place} is not in docs/openapi.json")));
        };
        let mut wrong = String::new();
        self.check_headers(&place, documented, response, &mut wrong)?;
        self.check_body(&place, method, documented, response, &mut wrong)?;
        Ok(Some(wrong).filter(|wrong| !wrong.is_empty()))
    }

    /// Returns the examples that do not meet the schema beside them.
    ///
    /// # Errors
    /// If a schema of the document is invalid.
    pub fn wrong_examples(&self) -> anyhow::Result<Vec<String>> {
        let mut wrong = Vec::new();
        let mut seen = 0;
        let mut left = vec![("#".to_owned(), &self.document)];
        while let Some((place, value)) = left.pop() {
            if let (Some(schema), Some(example)) = (value.get("schema"), value.get("example")) {
                seen += 1;
                let schema = self.validator(&format!("example {place}"), schema)?;
                let errors = schema.iter_errors(example);
                wrong.extend(errors.map(|error| format!("{place}: {error}")));
            }
            let members = value.as_object().into_iter().flatten();
            left.extend(members.map(|(name, value)| (format!("{place}/{name}"), value)));
        }
        ensure!(seen > 0, "the document has no examples");
        Ok(wrong)
    }

    /// Finds a response of an operation, there or among those that operations share.
    #[must_use]
    pub fn response<'a>(&'a self, operation: &'a Value, status: u16) -> Option<&'a Value> {
        let response = operation.pointer(&format!("/responses/{status}"))?;
        match response.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')),
            None => Some(response),
        }
    }

    /// Returns the document.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Finds the operation of a request; a literal path goes before one with variables.
    fn operation(&self, method: &str, path: &str) -> Option<(&str, &Value)> {
        let paths = self.document.get("paths")?.as_object()?;
        let method = method.to_lowercase();
        let found = paths.iter().filter(|(template, operations)| {
            matches(template, path) && operations.get(&method).is_some()
        });
        let (template, operations) =
            found.min_by_key(|(template, _)| template.matches('{').count())?;
        Some((template, operations.get(&method)?))
    }

    fn check_headers(
        &self,
        place: &str,
        documented: &Value,
        response: &Response,
        wrong: &mut String,
    ) -> anyhow::Result<()> {
        let headers = documented.get("headers").and_then(Value::as_object);
        for (name, header) in headers.into_iter().flatten() {
            let Some(value) = response.headers.get(name) else {
                if header["required"] == json!(true) {
                    let _ = writeln!(wrong, "{place}: the header {name} is missing");
                }
                continue;
            };
            let value = Value::from(value.to_str().context("a header is not ASCII")?);
            let schema = self.validator(&format!("{place} {name}"), &header["schema"])?;
            for error in schema.iter_errors(&value) {
                // A header may hold a token.
                let _ = writeln!(wrong, "{place}: the header {name}: {}", error.masked());
            }
        }
        Ok(())
    }

    fn check_body(
        &self,
        place: &str,
        method: &str,
        documented: &Value,
        response: &Response,
        wrong: &mut String,
    ) -> anyhow::Result<()> {
        let content = documented.get("content").and_then(Value::as_object);
        let Some(content) = content else {
            if !response.text.is_empty() {
                let _ = writeln!(wrong, "{place} has a body");
            }
            return Ok(());
        };
        if method == "HEAD" {
            return Ok(());
        }
        let media_type = response.header("content-type");
        let Some(media) = content.get(media_type) else {
            let _ = writeln!(wrong, "{place}: the content type {media_type:?}");
            return Ok(());
        };
        let body: Value = serde_json::from_str(&response.text).context("the body is not JSON")?;
        let schema = self.validator(&format!("{place} {media_type}"), &media["schema"])?;
        for error in schema.iter_errors(&body) {
            let at = error.instance_path().to_string();
            let _ = writeln!(wrong, "{place}: the body at {at:?}: {}", error.masked());
        }
        Ok(())
    }

    fn validator(&self, place: &str, schema: &Value) -> anyhow::Result<&'static Validator> {
        let mut validators = self
            .validators
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = validators.get(place) {
            return Ok(known);
        }
        let components = self.document.get("components");
        let whole = json!({ "allOf": [schema], "components": components });
        let validator = jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&whole)
            .map_err(|error| anyhow!("{place}: {error}"))?;
        // One for each schema of the document, as long as the tests run.
        let validator: &'static Validator = Box::leak(Box::new(validator));
        validators.insert(place.to_owned(), validator);
        Ok(validator)
    }
}

/// Refuses members that a schema does not list. Clients must ignore them, but a test must
/// not miss that the document lacks them.
fn close(schema: &mut Value) {
    if let Some(members) = schema.as_object_mut()
        && members.get("type") == Some(&json!("object"))
        && members.contains_key("properties")
    {
        members.insert("additionalProperties".to_owned(), json!(false));
    }
}

fn members_mut<'a>(document: &'a mut Value, pointer: &str) -> Vec<&'a mut Value> {
    let members = document.pointer_mut(pointer).and_then(Value::as_object_mut);
    members
        .into_iter()
        .flatten()
        .map(|(_, value)| value)
        .collect()
}

fn matches(template: &str, path: &str) -> bool {
    let (mut parts, mut segments) = (template.split('/'), path.split('/'));
    loop {
        match (parts.next(), segments.next()) {
            (None, None) => return true,
            (Some(part), Some(segment)) if part.starts_with('{') && !segment.is_empty() => {}
            (Some(part), Some(segment)) if part == segment => {}
            _ => return false,
        }
    }
}
