//! `POST /refresh`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_auth::random;
use gatehouse_tests::tables::{Tables, text};
use gatehouse_tests::{Person, Response, Service};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn each_refresh_returns_new_tokens() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let first = ada.refreshes(&service).await?;
    let second = first.refreshes(&service).await?;
    let tokens = [&ada, &first, &second].map(|ada| &ada.refresh_token);
    assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2] && tokens[0] != tokens[2]);
    for ada in [&ada, &first, &second] {
        ada.is_let_in(&service).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_refresh_as_a_form_needs_its_grant_type() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let token = ("refresh_token", ada.refresh_token.as_str());
    let without = service.post_form("/refresh", &[token]).await?;
    without.assert_oauth_error(400, "invalid_request");
    let other = [("grant_type", "password"), token];
    let other = service.post_form("/refresh", &other).await?;
    other.assert_oauth_error(400, "unsupported_grant_type");
    let right = [("grant_type", "refresh_token"), token];
    let right = service.post_form("/refresh", &right).await?;
    right.assert_status(200);
    Ok(())
}

#[tokio::test]
async fn a_client_that_lost_the_response_gets_the_same_successor_inside_the_window()
-> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let lost = ada.refreshes(&service).await?;
    let again = ada.refreshes(&service).await?;
    assert_eq!(lost.refresh_token, again.refresh_token);
    assert_ne!(lost.access_token, again.access_token);
    again.refreshes(&service).await?;
    Ok(())
}

/// Three responses of 503 in a row take 27 seconds, and the client's clock is not ours.
#[tokio::test]
async fn a_store_that_is_slow_for_29_seconds_logs_no_honest_client_out() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let lost = ada.refreshes(&service).await?;
    let tables = Tables::of(&service);
    tables.age_sessions(&ada, "rotated_at", 28).await?;
    let again = ada.refreshes(&service).await?;
    assert_eq!(lost.refresh_token, again.refresh_token);
    Ok(())
}

#[tokio::test]
async fn a_token_that_comes_back_after_the_window_ends_the_session_and_is_no_replay()
-> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let successor = ada.refreshes(&service).await?;
    let tables = Tables::of(&service);
    tables.age_sessions(&ada, "rotated_at", 61).await?;
    ada.cannot_refresh(&service).await?;
    // Whoever has the successor, thief or owner, is logged out.
    successor.is_logged_out(&service).await?;
    assert_eq!(
        ends(&service, &ada).await?,
        ["refresh_repeated_late late_repeat"]
    );
    Ok(())
}

#[tokio::test]
async fn a_token_whose_successor_was_used_is_a_replay_even_inside_the_window() -> anyhow::Result<()>
{
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let first = ada.refreshes(&service).await?;
    let second = first.refreshes(&service).await?;
    ada.cannot_refresh(&service).await?;
    second.cannot_refresh(&service).await?;
    assert_eq!(
        ends(&service, &ada).await?,
        ["refresh_reuse_detected replay"]
    );
    Ok(())
}

/// Returns the events that ended sessions of a person, with their reasons.
async fn ends(service: &Service, person: &Person) -> anyhow::Result<Vec<String>> {
    let mut ends = Vec::new();
    for line in service.logs().await? {
        let line: Value = serde_json::from_str(&line).unwrap_or_default();
        let event = line["event"].as_str().unwrap_or_default();
        if line["sub"] == person.id && event.starts_with("refresh_re") {
            let reason = line["reason"].as_str().unwrap_or_default();
            ends.push(format!("{event} {reason}"));
        }
    }
    Ok(ends)
}

/// The response of a brown-out that lasts longer than any window.
#[tokio::test]
async fn with_its_idempotency_key_a_client_gets_its_response_until_the_successor_is_used()
-> anyhow::Result<()> {
    const KEY: &str = "3xPq0fJ9Qb2sTn7vWc5yZd";
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let lost = refresh_with(&service, &ada, KEY).await?;
    lost.assert_status(200);
    let tables = Tables::of(&service);
    tables.age_sessions(&ada, "rotated_at", 3_600).await?;
    let again = refresh_with(&service, &ada, KEY).await?;
    again.assert_status(200);
    assert_eq!(again.member("refresh_token"), lost.member("refresh_token"));
    let successor = ada.with_tokens(&again);
    successor.refreshes(&service).await?;
    let late = refresh_with(&service, &ada, KEY).await?;
    late.assert_oauth_error(400, "invalid_grant");
    Ok(())
}

#[tokio::test]
async fn another_idempotency_key_does_not_help_a_thief() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let first = refresh_with(&service, &ada, "3xPq0fJ9Qb2sTn7vWc5yZd").await?;
    first.assert_status(200);
    let tables = Tables::of(&service);
    tables.age_sessions(&ada, "rotated_at", 61).await?;
    let thief = refresh_with(&service, &ada, "4xPq0fJ9Qb2sTn7vWc5yZd").await?;
    thief.assert_oauth_error(400, "invalid_grant");
    let successor = ada.with_tokens(&first);
    successor.cannot_refresh(&service).await
}

#[tokio::test]
async fn a_short_idempotency_key_is_refused_and_rotates_nothing() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let refused = refresh_with(&service, &ada, "too-short").await?;
    refused.assert_oauth_error(400, "invalid_request");
    assert!(refused.text.contains("Idempotency-Key"), "{refused}");
    let tables = Tables::of(&service);
    tables.age_sessions(&ada, "rotated_at", 3_600).await?;
    ada.refreshes(&service).await?;
    Ok(())
}

async fn refresh_with(service: &Service, person: &Person, key: &str) -> anyhow::Result<Response> {
    let request = service.request(Method::POST, "/refresh");
    let request = request.header("idempotency-key", key);
    let body = json!({ "refresh_token": person.refresh_token });
    service.send(request.json(&body)).await
}

/// Ending all other sessions raises the versions of the user and of this session. A
/// refresh that reads one before and the other after it used to end this session.
#[tokio::test(flavor = "multi_thread")]
async fn a_logout_of_the_other_sessions_racing_a_refresh_leaves_this_one_alive()
-> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.registered("ada").await?;
    for _ in 0..10 {
        let here = ada.logs_in_again(&service).await?;
        let (logout, refresh) = tokio::join!(
            here.logs_out(&service, "others"),
            service.refresh(&here.refresh_token),
        );
        logout?;
        let refresh = refresh?;
        refresh.assert_status(200);
        here.with_tokens(&refresh).refreshes(&service).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_forged_token_on_a_real_session_is_refused_and_ends_nothing() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    for position in [6, 20, 40, 60, 80, 100, 108] {
        let mut forged = ada.refresh_token.clone().into_bytes();
        forged[position] = if forged[position] == b'A' { b'B' } else { b'A' };
        let response = service.refresh(&String::from_utf8(forged)?).await?;
        let response = response.case(format!("byte {position}"));
        response.assert_oauth_error(400, "invalid_grant");
    }
    ada.refreshes(&service).await?;
    Ok(())
}

#[tokio::test]
async fn a_token_with_an_unknown_mac_key_is_refused_and_ends_nothing() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    // Characters 8 to 17 are the key's id, which anyone can change.
    let token = &ada.refresh_token;
    let forged = format!("{}AAAA{}", &token[..10], &token[14..]);
    let response = service.refresh(&forged).await?;
    response.assert_oauth_error(400, "invalid_grant");
    ada.refreshes(&service).await?;
    Ok(())
}

/// Five such requests a minute raised the alarm for 5xx responses.
#[tokio::test]
async fn random_refresh_tokens_are_the_clients_fault_and_no_error_of_ours() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let mut requests = Vec::new();
    for _ in 0..10 {
        let random = random::bytes::<78>()?;
        let random = &URL_SAFE_NO_PAD.encode(random)[..103];
        let token = format!("gh_rt_{random}");
        let response = service.refresh(&token).await?;
        response.assert_oauth_error(400, "invalid_grant");
        requests.push(response.header("x-request-id").to_owned());
        let response = service.post("/revoke", &json!({ "token": token })).await?;
        response.assert_status(200);
        requests.push(response.header("x-request-id").to_owned());
    }
    let logs = service.logs().await?;
    // A deployed stack has the lines of other tests too.
    let ours = |line: &String| requests.iter().any(|id| line.contains(id.as_str()));
    let errors: Vec<_> = logs
        .iter()
        .filter(|line| ours(line) && line.contains("ERROR"))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    Ok(())
}

#[tokio::test]
async fn a_replay_is_detected_whatever_scope_it_requests() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let successor = ada.refreshes(&service).await?;
    let tables = Tables::of(&service);
    tables.age_sessions(&ada, "rotated_at", 61).await?;
    let body = json!({ "refresh_token": ada.refresh_token, "scope": "more" });
    let replay = service.post("/refresh", &body).await?;
    replay.assert_oauth_error(400, "invalid_grant");
    successor.cannot_refresh(&service).await
}

#[tokio::test]
async fn anything_but_a_refresh_token_is_refused() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let long = "x".repeat(9000);
    for invalid in [
        "x",
        "gh_rt_",
        "gh_rt_\u{e9}",
        ada.access_token.as_str(),
        &long,
        "\0",
    ] {
        let response = service.refresh(invalid).await?;
        response.assert_oauth_error(400, "invalid_grant");
    }
    for body in [
        json!({}),
        json!({ "refresh_token": null }),
        json!({ "refresh_token": 7 }),
    ] {
        let response = service.post("/refresh", &body).await?;
        response.assert_oauth_error(400, "invalid_request");
        let description = response.member("error_description");
        assert!(description.contains("refresh_token"), "{response}");
    }
    Ok(())
}

#[tokio::test]
async fn an_idle_or_old_session_ends_at_its_stored_times() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    for attribute in ["idle_expires_at", "expires_at"] {
        let ada = service.logged_in("ada").await?;
        let month = 31 * 24 * 3600;
        Tables::of(&service)
            .age_sessions(&ada, attribute, month)
            .await?;
        ada.cannot_refresh(&service).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_refresh_never_outlives_the_absolute_limit() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let all_but_an_hour = 30 * 24 * 3600 - 3600;
    Tables::of(&service)
        .age_sessions(&ada, "expires_at", all_but_an_hour)
        .await?;
    let response = service.refresh(&ada.refresh_token).await?;
    let remaining = response.json()["refresh_expires_in"].as_i64();
    assert!(
        remaining.is_some_and(|seconds| (3500..=3600).contains(&seconds)),
        "{response}"
    );
    let next = service.refresh(&response.member("refresh_token")).await?;
    next.assert_status(200);
    assert!(next.json()["refresh_expires_in"].as_i64() <= remaining);
    Ok(())
}

#[tokio::test]
async fn a_refresh_may_request_fewer_scopes_and_an_invalid_scope_rotates_nothing()
-> anyhow::Result<()> {
    let scopes = r#"{"*":[],"user":["read","write"]}"#;
    let service = Service::shared_with(&[("RoleScopes", scopes)]).await?;
    let ada = service.logged_in("ada").await?;
    let ask = |scope: &str| json!({ "refresh_token": ada.refresh_token, "scope": scope });
    for more in ["read admin", "admin", "re\"ad"] {
        let response = service.post("/refresh", &ask(more)).await?;
        response.assert_oauth_error(400, "invalid_scope");
    }
    // None of the three rotated the session: outside the window this would be a replay.
    let tables = Tables::of(&service);
    tables.age_sessions(&ada, "rotated_at", 3600).await?;
    let fewer = service.post("/refresh", &ask("read")).await?;
    fewer.assert_status(200);
    assert_eq!(fewer.member("scope"), "read");
    let whole = service.refresh(&fewer.member("refresh_token")).await?;
    assert_eq!(whole.member("scope"), "read write");
    // A parameter without a value counts as omitted.
    let token = whole.member("refresh_token");
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str()),
        ("scope", ""),
    ];
    let empty = service.post_form("/refresh", &form).await?;
    assert_eq!(empty.member("scope"), "read write");
    Ok(())
}

#[tokio::test]
async fn a_disabled_account_cannot_refresh() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let tables = Tables::of(&service);
    tables.set_user(&ada, "status", text("disabled")).await?;
    ada.cannot_refresh(&service).await?;
    // Refusing was enough: nothing was written that an operator could not undo.
    tables.set_user(&ada, "status", text("active")).await?;
    ada.refreshes(&service).await?;
    Ok(())
}
