//! A Postman collection (format 2.1), which Postman, Insomnia, Hoppscotch and Bruno import.

use serde_json::{Map, Value, json};

use super::operation::{Access, Operation};

const SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";

/// One request after the other: register, log in, call, refresh, log out. `{{…}}` is a
/// variable of the collection.
const WALK: [(&str, u16); 7] = [
    ("POST /register", 201),
    ("POST /login", 200),
    ("GET /me", 200),
    ("GET /protected", 200),
    ("POST /refresh", 200),
    ("GET /sessions", 200),
    ("POST /logout", 204),
];

/// Returns the collection: a walk to run in order, and a folder for each chapter.
#[must_use]
pub fn collection(operations: &[Operation]) -> Value {
    let find = |route: &str| operations.iter().find(|operation| operation.route == route);
    let walk: Vec<Value> = WALK
        .iter()
        .filter_map(|(route, status)| Some(item(find(route)?, *status)))
        .collect();
    let mut folders = vec![json!({
        "name": "Walk",
        "description": "Run this folder to register, log in, call, refresh and log out.",
        "item": walk,
    })];
    let mut tags: Vec<&str> = operations.iter().map(|operation| operation.tag).collect();
    tags.dedup();
    for tag in tags {
        let known = folders.iter().any(|folder| folder["name"] == tag);
        let of_tag = operations.iter().filter(|operation| operation.tag == tag);
        let items: Vec<Value> = of_tag
            .filter_map(|operation| Some(item(operation, operation.successes.first()?.status)))
            .collect();
        if !known {
            folders.push(json!({ "name": tag, "item": items }));
        }
    }
    json!({
        "info": {
            "name": "Gatehouse",
            "description": "Generated from docs/openapi.json. Set `baseUrl`, then run the folder Walk, or log in: later requests use its tokens.",
            "schema": SCHEMA,
        },
        "item": folders,
        "event": [script("prerequest", &[
            "if (!pm.collectionVariables.get('username')) {",
            "  pm.collectionVariables.set('username', 'ada-' + pm.variables.replaceIn('{{$randomUUID}}').slice(0, 8));",
            "}",
        ])],
        "variable": [
            { "key": "baseUrl", "value": "http://localhost:3000" },
            { "key": "username", "value": "" },
            { "key": "password", "value": "seven quiet otters at dawn" },
            { "key": "accessToken", "value": "" },
            { "key": "refreshToken", "value": "" },
            { "key": "id", "value": "" },
            { "key": "clientId", "value": "" },
            { "key": "clientSecret", "value": "" },
        ],
    })
}

fn item(operation: &Operation, status: u16) -> Value {
    let (method, path) = operation.route.split_once(' ').unwrap_or_default();
    let path = path.replace("{id}", "{{id}}");
    let mut request = json!({
        "method": method,
        "url": format!("{{{{baseUrl}}}}{path}"),
        "description": operation.description,
        "auth": auth(operation.access),
    });
    if let (Some(body), Some(members)) = (&operation.body, request.as_object_mut()) {
        let body = with_variables(&body.example);
        let raw = serde_json::to_string_pretty(&body).unwrap_or_default();
        let body =
            json!({ "mode": "raw", "raw": raw, "options": { "raw": { "language": "json" } } });
        members.insert("body".to_owned(), body);
        let header = json!([{ "key": "Content-Type", "value": "application/json" }]);
        members.insert("header".to_owned(), header);
    }
    let expected = format!("pm.test('{status}', () => pm.response.to.have.status({status}));");
    let mut lines = vec![expected.as_str()];
    if ["POST /login", "POST /refresh"].contains(&operation.route) {
        lines.extend([
            "const tokens = pm.response.json();",
            "pm.collectionVariables.set('accessToken', tokens.access_token);",
            "pm.collectionVariables.set('refreshToken', tokens.refresh_token);",
        ]);
    }
    json!({ "name": operation.summary, "request": request, "event": [script("test", &lines)] })
}

fn script(listen: &str, lines: &[&str]) -> Value {
    json!({ "listen": listen, "script": { "type": "text/javascript", "exec": lines } })
}

fn auth(access: Access) -> Value {
    match access {
        Access::Anyone | Access::RefreshToken => json!({ "type": "noauth" }),
        Access::Token { .. } => json!({
            "type": "bearer",
            "bearer": [{ "key": "token", "value": "{{accessToken}}", "type": "string" }],
        }),
        Access::Introspection => json!({
            "type": "basic",
            "basic": [
                { "key": "username", "value": "{{clientId}}", "type": "string" },
                { "key": "password", "value": "{{clientSecret}}", "type": "string" },
            ],
        }),
    }
}

/// Replaces the example's values that the collection knows better.
fn with_variables(example: &Value) -> Value {
    let Value::Object(members) = example else {
        return example.clone();
    };
    let replaced = members.iter().map(|(name, value)| {
        let variable = match name.as_str() {
            "username" => Some("{{username}}"),
            "password" | "current_password" => Some("{{password}}"),
            "refresh_token" => Some("{{refreshToken}}"),
            "token" => Some("{{accessToken}}"),
            _ => None,
        };
        let value = variable.map_or_else(|| value.clone(), Value::from);
        (name.clone(), value)
    });
    Value::Object(replaced.collect::<Map<String, Value>>())
}
