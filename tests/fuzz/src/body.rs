//! Bodies: JSON and forms, as each endpoint reads them.

use std::collections::BTreeSet;

use gatehouse_auth::json;
use gatehouse_edge::Response;
use serde_json::{Value, json as object};

use crate::functions::{Functions, Handled};
use crate::keys::access_token;

/// An endpoint that reads a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// Its route, and `json` or `form`; the first line of an entry of the corpus.
    pub name: &'static str,
    /// A body that it accepts.
    pub valid: &'static str,
}

const fn endpoint(name: &'static str, valid: &'static str) -> Endpoint {
    Endpoint { name, valid }
}

/// Every endpoint that reads a body.
pub const ENDPOINTS: [Endpoint; 19] = [
    endpoint(
        "POST /register json",
        r#"{"username":"ada","password":"seven quiet otters at dawn","email":"ada@example.org"}"#,
    ),
    endpoint(
        "POST /login json",
        r#"{"username":"ada","password":"seven quiet otters at dawn","scope":"profile","refresh":"cookie"}"#,
    ),
    endpoint("POST /refresh json", r#"{"refresh_token":"REFRESH_TOKEN"}"#),
    endpoint(
        "POST /refresh form",
        "grant_type=refresh_token&refresh_token=REFRESH_TOKEN&scope=profile",
    ),
    endpoint("POST /revoke json", r#"{"token":"REFRESH_TOKEN"}"#),
    endpoint(
        "POST /revoke form",
        "token=REFRESH_TOKEN&token_type_hint=refresh_token",
    ),
    endpoint("POST /introspect json", r#"{"token":"ACCESS_TOKEN"}"#),
    endpoint("POST /introspect form", "token=ACCESS_TOKEN&client_id=shop"),
    endpoint("POST /logout json", r#"{"scope":"global"}"#),
    endpoint(
        "PUT /me/password json",
        r#"{"current_password":"seven quiet otters at dawn","new_password":"eight quiet otters at dawn"}"#,
    ),
    endpoint(
        "DELETE /me json",
        r#"{"password":"seven quiet otters at dawn"}"#,
    ),
    endpoint(
        "POST /password/reset json",
        r#"{"code":"RECOVERY_CODE","new_password":"eight quiet otters at dawn"}"#,
    ),
    endpoint("POST /password/forgot json", r#"{"username":"ada"}"#),
    endpoint(
        "POST /email/verify json",
        r#"{"code":"VERIFICATION_CODE","password":"seven quiet otters at dawn"}"#,
    ),
    endpoint(
        "POST /email/verification json",
        r#"{"username":"ada","password":"seven quiet otters at dawn"}"#,
    ),
    endpoint(
        "PUT /me/email json",
        r#"{"email":"ada@example.org","password":"seven quiet otters at dawn"}"#,
    ),
    endpoint("POST /email/cancel json", r#"{"code":"CANCELLATION_CODE"}"#),
    endpoint(
        "PATCH /admin/users/{id} json",
        r#"{"roles":["user"],"status":"disabled","username":"ada","email":"ada@example.org"}"#,
    ),
    endpoint("POST /admin/users/{id}/revoke-sessions json", "{}"),
];

/// Reads the bytes as the body of an endpoint, whose name is the first line; without one, the
/// first byte chooses. No body fails a function, and equal JSON in another spelling gets
/// the same response.
pub fn body(data: &[u8]) {
    let (endpoint, body) = choose(data);
    let Ok(body) = str::from_utf8(body) else {
        return;
    };
    let verdict = send(endpoint, body);
    is_no_error_of_ours(&verdict, body);
    if endpoint.is_form() {
        if matches!(verdict, Handled::Called) {
            let pairs = form_urlencoded::parse(body.as_bytes());
            let names: Vec<_> = pairs.map(|(name, _)| name).collect();
            let unique: BTreeSet<_> = names.iter().collect();
            assert_eq!(unique.len(), names.len(), "a parameter counts twice");
        }
        return;
    }
    match json::parse(body.as_bytes(), MAX_DEPTH) {
        Ok(read) => {
            let rewritten = read.to_string();
            if rewritten.len().max(body.len()) <= MAX_BYTES {
                let again = send(endpoint, &rewritten);
                assert_eq!(status(&again), status(&verdict), "{rewritten}");
            }
        }
        Err(_) => assert!(
            status(&verdict).is_some() || body.is_empty(),
            "what is not JSON was accepted"
        ),
    }
}

/// The longest body, and the deepest.
const MAX_BYTES: usize = 16 * 1024;
const MAX_DEPTH: usize = 32;

fn choose(data: &[u8]) -> (Endpoint, &[u8]) {
    let line = data.iter().position(|byte| *byte == b'\n');
    let (first, rest) = data.split_at(line.unwrap_or(0));
    let named = ENDPOINTS
        .into_iter()
        .find(|endpoint| endpoint.name.as_bytes() == first);
    if let Some(endpoint) = named {
        return (endpoint, rest.get(1..).unwrap_or_default());
    }
    let (number, rest) = data.split_first().unwrap_or((&0, &[]));
    let mut endpoints = ENDPOINTS.into_iter().cycle();
    (endpoints.nth(usize::from(*number)).unwrap(), rest)
}

impl Endpoint {
    fn is_form(self) -> bool {
        self.name.ends_with(" form")
    }
}

fn send(endpoint: Endpoint, body: &str) -> Handled {
    let (route, _) = endpoint.name.rsplit_once(' ').unwrap();
    let (method, path) = route.split_once(' ').unwrap();
    let content_type = if endpoint.is_form() {
        "application/x-www-form-urlencoded"
    } else {
        "application/json"
    };
    let event = object!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "headers": {
            "content-type": content_type,
            "authorization": format!("Bearer {}", access_token()),
        },
        "pathParameters": {"id": gatehouse_testing::subject("ada").to_string()},
        "requestContext": {
            "http": {"method": method, "sourceIp": "192.0.2.1"},
            "authorizer": {"lambda": principal()},
        },
        "body": body,
    });
    let handled = Functions::get().handle(&event.to_string());
    handled.unwrap_or_else(|| panic!("no function has {route}"))
}

/// Returns the authorizer's context of an administrator.
pub(crate) fn principal() -> Value {
    object!({
        "sub": gatehouse_testing::subject("ada").to_string(),
        "sid": "BBBBBBBBBBBBBBBBBBBBBB",
        "jti": "CCCCCCCCCCCCCCCCCCCCCC",
        "ver": 3,
        "scope": "admin profile",
        "roles": "admin user",
        "auth_time": gatehouse_testing::NOW.unix(),
        "exp": gatehouse_testing::NOW.unix() + 900,
    })
}

fn status(handled: &Handled) -> Option<u16> {
    match handled {
        Handled::Called => None,
        Handled::Responded(response) => Some(response.status().as_u16()),
    }
}

/// Also checks that no response repeats a secret.
fn is_no_error_of_ours(handled: &Handled, body: &str) {
    let Handled::Responded(response) = handled else {
        return;
    };
    assert!(!response.status().is_server_error(), "{response:?}");
    let sent: Value = serde_json::from_str(body).unwrap_or_default();
    for name in [
        "password",
        "current_password",
        "new_password",
        "code",
        "token",
        "refresh_token",
    ] {
        let secret = sent.get(name).and_then(Value::as_str).unwrap_or_default();
        // A shorter one may also be a word in our texts.
        if secret.len() >= 24 {
            assert!(!text(response).contains(secret), "{name} is repeated");
        }
    }
}

fn text(response: &Response) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}
