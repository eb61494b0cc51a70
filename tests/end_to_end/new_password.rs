//! `PUT /me/password` and `POST /password/reset`.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use gatehouse_tests::deployment::is_overloaded;
use gatehouse_tests::{Person, Response, Service};
use reqwest::Method;
use serde_json::{Value, json};

const NEW: &str = "another winding passphrase of mine";

/// Changes a person's own password.
async fn change(
    service: &Service,
    person: &Person,
    current: &str,
    new: &str,
) -> anyhow::Result<Response> {
    let body = json!({ "current_password": current, "new_password": new });
    let path = "/me/password";
    person.call(service, Method::PUT, path, &body).await
}

/// Expects a password to be the current one, and the only one.
async fn has_password(service: &Service, person: &Person, password: &str) -> anyhow::Result<()> {
    let response = service.log_in(&person.username, password).await?;
    response.assert_status(200);
    if password != person.password {
        person.cannot_log_in(service).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_new_password_ends_every_session_including_this_one() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let here = service.logged_in("ada").await?;
    let there = here.logs_in_again(&service).await?;
    let response = change(&service, &here, &here.password, NEW).await?;
    response.assert_no_content();
    here.is_logged_out(&service).await?;
    there.is_logged_out(&service).await?;
    has_password(&service, &here, NEW).await
}

#[tokio::test]
async fn a_wrong_current_password_changes_nothing() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let too_long = "x".repeat(1100);
    for wrong in ["another long and winding one", "", too_long.as_str()] {
        let response = change(&service, &ada, wrong, NEW).await?;
        response.assert_problem(401, "invalid_credentials");
    }
    has_password(&service, &ada, &ada.password).await?;
    ada.is_let_in_at(&service, "/me").await
}

#[tokio::test]
async fn a_weak_new_password_is_refused_and_its_field_named() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let code = ada.recovery_code(&service).await?;
    let named = format!("{} and something", ada.username);
    for weak in ["short", "passwordpassword", &named] {
        for response in [
            change(&service, &ada, &ada.password, weak).await?,
            service.reset_password(&code, weak).await?,
        ] {
            response.assert_problem(422, "weak_password");
            assert_eq!(response.invalid_fields()[0], "new_password");
        }
    }
    for (invalid, expected) in [
        ("", "empty"),
        ("tab\tin a long passphrase", "invalid_character"),
    ] {
        for response in [
            change(&service, &ada, &ada.password, invalid).await?,
            service.reset_password(&code, invalid).await?,
        ] {
            response.assert_problem(422, "validation_failed");
            assert_eq!(response.json()["errors"][0]["code"], expected);
        }
    }
    // The code is still unused.
    let response = service.reset_password(&code, NEW).await?;
    response.assert_no_content();
    Ok(())
}

#[tokio::test]
async fn missing_members_are_named() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let path = "/me/password";
    let response = ada.call(&service, Method::PUT, path, &json!({})).await?;
    response.assert_problem(422, "validation_failed");
    assert_eq!(
        response.invalid_fields(),
        ["current_password", "new_password"]
    );
    let body = json!({ "code": null });
    let response = service.post("/password/reset", &body).await?;
    response.assert_problem(422, "validation_failed");
    assert_eq!(response.invalid_fields(), ["code", "new_password"]);
    Ok(())
}

#[tokio::test]
async fn a_recovery_code_sets_a_password_once_and_ends_every_session() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let code = ada.recovery_code(&service).await?;
    // The old password works until the code is used.
    has_password(&service, &ada, &ada.password).await?;
    let response = service.reset_password(&code, NEW).await?;
    response.assert_no_content();
    ada.is_logged_out(&service).await?;
    has_password(&service, &ada, NEW).await?;
    let another = "yet another passphrase of mine";
    let response = service.reset_password(&code, another).await?;
    response.assert_problem(400, "invalid_code");
    has_password(&service, &ada, NEW).await
}

#[tokio::test]
async fn invalid_recovery_codes_get_the_same_response() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let eve = service.logged_in("eve").await?;
    let half_an_hour_ago = Duration::from_secs(1801);
    let old = ada.recovery_code_of(&service, half_an_hour_ago).await?;
    let replaced = eve.recovery_code(&service).await?;
    let valid = eve.recovery_code(&service).await?;
    let mut altered = valid.clone();
    let swapped = if valid.ends_with('A') { "Q" } else { "A" };
    altered.replace_range(71.., swapped);
    // The secret of one and the subject of another.
    let mixed = format!("{}{}", &old[..29], &valid[29..]);
    let mut responses = BTreeMap::new();
    for (name, code) in [
        ("expired", old.as_str()),
        ("replaced", &replaced),
        ("altered", &altered),
        ("mixed", &mixed),
        ("a refresh token", &ada.refresh_token),
        ("empty", ""),
        ("long", &"x".repeat(9000)),
    ] {
        let response = service.reset_password(code, NEW).await?.case(name);
        response.assert_problem(400, "invalid_code");
        let mut body = response.json();
        (body["instance"], body["request_id"]) = (Value::Null, Value::Null);
        responses.insert(body.to_string(), name);
    }
    assert_eq!(responses.len(), 1, "{responses:?}");
    has_password(&service, &eve, &eve.password).await?;
    let response = service.reset_password(&valid, NEW).await?;
    response.assert_no_content();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_concurrent_uses_of_a_code_one_sets_the_password() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.registered("ada").await?;
    let code = ada.recovery_code(&service).await?;
    let passwords: Vec<String> = (0..16)
        .map(|number| format!("winding passphrase number {number}"))
        .collect();
    let uses = passwords
        .iter()
        .map(|new| service.reset_password(&code, new));
    let mut winner = None;
    for (response, password) in join_all(uses).await.into_iter().zip(&passwords) {
        let response = response?;
        match response.status {
            204 => assert!(winner.replace(password).is_none(), "two succeeded"),
            _ if is_overloaded(&response) => {}
            _ => {
                response.assert_status(400);
            }
        }
    }
    let winner = winner.expect("one succeeded");
    has_password(&service, &ada, winner).await
}

#[tokio::test]
async fn a_password_change_invalidates_a_recovery_code() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let code = ada.recovery_code(&service).await?;
    let response = change(&service, &ada, &ada.password, NEW).await?;
    response.assert_no_content();
    let another = "yet another passphrase of mine";
    let response = service.reset_password(&code, another).await?;
    response.assert_problem(400, "invalid_code");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_concurrent_password_changes_one_succeeds() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let here = service.logged_in("ada").await?;
    let there = here.logs_in_again(&service).await?;
    let theirs = "the other winding passphrase of mine";
    let (one, two) = tokio::join!(
        change(&service, &here, &here.password, NEW),
        change(&service, &there, &here.password, theirs),
    );
    let (one, two) = (one?.status, two?.status);
    assert_eq!(one.min(two), 204, "{one} {two}");
    assert!([401, 403].contains(&one.max(two)), "{one} {two}");
    let kept = if one == 204 { NEW } else { theirs };
    has_password(&service, &here, kept).await?;
    here.is_logged_out(&service).await?;
    there.is_logged_out(&service).await
}
