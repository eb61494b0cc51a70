use serde_json::json;

use super::{Reply, TestGateway, echo, responds};

const ORIGIN: &str = "https://app.example";

async fn gateway() -> TestGateway {
    TestGateway::new(&[("Origins", ORIGIN)], echo, echo).await
}

async fn preflight(gateway: &TestGateway, origin: &str) -> Reply {
    gateway
        .raw(&format!(
            "OPTIONS /nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\norigin: {origin}\r\naccess-control-request-method: POST\r\n\r\n"
        ))
        .await
}

#[tokio::test]
async fn preflights_get_a_response_for_any_path() {
    let gateway = gateway().await;
    let reply = preflight(&gateway, ORIGIN).await;
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(
        reply.header("access-control-allow-methods"),
        Some("GET,POST")
    );
    assert_eq!(
        reply.header("access-control-allow-headers"),
        Some("authorization")
    );
    assert_eq!(reply.header("access-control-max-age"), Some("600"));
    assert_eq!(gateway.calls("echo"), 0);
}

#[tokio::test]
async fn a_foreign_origin_gets_no_cors_headers() {
    let gateway = gateway().await;
    let reply = preflight(&gateway, "https://evil.example").await;
    assert!(!reply.whole.contains("access-control"), "{}", reply.whole);
    let reply = gateway
        .get("/things/one", "origin: https://app.example.evil\r\n")
        .await;
    assert!(
        !reply
            .headers
            .iter()
            .any(|(name, _)| name.starts_with("access-control"))
    );
}

#[tokio::test]
async fn the_gateways_own_responses_have_cors_headers() {
    let gateway = gateway().await;
    let origin = format!("origin: {ORIGIN}\r\n");
    for (path, status) in [("/things/one", 200), ("/nowhere", 404), ("/guarded", 401)] {
        let reply = gateway.get(path, &origin).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("access-control-allow-origin"), Some(ORIGIN));
        assert_eq!(
            reply.header("access-control-expose-headers"),
            Some("x-request-id")
        );
    }
}

#[tokio::test]
async fn the_cors_headers_of_a_function_are_replaced() {
    let gateway = TestGateway::new(
        &[("Origins", ORIGIN)],
        |_| responds(&json!({"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}})),
        echo,
    )
    .await;
    let reply = gateway
        .get("/things/one", "origin: https://evil.example\r\n")
        .await;
    assert_eq!(reply.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn without_a_configuration_there_is_no_cors() {
    let gateway = TestGateway::new(&[], echo, echo).await;
    assert_eq!(preflight(&gateway, ORIGIN).await.status, 404);
}
