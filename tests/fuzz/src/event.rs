//! Events of API Gateway: requests to functions, and those to the authorizer.

use gatehouse_edge::{Principal, Request};
use gatehouse_testing::NOW;
use serde_json::Value;

use crate::functions::{Functions, Handled};
use crate::keys::access_token;

/// The longest body, and the longest user agent.
const MAX_BODY: usize = 16 * 1024;
const MAX_USER_AGENT: usize = 256;

/// Reads the bytes as an event. No event is an error of ours, nobody is a principal without the
/// authorizer's context, and nothing is allowed without a valid token.
pub fn event(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let event: Value = serde_json::from_str(text).unwrap_or_default();
    request(text, &event);
    authorizer(text, &event);
}

fn request(text: &str, event: &Value) {
    let request = Request::from_json(text);
    if let Ok(request) = &request {
        assert!(request.http().body().len() <= MAX_BODY);
        assert!(request.user_agent().len() <= MAX_USER_AGENT);
        let address = request.client_address();
        assert!(address.is_empty() || address.parse::<std::net::IpAddr>().is_ok());
        if let Ok(principal) = Principal::from_request(request.http(), NOW) {
            let context = event.pointer("/requestContext/authorizer/lambda");
            let context = context.expect("a principal without the authorizer's context");
            let text = |name: &str| context.get(name).and_then(Value::as_str);
            assert_eq!(text("sub"), Some(principal.sub.as_str()));
            assert_eq!(text("sid"), Some(principal.sid.as_str()));
            assert_eq!(text("jti"), Some(principal.jti.as_str()));
            assert!(principal.exp > NOW, "expired");
        }
    }
    match Functions::get().handle(text) {
        Some(Handled::Called) => assert!(request.is_ok(), "what is not an event was accepted"),
        Some(Handled::Responded(response)) => {
            let status = response.status();
            assert!(!status.is_server_error(), "{status} {:?}", response.body());
            assert!(request.is_ok() || status == 400, "{status}");
        }
        None => {}
    }
}

fn authorizer(text: &str, event: &Value) {
    let Some(response) = Functions::get().authorize(text) else {
        return;
    };
    let statement = response.pointer("/policyDocument/Statement/0");
    let effect = statement.and_then(|statement| statement.get("Effect"));
    if let Some(statement) = statement {
        let resource = statement.pointer("/Resource/0").and_then(Value::as_str);
        let resource = resource.unwrap();
        let (stage, rest) = resource.split_at(resource.find('*').unwrap_or(resource.len()));
        assert!(
            ["*", "*/*"].contains(&rest) && !stage.contains('?'),
            "{resource}"
        );
        let arn = event.get("methodArn").and_then(Value::as_str).unwrap();
        assert!(arn.starts_with(stage), "{resource} for {arn}");
    }
    let is_allowed = match response.get("isAuthorized") {
        Some(Value::Bool(is_allowed)) => *is_allowed,
        Some(other) => panic!("{other}"),
        None => effect.is_some_and(|effect| effect == "Allow"),
    };
    if is_allowed {
        // The authorizer does not read every member, so one may be what no other parser accepts.
        let has_token = text.contains(access_token()) || has_token(event);
        assert!(has_token, "allowed without a token");
        let sub = response.pointer("/context/sub").and_then(Value::as_str);
        assert_eq!(sub, Some(gatehouse_testing::subject("ada").as_str()));
    } else {
        assert!(response.get("context").is_none(), "a denial has a context");
    }
}

/// Returns whether a text at any depth is the valid token, behind a scheme.
fn has_token(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let text = text.trim_matches([' ', '\t']);
            let token = text.rsplit(' ').next().unwrap_or_default();
            token == access_token()
        }
        Value::Array(values) => values.iter().any(has_token),
        Value::Object(members) => members.values().any(has_token),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
