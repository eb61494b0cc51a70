//! Bodies: media type, size, syntax and members are checked in this order.

use std::collections::HashSet;

use gatehouse_auth::json::{self, JsonError};
use serde_json::{Map, Value};

use super::Request;
use super::fields::Fields;
use super::media_type::{self, MediaType};
use crate::error::OauthError;
use crate::error::{FieldError, Problem};

/// Largest body, decoded, in bytes. More lets anyone spend our time for parsing and
/// hashing with long bodies.
pub(crate) const MAX_BODY_BYTES: usize = 16 * 1024;

/// Why a body was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BodyFault {
    /// The content type is missing or unsupported, or its charset is.
    MediaType,
    /// Over [`MAX_BODY_BYTES`].
    TooLarge,
    /// Announced as base64, but invalid.
    Base64,
    /// Not JSON as we read it.
    Json(JsonError),
    /// JSON, but not an object.
    NotAnObject,
    /// A form repeats a parameter (RFC 6749 section 3.1).
    RepeatedParameter,
    /// Members are missing or have the wrong type.
    Members(Vec<FieldError>),
}

impl Request {
    /// Reads a JSON body. `read` declares the fields. If some are invalid or undeclared, the
    /// error names them all, and the value that `read` returned is discarded. A query is
    /// refused, because it would have no effect.
    ///
    /// # Errors
    /// 415, 413, 400 `invalid_json` or 422 `validation_failed`.
    pub fn json<T>(&self, read: impl FnOnce(&mut Fields) -> T) -> Result<T, Problem> {
        self.no_parameters()?;
        Ok(self.fields(&[MediaType::Json])?.read(read)?)
    }

    /// Reads a JSON body as [`Request::json`] does. An empty body counts as `{}` and needs
    /// no content type.
    ///
    /// # Errors
    /// As [`Request::json`].
    pub fn json_or_empty<T>(&self, read: impl FnOnce(&mut Fields) -> T) -> Result<T, Problem> {
        if self.meta.body.is_none() && self.http.body().is_empty() {
            self.no_parameters()?;
            return Ok(Fields::of_json(Map::new()).read(read)?);
        }
        self.json(read)
    }

    /// Reads the body of a token endpoint, a form or JSON. Parameters that `read`
    /// does not declare are ignored (RFC 6749 section 3.2, RFC 7009 section 2.1).
    ///
    /// # Errors
    /// 415, 413 or 400, all `invalid_request`.
    pub fn form_or_json<T>(&self, read: impl FnOnce(&mut Fields) -> T) -> Result<T, OauthError> {
        let fields = self.fields(&[MediaType::Form, MediaType::Json])?;
        Ok(fields.read_ignoring_unknown(read)?)
    }

    fn fields(&self, readable: &[MediaType]) -> Result<Fields, BodyFault> {
        let media_type = self
            .header("content-type")
            .and_then(media_type::parse)
            .filter(|media_type| readable.contains(media_type))
            .ok_or(BodyFault::MediaType)?;
        if let Some(fault) = &self.meta.body {
            return Err(fault.clone());
        }
        match media_type {
            MediaType::Json => parse_json(self.http.body()),
            MediaType::Form => parse_form(self.http.body()),
        }
    }
}

/// Deepest nesting of a body; our own need no more than two.
const MAX_JSON_DEPTH: usize = 32;

fn parse_json(body: &[u8]) -> Result<Fields, BodyFault> {
    match json::parse(body, MAX_JSON_DEPTH).map_err(BodyFault::Json)? {
        Value::Object(members) => Ok(Fields::of_json(members)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(BodyFault::NotAnObject)
        }
    }
}

/// RFC 6749 section 3.1: a parameter without a value counts as missing, and none may be
/// repeated, whether we know it or not.
fn parse_form(body: &[u8]) -> Result<Fields, BodyFault> {
    let mut seen = HashSet::new();
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(body) {
        if !seen.insert(name.clone()) {
            return Err(BodyFault::RepeatedParameter);
        }
        if !value.is_empty() {
            members.insert(name.into_owned(), Value::String(value.into_owned()));
        }
    }
    Ok(Fields::of_form(members))
}

impl From<BodyFault> for Problem {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::MediaType => Self::unsupported_media_type(),
            BodyFault::TooLarge => Self::body_too_large(),
            BodyFault::Members(errors) => Self::validation_failed(errors),
            BodyFault::Base64
            | BodyFault::Json(_)
            | BodyFault::NotAnObject
            | BodyFault::RepeatedParameter => Self::invalid_json(text(&fault)),
        }
    }
}

impl From<BodyFault> for OauthError {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::MediaType => Self::unsupported_media_type(),
            BodyFault::TooLarge => Self::body_too_large(),
            BodyFault::Members(errors) => {
                let named: Vec<String> = errors
                    .iter()
                    .map(|error| format!("{} {}", error.field, error.detail))
                    .collect();
                Self::invalid_request(named.join(", "))
            }
            BodyFault::Base64
            | BodyFault::Json(_)
            | BodyFault::NotAnObject
            | BodyFault::RepeatedParameter => Self::invalid_request(text(&fault)),
        }
    }
}

/// What the client reads. It never repeats anything from the body.
fn text(fault: &BodyFault) -> &'static str {
    match fault {
        BodyFault::MediaType => "the content type is not supported",
        BodyFault::TooLarge => "the body is too large",
        BodyFault::Base64 => "the body is not valid base64",
        BodyFault::Json(JsonError::Syntax) => "the body is not valid JSON",
        BodyFault::Json(JsonError::DuplicateMember(_)) => "the body repeats a member",
        BodyFault::Json(JsonError::TooDeep) => "the body is nested too deeply",
        BodyFault::NotAnObject => "the body is not a JSON object",
        BodyFault::RepeatedParameter => "the body repeats a parameter",
        BodyFault::Members(_) => "members are missing or have the wrong type",
    }
}
