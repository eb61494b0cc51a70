use serde_json::json;

use super::{TestGateway, echo};

#[tokio::test]
async fn the_event_is_payload_2_0() {
    let gateway = TestGateway::new(&[], echo, echo).await;
    let reply = gateway
        .post(
            "/open?a=1&a=2&b=x%20y",
            "Content-Type: application/json\r\nX-Two: 1\r\nX-Two: 2\r\nUser-Agent: t\r\nCookie: a=1; b=2\r\nCookie: c=3\r\n",
            "{}",
        )
        .await;
    let event = reply.json();
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "POST /open");
    assert_eq!(event["rawPath"], "/open");
    assert_eq!(event["rawQueryString"], "a=1&a=2&b=x%20y");
    assert_eq!(
        event["queryStringParameters"],
        json!({"a": "1,2", "b": "x y"})
    );
    assert_eq!(event["cookies"], json!(["a=1", "b=2", "c=3"]));
    assert_eq!(event["headers"]["x-two"], "1,2");
    assert_eq!(event["headers"]["x-forwarded-for"], "127.0.0.1");
    assert!(event["headers"].get("cookie").is_none());
    assert!(event["headers"].get("connection").is_none());
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("{}"), &json!(false))
    );
    let context = &event["requestContext"];
    assert_eq!(context["stage"], "$default");
    assert_eq!(
        context["requestId"],
        reply.header("apigw-requestid").unwrap()
    );
    assert_eq!(
        context["http"],
        json!({"method": "POST", "path": "/open", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"})
    );
    assert!(context["timeEpoch"].as_u64().unwrap() > 1_700_000_000_000);
    assert!(context["time"].as_str().unwrap().ends_with(" +0000"));
    assert!(context.get("authorizer").is_none());
    assert!(event.get("pathParameters").is_none());
}

#[tokio::test]
async fn a_body_of_an_unknown_type_is_base64() {
    let gateway = TestGateway::new(&[], echo, echo).await;
    for (content_type, base64) in [
        ("content-type: application/json; charset=utf-8\r\n", false),
        ("content-type: text/plain\r\n", false),
        ("Content-Type: Application/XML\r\n", false),
        ("content-type: application/x-www-form-urlencoded\r\n", true),
        ("content-type: application/octet-stream\r\n", true),
        ("", true),
    ] {
        let event = gateway.post("/open", content_type, "a=1").await.json();
        assert_eq!(event["isBase64Encoded"], base64, "{content_type}");
        assert_eq!(event["body"], if base64 { "YT0x" } else { "a=1" });
    }
}

#[tokio::test]
async fn a_request_without_a_body_has_no_body_in_its_event() {
    let gateway = TestGateway::new(&[], echo, echo).await;
    let event = gateway.get("/things/one", "").await.json();
    assert!(event.get("body").is_none());
    assert_eq!(event["isBase64Encoded"], false);
}

#[tokio::test]
async fn a_body_may_have_ten_megabytes_and_no_more() {
    let gateway = TestGateway::new(&[], |_| super::responds(&json!("ok")), echo).await;
    let fits = "x".repeat(super::super::MAX_BODY_BYTES);
    assert_eq!(
        gateway
            .post("/open", "content-type: text/plain\r\n", &fits)
            .await
            .status,
        200
    );
    let reply = gateway
        .raw("POST /open HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 10485761\r\n\r\n")
        .await;
    assert_eq!(
        reply.brief(),
        (413, r#"{"message":"Request Entity Too Large"}"#)
    );
    let chunk = "x".repeat(0x10_0000);
    let chunks = format!("100000\r\n{chunk}\r\n").repeat(11);
    let reply = gateway
        .raw(&format!(
            "POST /open HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
        ))
        .await;
    assert!(
        reply.status == 413 || reply.whole.is_empty(),
        "{}",
        reply.whole
    );
    assert_eq!(gateway.calls("echo"), 1);
}

#[tokio::test]
async fn a_head_may_have_10240_bytes_and_no_more() {
    let gateway = TestGateway::new(&[], echo, echo).await;
    let fixed =
        "GET".len() + "/things/one".len() + " HTTP/1.1 ".len() + "hostxconnectionclosea".len();
    let fits = "x".repeat(10_240 - fixed);
    assert_eq!(
        gateway
            .get("/things/one", &format!("a: {fits}\r\n"))
            .await
            .status,
        200
    );
    let reply = gateway.get("/things/one", &format!("a: {fits}y\r\n")).await;
    assert_eq!(
        reply.brief(),
        (431, r#"{"message":"Request Header Fields Too Large"}"#)
    );
    let reply = gateway
        .get("/things/one", &format!("a: {}\r\n", "x".repeat(100_000)))
        .await;
    assert!(reply.status == 431 || reply.whole.is_empty());
}

#[tokio::test]
async fn malformed_requests_are_rejected() {
    let gateway = TestGateway::new(&[], echo, echo).await;
    for request in [
        "GET /things/one HTTP/1.1\r\nhost: x\r\na: 1\r\n b: folded\r\n\r\n",
        "GET /things/one HTTP/1.1\r\nhost: x\r\na : 1\r\n\r\n",
        "GET /things/one HTTP/1.1\r\nhost: x\r\na: 1\0\r\n\r\n",
        "POST /open HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "POST /open HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        "POST /open HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n",
        "POST /open HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /a b HTTP/1.1\r\nhost: x\r\n\r\n",
    ] {
        assert_eq!(gateway.raw(request).await.status, 400, "{request:?}");
    }
    assert_eq!(gateway.calls("echo"), 0);
}

#[tokio::test]
async fn no_request_is_smuggled_behind_a_transfer_encoding() {
    let gateway = TestGateway::new(&[], echo, echo).await;
    let hidden = "GET /things/hidden HTTP/1.1\r\nhost: x\r\n\r\n";
    for lengths in [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
    ] {
        let reply = gateway
            .raw(&format!(
                "POST /open HTTP/1.1\r\nhost: x\r\n{lengths}\r\n0\r\n\r\n{hidden}"
            ))
            .await;
        assert_eq!(reply.header("connection"), Some("close"));
        assert_eq!(
            reply.whole.matches("HTTP/1.1 ").count(),
            1,
            "{}",
            reply.whole
        );
        assert!(!reply.whole.contains("hidden"));
    }
}
