//! A stopped DynamoDB is a 503 or a 500, and never an allow.

use gatehouse_tests::binaries::root;
use gatehouse_tests::person::unique;
use gatehouse_tests::service::{MAIL_FROM, parameters};
use gatehouse_tests::{Response, Service};
use serde_json::{Value, json};

use crate::every_endpoint::{AUTHENTICATING, PROTECTED};

#[tokio::test]
async fn a_stopped_dynamodb_is_an_error_everywhere_and_an_allow_nowhere() -> anyhow::Result<()> {
    // With mail, so that every route exists.
    let mail = parameters(&[MAIL_FROM]);
    let service = Service::start_with(|options| options.parameters.extend(mail)).await?;
    let ada = service.logged_in("ada").await?;
    ada.is_let_in(&service).await?;
    let code = ada.recovery_code(&service).await?;
    let _outage = service.cut_off_tables().await?;

    let credentials = json!({ "username": ada.username, "password": ada.password });
    let newcomer = json!({ "username": unique("newcomer"), "password": ada.password });
    let reset = json!({ "code": code, "new_password": ada.password });
    for (path, body) in [
        ("/login", credentials),
        ("/register", newcomer),
        ("/password/reset", reset),
    ] {
        let response = service.post(path, &body).await?;
        response.assert_problem(503, "unavailable");
        assert_says_only_when_to_retry(&response);
    }
    for (path, body) in [
        ("/refresh", json!({ "refresh_token": ada.refresh_token })),
        ("/revoke", json!({ "token": ada.refresh_token })),
    ] {
        let response = service.post(path, &body).await?;
        response.assert_oauth_error(503, "temporarily_unavailable");
        assert_says_only_when_to_retry(&response);
    }
    for (method, path) in PROTECTED {
        let request = service
            .request(method.parse()?, path)
            .bearer_auth(&ada.access_token);
        let response = service.send(request).await?;
        response.assert_from_gateway(500, "Internal Server Error");
    }
    Ok(())
}

#[tokio::test]
async fn a_route_that_authenticates_its_callers_is_unavailable_without_the_store()
-> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = service.administrator("grace").await?;
    let _outage = service.cut_off_tables().await?;
    for (method, path) in AUTHENTICATING {
        let request = service.request(method.parse()?, path);
        let request = request.bearer_auth(&admin.access_token);
        let request = request.form(&[("token", &admin.access_token)]);
        let response = service.send(request).await?;
        response.assert_oauth_error(503, "temporarily_unavailable");
        assert_says_only_when_to_retry(&response);
    }
    Ok(())
}

/// Through the gateway the authorizer fails first, so these are invoked directly.
#[tokio::test]
async fn the_functions_behind_the_authorizer_distinguish_an_outage_from_a_refusal()
-> anyhow::Result<()> {
    let service = Service::start().await?;
    let ada = service.logged_in("ada").await?;
    let admin = service.administrator("grace").await?;
    let _outage = service.cut_off_tables().await?;
    for (function, case) in [
        ("account", "me_of_unknown_user"),
        ("account", "change_password_of_unknown_user"),
        ("account", "end_unknown_session"),
        ("introspect", "unknown_token"),
        ("admin", "valid"),
        ("admin", "show_unknown_user"),
        ("admin", "remove_unknown_user"),
    ] {
        let event = root().join(format!("events/{function}/{case}.json"));
        // A valid token, which only the tables could show to be revoked: a malformed one
        // is inactive without them.
        let event = std::fs::read_to_string(event)?
            .replace("ADMIN_TOKEN", &admin.access_token)
            .replace(MALFORMED, &ada.access_token);
        let response = service.invoke(function, event.as_bytes()).await?;
        let response: Value = serde_json::from_slice(&response.unwrap_or_default())?;
        assert_eq!(response["statusCode"], 503, "{case}: {response}");
        let wait = response["headers"]["retry-after"].as_str();
        assert!(matches!(wait, Some("1" | "2")), "{case}: {response}");
    }
    Ok(())
}

#[tokio::test]
async fn an_authorizer_that_starts_without_its_store_allows_nobody() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let ada = service.logged_in("ada").await?;
    let _outage = service.cut_off_tables().await?;
    for _ in 0..2 {
        let response = ada.get(&service, "/protected").await?;
        response.assert_from_gateway(500, "Internal Server Error");
    }
    Ok(())
}

#[tokio::test]
async fn an_invalid_token_is_refused_without_the_store() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let ada = service.logged_in("ada").await?;
    ada.is_let_in(&service).await?;
    let _outage = service.cut_off_tables().await?;
    let response = service.get_as("a.b.c", "/protected").await?;
    response.assert_from_gateway(403, "Forbidden");
    let forged = format!("gh_rt_{}", "A".repeat(103));
    let response = service.refresh(&forged).await?;
    response.assert_oauth_error(400, "invalid_grant");
    Ok(())
}

/// Asserts that a response says when to retry, and nothing about what is behind it.
fn assert_says_only_when_to_retry(response: &Response) {
    let seconds = response.header("retry-after").parse::<u32>();
    assert!(seconds.is_ok_and(|seconds| seconds > 0), "{response}");
    for inside in [
        "127.0.0.1",
        "dynamodb",
        "Table",
        "gatehouse-local",
        "error trying",
    ] {
        assert!(
            !response.text.contains(inside),
            "the response contains {inside}: {response}"
        );
    }
}

/// The token in the sample event of an introspection.
const MALFORMED: &str = "eyJhbGciOiJub25lIn0.e30.";
