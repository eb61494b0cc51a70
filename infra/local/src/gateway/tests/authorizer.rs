use std::time::Duration;

use serde_json::{Value, json};

use super::{Behaviour, StubResponse, TestGateway, echo, responds};

const TOKEN: &str = "Authorization: Bearer abc\r\n";
const INTERNAL: (u16, &str) = (500, r#"{"message":"Internal Server Error"}"#);

fn allows(_: &Value) -> Option<StubResponse> {
    responds(&json!({"isAuthorized": true, "context": {"sub": "s", "ver": 1, "list": ["a"]}}))
}

fn denies(_: &Value) -> Option<StubResponse> {
    responds(&json!({"isAuthorized": false}))
}

#[tokio::test]
async fn the_function_gets_the_context() {
    let gateway = TestGateway::new(&[], echo, allows).await;
    let event = gateway.get("/guarded", TOKEN).await.json();
    let context = &event["requestContext"]["authorizer"]["lambda"];
    assert_eq!(*context, json!({"sub": "s", "ver": 1, "list": ["a"]}));
}

#[tokio::test]
async fn the_authorizer_gets_its_own_event() {
    let reflect: Behaviour = |event| {
        assert!(event.get("body").is_none());
        responds(&json!({"isAuthorized": true, "context": {"event": event}}))
    };
    let gateway = TestGateway::new(&[], echo, reflect).await;
    let event = gateway.get("/guarded?a=1", TOKEN).await.json();
    let seen = &event["requestContext"]["authorizer"]["lambda"]["event"];
    assert_eq!(
        (&seen["version"], &seen["type"]),
        (&json!("2.0"), &json!("REQUEST"))
    );
    assert_eq!(seen["identitySource"], json!(["Bearer abc"]));
    assert_eq!(
        seen["routeArn"],
        "arn:aws:execute-api:us-east-1:000000000000:Api/$default/GET/guarded"
    );
    assert_eq!(seen["headers"]["authorization"], "Bearer abc");
    assert_eq!(seen["rawQueryString"], "a=1");
}

#[tokio::test]
async fn a_missing_identity_source_is_401_without_a_call() {
    let gateway = TestGateway::new(&[], echo, allows).await;
    for headers in ["", "Authorization:\r\n", "x-authorization: a\r\n"] {
        let reply = gateway.get("/guarded", headers).await;
        assert_eq!(reply.brief(), (401, r#"{"message":"Unauthorized"}"#));
    }
    assert_eq!(gateway.calls("guard"), 0);
    assert_eq!(gateway.get("/things/one", "").await.status, 200);
}

#[tokio::test]
async fn a_denial_is_403() {
    let gateway = TestGateway::new(&[], echo, denies).await;
    let reply = gateway.get("/guarded", TOKEN).await;
    assert_eq!(reply.brief(), (403, r#"{"message":"Forbidden"}"#));
    assert_eq!(gateway.calls("echo"), 0);
}

#[tokio::test]
async fn two_authorization_headers_are_joined() {
    let reflect: Behaviour = |event| {
        responds(&json!({"isAuthorized": true, "context": {"seen": event["identitySource"]}}))
    };
    let gateway = TestGateway::new(&[], echo, reflect).await;
    let event = gateway
        .get(
            "/guarded",
            "Authorization: Bearer a\r\nauthorization: Bearer b\r\n",
        )
        .await
        .json();
    let seen = &event["requestContext"]["authorizer"]["lambda"]["seen"];
    assert_eq!(*seen, json!(["Bearer a,Bearer b"]));
}

#[tokio::test]
async fn an_error_or_a_malformed_response_is_500_and_never_cached() {
    let responses: [Behaviour; 7] = [
        |_| Some(StubResponse::Error),
        |_| Some(StubResponse::Response(String::new())),
        |_| responds(&json!({})),
        |_| responds(&json!({"isAuthorized": "true"})),
        |_| responds(&json!({"isAuthorized": 1})),
        |_| responds(&json!({"isAuthorized": true, "context": "text"})),
        |_| responds(&json!([true])),
    ];
    for behaviour in responses {
        let gateway = TestGateway::new(&[("CacheSeconds", "60")], echo, behaviour).await;
        for calls in 1..=2 {
            assert_eq!(gateway.get("/guarded", TOKEN).await.brief(), INTERNAL);
            assert_eq!(gateway.calls("guard"), calls);
        }
        assert_eq!(gateway.calls("echo"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_authorizer_that_takes_ten_seconds_is_a_500() {
    let gateway = TestGateway::new(&[], echo, |_| None).await;
    assert_eq!(gateway.get("/guarded", TOKEN).await.brief(), INTERNAL);
    assert_eq!(gateway.log.lines(), ["guard did not respond within 10 s"]);
}

#[tokio::test]
async fn without_a_ttl_every_request_calls_the_authorizer() {
    let gateway = TestGateway::new(&[], echo, allows).await;
    for calls in 1..=3 {
        assert_eq!(gateway.get("/guarded", TOKEN).await.status, 200);
        assert_eq!(gateway.calls("guard"), calls);
    }
}

#[tokio::test]
async fn a_response_is_reused_per_identity_for_its_ttl() {
    for (behaviour, status) in [(allows as Behaviour, 200), (denies, 403)] {
        let gateway = TestGateway::new(&[("CacheSeconds", "60")], echo, behaviour).await;
        assert_eq!(gateway.get("/guarded", TOKEN).await.status, status);
        assert_eq!(gateway.get("/guarded", TOKEN).await.status, status);
        // Shared by all routes, as on AWS without `$context.routeKey`.
        assert_eq!(gateway.get("/also-guarded", TOKEN).await.status, status);
        assert_eq!(gateway.calls("guard"), 1);
        assert_eq!(
            gateway
                .get("/guarded", "Authorization: Bearer other\r\n")
                .await
                .status,
            status
        );
        assert_eq!(gateway.calls("guard"), 2);
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(61)).await;
        tokio::time::resume();
        assert_eq!(gateway.get("/guarded", TOKEN).await.status, status);
        assert_eq!(gateway.calls("guard"), 3);
    }
}
