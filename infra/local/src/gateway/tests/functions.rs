use serde_json::json;

use super::{StubResponse, TestGateway, echo, responds};

const INTERNAL: (u16, &str) = (500, r#"{"message":"Internal Server Error"}"#);

#[tokio::test]
async fn a_response_in_format_2_0_is_sent_to_the_client() {
    let gateway = TestGateway::new(
        &[],
        |_| {
            responds(&json!({
                "statusCode": 201,
                "headers": {"X-Text": "a", "X-Number": 7, "Content-Length": "999"},
                "cookies": ["a=1", "b=2"],
                "body": "aGk=",
                "isBase64Encoded": true,
            }))
        },
        echo,
    )
    .await;
    let reply = gateway.get("/things/one", "").await;
    assert_eq!(reply.brief(), (201, "hi"));
    assert_eq!(reply.header("x-text"), Some("a"));
    assert_eq!(reply.header("x-number"), Some("7"));
    assert_eq!(
        reply.header("content-type"),
        Some("text/plain;charset=UTF-8")
    );
    let cookies: Vec<&str> = reply
        .headers
        .iter()
        .filter(|(n, _)| n == "set-cookie")
        .map(|(_, v)| v.as_str())
        .collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(reply.header("apigw-requestid").unwrap().len(), 36);
}

#[tokio::test]
async fn json_without_a_status_is_the_body() {
    let gateway = TestGateway::new(&[], |_| responds(&json!({"a": 1})), echo).await;
    let reply = gateway.get("/things/one", "").await;
    assert_eq!(reply.brief(), (200, r#"{"a":1}"#));
    assert_eq!(reply.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_204_response_has_no_body() {
    let gateway = TestGateway::new(
        &[],
        |_| responds(&json!({"statusCode": 204, "body": null})),
        echo,
    )
    .await;
    let reply = gateway.get("/things/one", "").await;
    assert_eq!(reply.brief(), (204, ""));
}

#[tokio::test]
async fn malformed_responses_are_internal_errors() {
    for behaviour in [
        |_: &serde_json::Value| Some(StubResponse::Response("no json".to_owned())),
        |_: &serde_json::Value| Some(StubResponse::Response(String::new())),
        |_: &serde_json::Value| responds(&json!({"statusCode": "many"})),
        |_: &serde_json::Value| responds(&json!({"statusCode": 99})),
        |_: &serde_json::Value| responds(&json!({"statusCode": 700})),
        |_: &serde_json::Value| responds(&json!({"statusCode": 200, "headers": {"a b": "c"}})),
        |_: &serde_json::Value| {
            responds(&json!({"statusCode": 200, "headers": {"a": "b\r\nc: d"}}))
        },
        |_: &serde_json::Value| responds(&json!({"statusCode": 200, "body": {"a": 1}})),
        |_: &serde_json::Value| {
            responds(&json!({"statusCode": 200, "body": "!", "isBase64Encoded": true}))
        },
        |_: &serde_json::Value| Some(StubResponse::Error),
    ] {
        let gateway = TestGateway::new(&[], behaviour, echo).await;
        assert_eq!(gateway.get("/things/one", "").await.brief(), INTERNAL);
        assert_eq!(
            gateway.log.lines().len(),
            1,
            "the reason must be in the log"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_takes_too_long_is_a_503() {
    let gateway = TestGateway::new(&[("Timeout", "2000")], |_| None, echo).await;
    let reply = gateway.get("/things/one", "").await;
    assert_eq!(reply.brief(), (503, r#"{"message":"Service Unavailable"}"#));
}
