//! The members of a body, read by declaration.

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::BodyFault;
use crate::problem::FieldError;

/// The members of a body. A bad one is noted and read as empty; since notes
/// refuse the whole body in the end, nobody ever sees the empty value.
pub struct Fields {
    members: Map<String, Value>,
    is_form: bool,
    errors: Vec<FieldError>,
}

impl Fields {
    pub(super) fn of_json(members: Map<String, Value>) -> Self {
        Self {
            members,
            is_form: false,
            errors: Vec::new(),
        }
    }

    pub(super) fn of_form(members: Map<String, Value>) -> Self {
        Self {
            is_form: true,
            ..Self::of_json(members)
        }
    }

    /// Reads a text that must be there.
    pub fn text(&mut self, name: &'static str) -> String {
        let text = self.optional_text(name);
        let noted = self.errors.last().is_some_and(|error| error.field == name);
        if text.is_none() && !noted {
            self.errors
                .push(FieldError::new(name, "missing", "is missing"));
        }
        text.unwrap_or_default()
    }

    /// Reads a text that may be absent or null.
    pub fn optional_text(&mut self, name: &'static str) -> Option<String> {
        match self.members.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                self.errors
                    .push(FieldError::new(name, "wrong_type", "is not a string"));
                None
            }
        }
    }

    /// Reads a list of texts that may be absent or null.
    pub fn optional_texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        let items = match self.members.remove(name) {
            None | Some(Value::Null) => return None,
            Some(Value::Array(items)) => items,
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                let error = FieldError::new(name, "wrong_type", "is not an array of strings");
                self.errors.push(error);
                return None;
            }
        };
        let texts = items
            .into_iter()
            .map(|item| item.as_str().map(str::to_owned));
        let texts: Option<Vec<String>> = texts.collect();
        if texts.is_none() {
            let error = FieldError::new(name, "wrong_type", "holds something that is no string");
            self.errors.push(error);
        }
        texts
    }

    /// Reads a secret text that must be there.
    pub fn secret(&mut self, name: &'static str) -> SecretString {
        self.text(name).into()
    }

    /// True for a form, false for JSON: some parameters are required in forms alone.
    #[must_use]
    pub fn is_form(&self) -> bool {
        self.is_form
    }

    pub(super) fn read<T>(mut self, read: impl FnOnce(&mut Self) -> T) -> Result<T, BodyFault> {
        let value = read(&mut self);
        if self.errors.is_empty() {
            Ok(value)
        } else {
            Err(BodyFault::Members(self.errors))
        }
    }
}
