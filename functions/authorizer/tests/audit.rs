//! What a denial logs: why, who, and from where; and for a token that nobody can have signed, no
//! ids. What a failure logs: whether it may pass.
//!
//! The only test of its process: a subscriber may miss what other threads log while
//! it is set.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use authorizer::{App, AuthorizerError, handle};
use gatehouse_auth::id::{Jti, SessionId, SubjectId};
use gatehouse_auth::key::{Algorithm, KeyRing};
use gatehouse_auth::role::Roles;
use gatehouse_auth::scope::Scopes;
use gatehouse_auth::token::{Grant, Issuer};
use gatehouse_edge::Clock;
use gatehouse_edge::config::Environment;
use gatehouse_store::SigningKeys;
use gatehouse_testing::{LogBuffer, Tables, TestClock, at};
use lambda_runtime::Context;
use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;

#[tokio::test]
async fn a_denial_is_recorded_with_its_reason_its_token_and_its_client() {
    let tables = Tables::start().await;
    let ring = KeyRing::first(Algorithm::EdDsa, at(-86_400)).unwrap();
    let table = tables.name("SigningKeysTable").to_owned();
    let keys = SigningKeys::new(tables.plain_client(), table);
    assert!(keys.publish(&ring.published(), None).await.unwrap());
    let clock = TestClock::default();
    let environment = Environment::from_pairs(tables.variables(tables.url()));
    let app = App::within(&environment, Clock::Fixed(clock.seconds()), None);
    let app = app.await.unwrap();
    let token = issue(&ring, &clock);
    clock.advance(600);

    let logs = LogBuffer::default();
    let _guard = logs.capture(LevelFilter::INFO);
    deny(&app, &token).await;
    let line = logs.take();
    for member in [
        "event=\"authorization_denied\"",
        "reason=\"expired\"",
        "sub=\"AAAAAAAAAAAAAAAAAAAAAA\"",
        "sid=\"AQEBAQEBAQEBAQEBAQEBAQ\"",
        "jti=\"AgICAgICAgICAgICAgICAg\"",
        "ip=\"203.0.113.7\"",
        "user_agent=\"curl/8.5.0\"",
        "request_id=\"request\"",
    ] {
        assert!(line.contains(member), "{member}: {line}");
    }

    // The last bit of the signature.
    let (rest, last) = token.split_at(token.len() - 2);
    let forged = format!("{rest}{}", if last == "AA" { "AQ" } else { "AA" });
    deny(&app, &forged).await;
    let line = logs.take();
    assert!(line.contains("reason=\"signature\""), "{line}");
    assert!(line.contains("ip=\"203.0.113.7\""), "{line}");
    for id in ["sub=", "sid=", "jti="] {
        assert!(!line.contains(id), "{id}: {line}");
    }

    // What no retry changes, and what one may.
    let unknown = handle(&app, "{}", &Context::default()).await;
    assert!(matches!(unknown, Err(AuthorizerError::UnknownEvent(_))));
    let line = logs.take();
    assert!(line.contains("transient=false"), "{line}");
    // Nothing listens there.
    let environment = Environment::from_pairs(tables.variables("http://127.0.0.1:9"));
    let app = App::within(&environment, Clock::Fixed(clock.seconds()), None);
    let event = event(&token).to_string();
    let unread = handle(&app.await.unwrap(), &event, &Context::default()).await;
    assert!(matches!(unread, Err(AuthorizerError::Keys(_))));
    let line = logs.take();
    assert!(line.contains("transient=true"), "{line}");
}

/// Issues a token that is valid for five minutes.
fn issue(ring: &KeyRing, clock: &TestClock) -> String {
    let lifetime = Duration::from_mins(5);
    let (name, audience) = ("https://issuer.example", "gatehouse");
    let issuer = Issuer::new(name.into(), audience.into(), "web".into(), lifetime);
    let grant = Grant {
        sub: SubjectId::from_bytes([0; 16]),
        sid: SessionId::from_bytes([1; 16]),
        jti: Jti::from_bytes([2; 16]),
        ver: 0,
        auth_time: clock.now(),
        scope: Scopes::parse("profile").unwrap(),
        roles: Roles::parse(["user"]).unwrap(),
    };
    let token = issuer.issue(grant, ring.active().unwrap(), clock.now());
    token.unwrap().expose().to_owned()
}

async fn deny(app: &App, token: &str) {
    let response = handle(app, &event(token).to_string(), &Context::default()).await;
    let response = serde_json::to_value(response.unwrap()).unwrap();
    assert_eq!(response, json!({ "isAuthorized": false }));
}

fn event(token: &str) -> Value {
    json!({
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": "arn:aws:execute-api:eu-west-1:123456789012:abc123/$default/GET/protected",
        "identitySource": [format!("Bearer {token}")],
        "headers": { "authorization": format!("Bearer {token}") },
        "requestContext": {
            "http": { "method": "GET", "path": "/protected", "sourceIp": "203.0.113.7", "userAgent": "curl/8.5.0" },
            "requestId": "request",
        },
    })
}
