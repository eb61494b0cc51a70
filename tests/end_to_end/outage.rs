//! A stopped DynamoDB: a 503 or a 500, and never an allow.

use gatehouse_tests::binaries::root;
use gatehouse_tests::person::unique;
use gatehouse_tests::power::{administrator, recover};
use gatehouse_tests::{Answer, Person, Service};
use serde_json::{Value, json};

use crate::every_endpoint::{AUTHENTICATING, PROTECTED};

#[tokio::test]
async fn a_stopped_dynamodb_is_an_error_everywhere_and_an_allow_nowhere() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let before = service.get_as(&person.access_token, "/protected").await?;
    assert_eq!(before.status, 200);
    let code = recover(&service, &person, 0).await?;
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
        (
            "/password/reset",
            json!({ "code": code, "new_password": person.password }),
            "unavailable",
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
    for (method, path) in PROTECTED {
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
async fn a_route_that_authenticates_its_callers_is_unavailable_without_the_store()
-> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    let _outage = service.cut_off_tables().await?;
    for (method, path) in AUTHENTICATING {
        let request = service.request(method.parse()?, path);
        let answer = service
            .send(
                request
                    .bearer_auth(&admin.access_token)
                    .form(&[("token", &admin.access_token)]),
            )
            .await?;
        let refused = (answer.status, answer.code());
        let unavailable = (503, "temporarily_unavailable".to_owned());
        assert_eq!(refused, unavailable, "{path}: {answer:?}");
        tells_when_and_nothing_else(&answer);
    }
    Ok(())
}

/// The authorizer fails first; so these are called as if it had not.
#[tokio::test]
async fn the_functions_behind_the_authorizer_tell_an_outage_from_a_refusal() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let admin = administrator(&service).await?;
    let _outage = service.cut_off_tables().await?;
    for (function, case) in [
        ("account", "me_of_nobody"),
        ("account", "change_password_of_nobody"),
        ("account", "end_unknown_session"),
        ("introspect", "unknown_token"),
        ("admin", "good"),
        ("admin", "show_unknown_user"),
        ("admin", "remove_unknown_user"),
    ] {
        let event = root().join(format!("events/{function}/{case}.json"));
        // A token that only the tables could tell to be revoked: one that is malformed
        // is inactive without them.
        let event = std::fs::read_to_string(event)?
            .replace("ADMIN_TOKEN", &admin.access_token)
            .replace(MALFORMED, &person.access_token);
        let answer = service.invoke(function, event.as_bytes()).await?;
        let answer: Value = serde_json::from_slice(&answer.unwrap_or_default())?;
        assert_eq!(answer["statusCode"], 503, "{case}: {answer}");
        assert_eq!(answer["headers"]["retry-after"], "2", "{case}: {answer}");
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

/// The token in the sample event of an introspection.
const MALFORMED: &str = "eyJhbGciOiJub25lIn0.e30.";
