//! A stopped DynamoDB: a 503 or a 500, and never an allow.

use gatehouse_tests::person::unique;
use gatehouse_tests::{Answer, Person, Service};
use serde_json::json;

#[tokio::test]
async fn a_stopped_dynamodb_is_an_error_everywhere_and_an_allow_nowhere() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let before = service.get_as(&person.access_token, "/protected").await?;
    assert_eq!(before.status, 200);
    let _outage = service.cut_off_tables().await?;

    let credentials = json!({ "username": person.username, "password": person.password });
    let newcomer = json!({ "username": unique("newcomer"), "password": person.password });
    let refresh_token = &person.refresh_token;
    for (path, body, code) in [
        ("/login", credentials, "unavailable"),
        ("/register", newcomer, "unavailable"),
        (
            "/refresh",
            json!({ "refresh_token": refresh_token }),
            "temporarily_unavailable",
        ),
        (
            "/revoke",
            json!({ "token": refresh_token }),
            "temporarily_unavailable",
        ),
    ] {
        let answer = service.post(path, &body).await?;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (503, code),
            "{path}: {answer:?}"
        );
        tells_when_and_nothing_else(&answer);
    }
    for (method, path) in [
        ("GET", "/protected"),
        ("GET", "/admin"),
        ("POST", "/logout"),
    ] {
        let request = service
            .request(method.parse()?, path)
            .bearer_auth(&person.access_token);
        let answer = service.send(request).await?;
        assert_eq!(
            (answer.status, answer.json()),
            (500, json!({ "message": "Internal Server Error" })),
            "{path}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn an_authorizer_that_starts_without_its_store_allows_nobody() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let _outage = service.cut_off_tables().await?;
    for _ in 0..2 {
        assert_eq!(
            service
                .get_as(&person.access_token, "/protected")
                .await?
                .status,
            500
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_bad_token_is_refused_without_the_store() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    assert_eq!(
        service
            .get_as(&person.access_token, "/protected")
            .await?
            .status,
        200
    );
    let _outage = service.cut_off_tables().await?;
    assert_eq!(service.get_as("a.b.c", "/protected").await?.status, 403);
    let forged = format!("gh_rt_{}", "A".repeat(103));
    assert_eq!(service.refresh(&forged).await?.code(), "invalid_grant");
    Ok(())
}

/// Says when to try again, and nothing of what is behind.
fn tells_when_and_nothing_else(answer: &Answer) {
    let seconds = answer.header("retry-after").parse::<u32>();
    assert!(seconds.is_ok_and(|seconds| seconds > 0), "{answer:?}");
    for inside in [
        "127.0.0.1",
        "dynamodb",
        "Table",
        "gatehouse-local",
        "error trying",
    ] {
        assert!(
            !answer.text.contains(inside),
            "the answer tells {inside}: {}",
            answer.text
        );
    }
}
