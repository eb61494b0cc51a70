use serde_json::json;

use super::{TestGateway, echo};

async fn route_of(gateway: &TestGateway, method: &str, path: &str) -> String {
    let reply = gateway
        .raw(&format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        ))
        .await;
    match reply.status {
        200 => reply.json()["routeKey"].as_str().unwrap().to_owned(),
        status => format!("{status} {}", reply.body),
    }
}

#[tokio::test]
async fn the_most_specific_route_wins() {
    let gateway = TestGateway::new(&[], echo, echo).await;
    for (method, path, expected) in [
        ("GET", "/things/one", "GET /things/one"),
        ("GET", "/things/two", "GET /things/{id}"),
        ("PUT", "/things/two", "ANY /things/{id}"),
        ("PUT", "/things/one", "ANY /things/{id}"),
        ("GET", "/files/a/b/c", "GET /files/{proxy+}"),
    ] {
        assert_eq!(route_of(&gateway, method, path).await, expected);
    }
}

#[tokio::test]
async fn a_request_without_a_route_is_not_found() {
    let gateway = TestGateway::new(&[], echo, echo).await;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/open"),
        ("POST", "/open/"),
        ("GET", "/things"),
        ("GET", "/things/"),
        ("GET", "/things/a/b"),
        ("GET", "/files/"),
        ("OPTIONS", "/open"),
        ("TRACE", "/things/one"),
        ("BREW", "/things/one"),
    ] {
        let response = route_of(&gateway, method, path).await;
        assert_eq!(
            response, r#"404 {"message":"Not Found"}"#,
            "{method} {path}"
        );
    }
    assert_eq!(gateway.calls("echo"), 0);
}

#[tokio::test]
async fn a_head_request_needs_its_own_route_and_gets_no_body() {
    let gateway = TestGateway::new(&[], echo, echo).await;
    let reply = gateway
        .raw("HEAD /things/one HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await;
    assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    let reply = gateway
        .raw("HEAD /guarded HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await;
    assert_eq!((reply.status, reply.body.as_str()), (404, ""));
}

#[tokio::test]
async fn path_parameters_are_decoded() {
    let gateway = TestGateway::new(&[], echo, echo).await;
    let event = gateway.get("/things/a%20b%2Fc?x=1", "").await.json();
    assert_eq!(event["pathParameters"], json!({"id": "a b/c"}));
    let event = gateway.get("/files/a/b%20c", "").await.json();
    assert_eq!(event["pathParameters"], json!({"proxy": "a/b c"}));
    assert_eq!(event["rawPath"], "/files/a/b c");
    assert_eq!(
        gateway.get("/things/%ff", "").await.json()["pathParameters"]["id"],
        "\u{fffd}"
    );
}
