//! The whole document.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::common_schemas;
use super::operation::{Access, Operation};
use super::response::responses;
use crate::error::FIELD_CODES;

/// Chapters of the reference, in order.
const TAGS: [(&str, &str); 6] = [
    (
        "Accounts",
        "Registration, and what users do with their own account.",
    ),
    (
        "Tokens",
        "Login, refresh, logout, and the state of a token.",
    ),
    ("Sessions", "The active logins of a user."),
    (
        "Administration",
        "What users with the role `admin` do with other accounts.",
    ),
    (
        "Discovery",
        "Public documents for verifiers: keys and endpoints.",
    ),
    ("Example", "Two protected routes to copy."),
];

const DESCRIPTION: &str = "\
JWT authentication for AWS Lambda and API Gateway.

Every route returns JSON. `/refresh`, `/revoke` and `/introspect` return the errors of RFC \
6749 section 5.2; all other routes return problems (RFC 9457) with a stable `code`. API \
Gateway returns `{\"message\": …}` if it refuses a request before a function sees it. \
`docs/errors.md` lists every error and what a client does about it.

Clients must ignore members of a response that they do not know: a later version may add \
some. A field or parameter of a request that a route does not have is refused with 422, \
except at the token endpoints, which ignore it (RFC 6749 section 3.2).

Times are in UTC, as `2026-11-27T08:30:00Z` (RFC 3339); durations are in seconds.";

/// Joins operations into a document. `throttle` returns the rate limit and the burst limit
/// of a route: the parameters of the template, with their defaults.
#[must_use]
pub fn document(operations: &[Operation], throttle: impl Fn(&str) -> (String, String)) -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut schemas: BTreeMap<String, Value> = BTreeMap::new();
    for schema in common_schemas() {
        schemas.extend(schema.named);
    }
    // Every code of a field is in the reference: a response with another one fails its test.
    if let Some(code) = schemas
        .get_mut("FieldError")
        .and_then(|schema| schema.pointer_mut("/properties/code"))
        .and_then(Value::as_object_mut)
    {
        let codes = FIELD_CODES.map(|(code, _)| code);
        code.insert("enum".to_owned(), json!(codes));
    }
    for operation in operations {
        let bodies = operation.body.iter().map(|body| &body.schema);
        let returned = operation.successes.iter();
        let returned =
            returned.filter_map(|success| success.body.as_ref().map(|(schema, _)| schema));
        for schema in bodies.chain(returned) {
            schemas.extend(schema.named.clone());
        }
        let (method, path) = operation.route.split_once(' ').unwrap_or_default();
        let path = paths.entry(path).or_default();
        let written = written(operation, throttle(operation.route));
        path.insert(method.to_lowercase(), written);
    }
    let shared = share_responses(&mut paths);
    let tags = TAGS.map(|(name, description)| json!({ "name": name, "description": description }));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Gatehouse",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [
            { "url": "http://localhost:3000", "description": "`cargo local`" },
            {
                "url": "https://{api}",
                "description": "A deployed stack: the output `ApiUrl`",
                "variables": { "api": { "default": "auth.example.com" } },
            },
        ],
        "tags": tags,
        "paths": paths,
        "components": components(&schemas, &shared),
    })
}

fn components(schemas: &BTreeMap<String, Value>, responses: &Map<String, Value>) -> Value {
    json!({
        "schemas": schemas,
        "responses": responses,
        "securitySchemes": {
            "accessToken": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "The `access_token` of a login or a refresh (RFC 6750, RFC 9068).",
            },
            "refreshCookie": {
                "type": "apiKey",
                "in": "cookie",
                "name": "__Host-refresh_token",
                "description": "The refresh token of a page, with `RefreshCookie=on`: only with a JSON body and an `Origin` that `CorsOrigins` lists.",
            },
            "client": {
                "type": "http",
                "scheme": "basic",
                "description": "The id and the secret that `gatehouse clients create` printed (RFC 6749 section 2.3.1).",
            },
        },
    })
}

/// Moves responses that several operations have to the components, and returns them.
fn share_responses(paths: &mut BTreeMap<&str, Map<String, Value>>) -> Map<String, Value> {
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for_each_response(paths, |_, response| {
        *uses.entry(response.to_string()).or_default() += 1;
    });
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut shared = Map::new();
    for_each_response(paths, |status, response| {
        let text = response.to_string();
        if uses.get(&text).is_none_or(|uses| *uses < 2) {
            return;
        }
        let count = names.len();
        let name = names
            .entry(text)
            .or_insert_with(|| format!("Response{status}-{count}"));
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        shared.insert(name.clone(), std::mem::replace(response, reference));
    });
    shared
}

fn for_each_response(
    paths: &mut BTreeMap<&str, Map<String, Value>>,
    mut visit: impl FnMut(&str, &mut Value),
) {
    for (_, operation) in paths.values_mut().flat_map(Map::iter_mut) {
        let responses = operation.get_mut("responses");
        let responses = responses.and_then(Value::as_object_mut);
        for (status, response) in responses.into_iter().flatten() {
            visit(status, response);
        }
    }
}

fn written(operation: &Operation, (rate, burst): (String, String)) -> Value {
    let mut limits = vec![format!(
        "{rate} requests a second and a burst of {burst}, for all clients of the route together"
    )];
    limits.extend(operation.limits.iter().map(|limit| (*limit).to_owned()));
    let mut description = operation.description.clone();
    if !description.is_empty() {
        description.push_str("\n\n");
    }
    description.push_str("Limits (429):\n");
    for limit in &limits {
        description.push_str("\n- ");
        description.push_str(limit);
    }
    let mut written = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": description,
        "responses": responses(operation),
        "x-rate-limits": limits,
        "security": security(operation.access),
    });
    let parameters: Vec<Value> = operation
        .parameters
        .iter()
        .map(|parameter| {
            json!({
                "name": parameter.name,
                "in": parameter.place,
                "required": parameter.place == "path",
                "description": parameter.description,
                "schema": parameter.schema,
            })
        })
        .collect();
    if let Some(members) = written.as_object_mut() {
        if !parameters.is_empty() {
            members.insert("parameters".to_owned(), Value::Array(parameters));
        }
        if let Some(body) = &operation.body {
            let media = json!({ "schema": body.schema.reference(), "example": body.example });
            let content = body
                .media_types
                .iter()
                .map(|name| ((*name).to_owned(), media.clone()));
            let content: Map<String, Value> = content.collect();
            let body = json!({ "required": body.required, "content": content });
            members.insert("requestBody".to_owned(), body);
        }
    }
    written
}

/// OpenAPI 3.1 allows the names of scopes and roles for every kind of scheme.
fn security(access: Access) -> Value {
    match access {
        Access::Anyone => json!([]),
        Access::Token { scope, role } => {
            let mut required: Vec<&str> = scope.into_iter().collect();
            // The scope and the role of an administrator have the same name.
            required.extend(role.filter(|role| Some(*role) != scope));
            json!([{ "accessToken": required }])
        }
        Access::RefreshToken => json!([{}, { "refreshCookie": [] }]),
        Access::Introspection => {
            json!([{ "client": [] }, { "accessToken": ["introspect"] }])
        }
    }
}
