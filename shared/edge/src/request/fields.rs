//! Reads the fields of a body or the parameters of a query that a handler declares.

use std::collections::HashSet;

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::BodyFault;
use crate::error::FieldError;

/// The fields of a body, or the parameters of a query. An invalid one is noted as an error
/// and read as empty. Any error refuses the whole request in the end, so no handler ever
/// sees the empty value.
pub struct Fields {
    members: Map<String, Value>,
    source: Source,
    declared: Vec<&'static str>,
    errors: Vec<FieldError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Json,
    Form,
    Query,
}

/// Unknown fields that one response names. More would let a small request cause a large
/// response.
const MAX_NAMED: usize = 10;

impl Fields {
    pub(super) fn of_json(members: Map<String, Value>) -> Self {
        Self {
            members,
            source: Source::Json,
            declared: Vec::new(),
            errors: Vec::new(),
        }
    }

    pub(super) fn of_form(members: Map<String, Value>) -> Self {
        Self {
            source: Source::Form,
            ..Self::of_json(members)
        }
    }

    /// Keeps an empty parameter: a client that sends `username=` does not mean every user.
    pub(super) fn of_query(query: &str) -> Self {
        let mut fields = Self {
            source: Source::Query,
            ..Self::of_json(Map::new())
        };
        let mut repeated = HashSet::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if fields.members.contains_key(&*name) {
                repeated.insert(name.into_owned());
            } else {
                let value = Value::String(value.into_owned());
                fields.members.insert(name.into_owned(), value);
            }
        }
        let mut repeated: Vec<String> = repeated.into_iter().take(MAX_NAMED).collect();
        repeated.sort_unstable();
        fields.errors = repeated
            .iter()
            .map(|name| FieldError::new(printable(name), "repeated", "is given more than once"))
            .collect();
        fields
    }

    /// Reads a required string.
    pub fn text(&mut self, name: &'static str) -> String {
        let text = self.optional_text(name);
        let noted = self.errors.last().is_some_and(|error| error.field == name);
        if text.is_none() && !noted {
            self.errors
                .push(FieldError::new(name, "missing", "is missing"));
        }
        text.unwrap_or_default()
    }

    /// Reads an optional string; null counts as missing.
    pub fn optional_text(&mut self, name: &'static str) -> Option<String> {
        match self.declare(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                self.errors
                    .push(FieldError::new(name, "wrong_type", "must be a string"));
                None
            }
        }
    }

    /// Reads an optional array of strings; null counts as missing.
    pub fn optional_texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        let items = match self.declare(name) {
            None | Some(Value::Null) => return None,
            Some(Value::Array(items)) => items,
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                let error = FieldError::new(name, "wrong_type", "must be an array of strings");
                self.errors.push(error);
                return None;
            }
        };
        let texts = items
            .into_iter()
            .map(|item| item.as_str().map(str::to_owned));
        let texts: Option<Vec<String>> = texts.collect();
        if texts.is_none() {
            let error = FieldError::new(name, "wrong_type", "must contain only strings");
            self.errors.push(error);
        }
        texts
    }

    /// Reads a required secret.
    pub fn secret(&mut self, name: &'static str) -> SecretString {
        self.text(name).into()
    }

    /// True for a form, false for JSON: some parameters are only required in forms.
    #[must_use]
    pub fn is_form(&self) -> bool {
        self.source == Source::Form
    }

    /// Reads what `read` declares; the error names everything else.
    pub(super) fn read<T>(mut self, read: impl FnOnce(&mut Self) -> T) -> Result<T, BodyFault> {
        let value = read(&mut self);
        let unknown: Vec<FieldError> = self
            .members
            .keys()
            .take(MAX_NAMED)
            .map(|name| self.unknown(name))
            .collect();
        self.errors.extend(unknown);
        self.finish(value)
    }

    /// Reads what `read` declares, and ignores everything else.
    pub(super) fn read_ignoring_unknown<T>(
        mut self,
        read: impl FnOnce(&mut Self) -> T,
    ) -> Result<T, BodyFault> {
        let value = read(&mut self);
        self.finish(value)
    }

    fn finish<T>(self, value: T) -> Result<T, BodyFault> {
        if self.errors.is_empty() {
            Ok(value)
        } else {
            Err(BodyFault::Members(self.errors))
        }
    }

    fn declare(&mut self, name: &'static str) -> Option<Value> {
        self.declared.push(name);
        self.members.remove(name)
    }

    fn unknown(&self, name: &str) -> FieldError {
        let (code, kind) = match self.source {
            Source::Json | Source::Form => ("unknown_field", "field"),
            Source::Query => ("unknown_parameter", "query parameter"),
        };
        let known = match self.declared.as_slice() {
            [] => ", which has none".to_owned(),
            [one] => format!(": the only one is {one}"),
            several => format!(": it has {}", several.join(", ")),
        };
        let detail = format!("is not a {kind} of this request{known}");
        FieldError::new(printable(name), code, detail)
    }
}

/// Longest field name that a response repeats, in characters.
const MAX_NAME_CHARACTERS: usize = 64;

/// Makes a name from the client safe to show in a terminal, and short.
fn printable(name: &str) -> String {
    name.escape_default().take(MAX_NAME_CHARACTERS).collect()
}
