//! The authorizer's responses, exactly as each kind of API expects them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_tests::Service;
use gatehouse_tests::binaries::root;
use serde_json::{Value, json};

/// API Gateway fails every request whose context has lists or objects, and reads no other
/// spelling of a policy.
#[tokio::test]
async fn an_allow_is_what_each_kind_of_api_expects() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let payload = ada.access_token.split('.').nth(1).unwrap_or_default();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload)?)?;
    let context = json!({
        "sub": ada.id,
        "sid": ada.session(),
        "jti": ada.claim("jti"),
        "ver": claims["ver"],
        "scope": "profile",
        "roles": "user",
        "auth_time": claims["auth_time"],
        "exp": claims["exp"],
    });
    let simple = json!({ "isAuthorized": true, "context": context });
    assert_eq!(verdict(&service, "valid", &ada.access_token).await?, simple);
    for (event, resource) in POLICIES {
        let policy = json!({
            "principalId": ada.id,
            "policyDocument": policy("Allow", resource),
            "context": context,
        });
        let response = verdict(&service, event, &ada.access_token).await?;
        assert_eq!(response, policy, "{event}");
    }
    Ok(())
}

#[tokio::test]
async fn a_denial_is_a_policy_for_the_whole_stage() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    // Without a policy, a REST API and a WebSocket API get an error, which they turn into 401.
    let response = verdict(&service, "http_api_payload_1", "garbage").await?;
    let denied = json!({
        "principalId": "anonymous",
        "policyDocument": policy("Deny", POLICIES[0].1),
    });
    assert_eq!(response, denied);
    Ok(())
}

/// The events of `events/authorizer` that want a policy, and the stage that each names.
const POLICIES: [(&str, &str); 4] = [
    ("http_api_payload_1", STAGE),
    ("rest_request", STAGE),
    ("rest_token", STAGE),
    (
        "websocket_connect",
        "arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/*",
    ),
];

const STAGE: &str = "arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/*/*";

fn policy(effect: &str, resource: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": effect,
            "Action": ["execute-api:Invoke"],
            "Resource": [resource],
        }],
    })
}

/// Sends an event with a token in it to the authorizer.
async fn verdict(service: &Service, event: &str, token: &str) -> anyhow::Result<Value> {
    let path = root().join(format!("events/authorizer/{event}.json"));
    let event = std::fs::read_to_string(path)?.replace("ACCESS_TOKEN", token);
    let response = service.invoke("authorizer", event.as_bytes()).await?;
    let response = response.map_err(anyhow::Error::msg)?;
    Ok(serde_json::from_slice(&response)?)
}
