//! The events that the functions receive.

use gatehouse_edge::REFRESH_COOKIE;
use serde_json::{Value, json};

/// The address of clients.
pub(crate) const ADDRESS: &str = "192.0.2.1";

/// The event of the schedule, as far as the test needs it.
pub(crate) const SCHEDULE: &str = r#"{"source":"aws.events"}"#;

/// A request to an HTTP API.
#[derive(Debug, Default)]
pub(crate) struct Http<'a> {
    /// The route, such as `GET /me`.
    pub(crate) route: &'a str,
    /// The body, as JSON.
    pub(crate) body: Value,
    /// The body, as a form, instead.
    pub(crate) form: Option<String>,
    /// The authorizer's context, for a route behind it.
    pub(crate) principal: Option<&'a Value>,
    /// The id in the path.
    pub(crate) id: Option<&'a str>,
    /// The header `Authorization`.
    pub(crate) authorization: Option<String>,
    /// The refresh token in the cookie.
    pub(crate) cookie: Option<&'a str>,
    /// The client's address, if it is not the usual one.
    pub(crate) address: Option<&'a str>,
}

impl Http<'_> {
    /// Returns the event.
    pub(crate) fn event(self) -> String {
        let (method, path) = self.route.split_once(' ').unwrap();
        let content_type = match self.form {
            Some(_) => "application/x-www-form-urlencoded",
            None => "application/json",
        };
        let mut event = json!({
            "version": "2.0",
            "routeKey": self.route,
            "rawPath": path,
            "rawQueryString": "",
            "headers": {"content-type": content_type},
            "requestContext": {
                "http": {"method": method, "path": path, "sourceIp": self.address.unwrap_or(ADDRESS)},
                "requestId": "request",
            },
        });
        if let Some(authorization) = self.authorization {
            event["headers"]["authorization"] = authorization.into();
        }
        if let Some(cookie) = self.cookie {
            event["cookies"] = json!([format!("{REFRESH_COOKIE}={cookie}")]);
        }
        if let Some(principal) = self.principal {
            event["requestContext"]["authorizer"] = json!({"lambda": principal});
        }
        if let Some(id) = self.id {
            event["pathParameters"] = json!({"id": id});
        }
        if let Some(form) = self.form {
            event["body"] = form.into();
        } else if !self.body.is_null() {
            event["body"] = self.body.to_string().into();
        }
        event.to_string()
    }
}

/// Returns the event of a logout.
pub(crate) fn log_out(principal: &Value, scope: &str) -> String {
    let (route, body) = ("POST /logout", json!({"scope": scope}));
    let principal = Some(principal);
    Http {
        route,
        body,
        principal,
        ..Http::default()
    }
    .event()
}

/// Returns the authorizer's event for a request with this token.
pub(crate) fn authorization(token: &str) -> String {
    json!({
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": "arn:aws:execute-api:eu-central-1:111122223333:api/$default/GET/protected",
        "identitySource": [format!("Bearer {token}")],
        "headers": {"authorization": format!("Bearer {token}")},
        "requestContext": {
            "http": {"method": "GET", "path": "/protected", "sourceIp": ADDRESS},
            "requestId": "request",
        },
    })
    .to_string()
}

/// Returns an event of Secrets Manager.
pub(crate) fn rotation(step: &str, token: &str) -> String {
    json!({
        "Step": step,
        "SecretId": gatehouse_testing::SECRET_ARN,
        "ClientRequestToken": token,
    })
    .to_string()
}

/// Returns the event of a form.
pub(crate) fn form(route: &str, form: String, authorization: Option<String>) -> String {
    Http {
        route,
        form: Some(form),
        authorization,
        ..Http::default()
    }
    .event()
}

/// Returns the event that presents a refresh token.
pub(crate) fn present(token: &str) -> String {
    let body = format!("grant_type=refresh_token&refresh_token={token}");
    form("POST /refresh", body, None)
}
