//! The responses of an operation: what it returns, and every error by its status.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::error::{ErrorEntry, Format, errors};
use super::operation::{Access, Operation};
use super::{Schema, reference};

/// A response that is not an error.
#[derive(Debug, Clone)]
pub(super) struct Success {
    pub(super) status: u16,
    description: &'static str,
    pub(super) body: Option<(Schema, Value)>,
    pub(super) headers: Vec<(&'static str, &'static str, &'static str)>,
    pub(super) cacheable: bool,
    pub(super) sets_cookie: bool,
}

impl Success {
    pub(super) fn with_body<T: ToSchema>(
        status: u16,
        description: &'static str,
        example: Value,
    ) -> Self {
        Self {
            body: Some((Schema::of::<T>(), example)),
            ..Self::without_body(status, description)
        }
    }

    pub(super) fn without_body(status: u16, description: &'static str) -> Self {
        Self {
            status,
            description,
            body: None,
            headers: vec![],
            cacheable: false,
            sets_cookie: false,
        }
    }

    fn to_json(&self) -> Value {
        let mut headers = headers_of_functions(self.cacheable, true);
        for (name, description, pattern) in &self.headers {
            headers.insert((*name).to_owned(), header(description, pattern, true));
        }
        if self.sets_cookie {
            let cookie = "The refresh cookie, set or deleted, if the request used it.";
            let cookie = header(
                cookie,
                "^__Host-refresh_token=[^;]*; Path=/; Max-Age=[0-9]+; Secure; HttpOnly; SameSite=Strict$",
                false,
            );
            headers.insert("Set-Cookie".to_owned(), cookie);
        }
        let mut response = json!({ "description": self.description, "headers": headers });
        if let (Some((schema, example)), Some(members)) = (&self.body, response.as_object_mut()) {
            let content = json!({ "schema": schema.reference(), "example": example });
            let content = json!({ "application/json": content });
            members.insert("content".to_owned(), content);
        }
        response
    }
}

fn header(description: &str, pattern: &str, required: bool) -> Value {
    json!({
        "description": description,
        "required": required,
        "schema": { "type": "string", "pattern": pattern },
    })
}

/// The headers of every response that a function sends.
fn headers_of_functions(cacheable: bool, required: bool) -> Map<String, Value> {
    let mut headers = Map::new();
    let mut add = |name: &str, description, pattern| {
        headers.insert(name.to_owned(), header(description, pattern, required));
    };
    let id = "The id of the request, which the logs have too.";
    add("X-Request-Id", id, "^[!-~]+$");
    let sniff = "Browsers must not guess the content type.";
    add("X-Content-Type-Options", sniff, "^nosniff$");
    if !cacheable {
        let stored = "Nothing may store the response.";
        add("Cache-Control", stored, "^no-store$");
        add(
            "Pragma",
            "For HTTP/1.0 (RFC 6749 section 5.1).",
            "^no-cache$",
        );
    }
    headers
}

/// Returns the member `responses` of an operation.
pub(super) fn responses(operation: &Operation) -> Value {
    let mut responses = Map::new();
    for success in &operation.successes {
        responses.insert(success.status.to_string(), success.to_json());
    }
    for (status, entries) in by_status(operation) {
        responses.insert(status.to_string(), failure(status, &entries));
    }
    Value::Object(responses)
}

/// The errors that an operation can return, by status.
fn by_status(operation: &Operation) -> BTreeMap<u16, Vec<ErrorEntry>> {
    let mut by_status: BTreeMap<u16, Vec<ErrorEntry>> = BTreeMap::new();
    for entry in errors() {
        let returned = match entry.format {
            Format::Problem => returns_problem(operation, entry.code),
            Format::Oauth => operation.is_oauth() && returns_oauth(operation, entry.code),
            Format::Gateway => match entry.status {
                401 | 403 => matches!(operation.access, Access::Token { .. }),
                404 => false,
                _ => true,
            },
        };
        if returned {
            by_status.entry(entry.status).or_default().push(entry);
        }
    }
    by_status
}

fn returns_problem(operation: &Operation, code: &str) -> bool {
    let always = ["internal", "unavailable", "invalid_request"];
    !operation.is_oauth() && (operation.problems.contains(&code) || always.contains(&code))
}

fn returns_oauth(operation: &Operation, code: &str) -> bool {
    let always = ["server_error", "temporarily_unavailable", "invalid_request"];
    operation.oauth_errors.contains(&code) || always.contains(&code)
}

fn failure(status: u16, entries: &[ErrorEntry]) -> Value {
    let lines = entries.iter().map(|entry| match entry.format {
        Format::Problem | Format::Oauth => format!("- `{}`: {}", entry.code, entry.when),
        Format::Gateway => format!("- from API Gateway, `{}`: {}", entry.code, entry.when),
    });
    let lines: Vec<String> = lines.collect();
    let from_function = entries.iter().any(|entry| entry.format != Format::Gateway);
    let from_gateway = entries.iter().any(|entry| entry.format == Format::Gateway);
    let mut headers = Map::new();
    if from_function {
        headers = headers_of_functions(false, !from_gateway);
        if matches!(status, 401 | 403) {
            let challenge = "How to authenticate, and what is missing (RFC 6750 section 3).";
            let challenge = header(challenge, "^(Basic|Bearer) ", false);
            headers.insert("WWW-Authenticate".to_owned(), challenge);
        }
        if matches!(status, 429 | 503) {
            let wait = "How many seconds to wait.";
            headers.insert("Retry-After".to_owned(), header(wait, "^[0-9]+$", false));
        }
    }
    json!({
        "description": lines.join("\n"),
        "headers": headers,
        "content": content(status, entries),
    })
}

/// The body of the first error in one of these formats.
fn example(entries: &[ErrorEntry], has: impl Fn(Format) -> bool) -> Value {
    let first = entries.iter().find(|entry| has(entry.format));
    first.map(ErrorEntry::example).unwrap_or_default()
}

/// The bodies of an error, by media type.
fn content(status: u16, entries: &[ErrorEntry]) -> Value {
    let codes = |format| -> BTreeSet<&str> {
        let entries = entries.iter().filter(|entry| entry.format == format);
        entries.map(|entry| entry.code).collect()
    };
    let (problems, oauth) = (codes(Format::Problem), codes(Format::Oauth));
    let gateway = codes(Format::Gateway);
    let mut content = Map::new();
    if !problems.is_empty() {
        let narrowed = json!({ "properties": {
            "code": { "enum": problems },
            "status": { "const": status },
        } });
        let schema = json!({ "allOf": [reference("Problem"), narrowed] });
        let media =
            json!({ "schema": schema, "example": example(entries, |it| it == Format::Problem) });
        content.insert("application/problem+json".to_owned(), media);
    }
    let mut alternatives = Vec::new();
    if !oauth.is_empty() {
        let narrowed = json!({ "properties": { "error": { "enum": oauth } } });
        alternatives.push(json!({ "allOf": [reference("OauthError"), narrowed] }));
    }
    if !gateway.is_empty() {
        alternatives.push(reference("GatewayMessage"));
    }
    let schema = match alternatives.len() {
        0 => return Value::Object(content),
        1 => alternatives.remove(0),
        _ => json!({ "anyOf": alternatives }),
    };
    let example = example(entries, |format| format != Format::Problem);
    let media = json!({ "schema": schema, "example": example });
    content.insert("application/json".to_owned(), media);
    Value::Object(content)
}
