//! `POST /refresh`.

use gatehouse_tests::tables::Tables;
use gatehouse_tests::{Person, Service};
use serde_json::json;

#[tokio::test]
async fn login_refresh_refresh_gives_new_tokens_each_time() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let first = service.refresh(&person.refresh_token).await?;
    assert_eq!(first.status, 200, "{first:?}");
    let second = service.refresh(&first.member("refresh_token")).await?;
    assert_eq!(second.status, 200, "{second:?}");
    let tokens = [
        &person.refresh_token,
        &first.member("refresh_token"),
        &second.member("refresh_token"),
    ];
    assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2] && tokens[0] != tokens[2]);
    for token in [
        &person.access_token,
        &first.member("access_token"),
        &second.member("access_token"),
    ] {
        assert_eq!(service.get_as(token, "/protected").await?.status, 200);
    }
    Ok(())
}

#[tokio::test]
async fn a_refresh_as_a_form_needs_its_grant_type() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let token = person.refresh_token.as_str();
    let without = service
        .post_form("/refresh", &[("refresh_token", token)])
        .await?;
    assert_eq!(
        (without.status, without.code().as_str()),
        (400, "invalid_request")
    );
    let other = [("grant_type", "password"), ("refresh_token", token)];
    let other = service.post_form("/refresh", &other).await?;
    assert_eq!(
        (other.status, other.code().as_str()),
        (400, "unsupported_grant_type")
    );
    let right = [("grant_type", "refresh_token"), ("refresh_token", token)];
    assert_eq!(service.post_form("/refresh", &right).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn who_lost_the_answer_gets_the_same_successor_inside_the_window() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let lost = service.refresh(&person.refresh_token).await?;
    let again = service.refresh(&person.refresh_token).await?;
    assert_eq!((lost.status, again.status), (200, 200));
    assert_eq!(lost.member("refresh_token"), again.member("refresh_token"));
    assert_ne!(lost.member("access_token"), again.member("access_token"));
    assert_eq!(
        service
            .refresh(&again.member("refresh_token"))
            .await?
            .status,
        200
    );
    Ok(())
}

#[tokio::test]
async fn a_replayed_refresh_token_outside_the_window_ends_the_session() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let successor = service.refresh(&person.refresh_token).await?;
    age(&service, &person, "rotated_at", 11).await?;
    let replay = service.refresh(&person.refresh_token).await?;
    assert_eq!(
        (replay.status, replay.code().as_str()),
        (400, "invalid_grant")
    );
    let thief_or_owner = service.refresh(&successor.member("refresh_token")).await?;
    assert_eq!(
        (thief_or_owner.status, thief_or_owner.code().as_str()),
        (400, "invalid_grant")
    );
    let access = service
        .get_as(&successor.member("access_token"), "/protected")
        .await?;
    assert_eq!(access.status, 403, "the access token of a replayed session");
    let logged = service.logs().await?;
    let told = logged.iter().filter(|line| {
        line.contains(r#""event":"refresh_reuse_detected""#) && line.contains(&person.id)
    });
    assert_eq!(told.count(), 1);
    Ok(())
}

#[tokio::test]
async fn two_generations_old_ends_the_session_even_inside_the_window() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let first = service.refresh(&person.refresh_token).await?;
    let second = service.refresh(&first.member("refresh_token")).await?;
    assert_eq!(second.status, 200);
    assert_eq!(
        service.refresh(&person.refresh_token).await?.code(),
        "invalid_grant"
    );
    assert_eq!(
        service
            .refresh(&second.member("refresh_token"))
            .await?
            .code(),
        "invalid_grant"
    );
    Ok(())
}

#[tokio::test]
async fn a_forged_token_on_a_real_session_is_refused_and_ends_nothing() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let token = &person.refresh_token;
    for position in [6, 20, 40, 60, 80, 100, 108] {
        let mut forged = token.clone().into_bytes();
        forged[position] = if forged[position] == b'A' { b'B' } else { b'A' };
        let answer = service.refresh(&String::from_utf8(forged)?).await?;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_grant"),
            "byte {position}"
        );
    }
    assert_eq!(service.refresh(token).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_token_of_an_unknown_mac_key_is_refused_or_put_off_and_ends_nothing() -> anyhow::Result<()>
{
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    // Characters 8 to 17 are the key's id, which anybody can change.
    let forged = format!(
        "{}AAAA{}",
        &person.refresh_token[..10],
        &person.refresh_token[14..]
    );
    let answer = service.refresh(&forged).await?;
    let put_off = (503, "temporarily_unavailable".to_owned());
    let refused = (400, "invalid_grant".to_owned());
    let got = (answer.status, answer.code());
    assert!(got == put_off || got == refused, "{answer:?}");
    assert_eq!(service.refresh(&person.refresh_token).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_replay_is_one_whatever_scope_it_asks_for() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let successor = service.refresh(&person.refresh_token).await?;
    age(&service, &person, "rotated_at", 11).await?;
    let body = json!({ "refresh_token": person.refresh_token, "scope": "more" });
    let replay = service.post("/refresh", &body).await?;
    assert_eq!(
        (replay.status, replay.code().as_str()),
        (400, "invalid_grant")
    );
    let ended = service.refresh(&successor.member("refresh_token")).await?;
    assert_eq!(ended.code(), "invalid_grant");
    Ok(())
}

#[tokio::test]
async fn things_that_are_no_refresh_token_are_refused() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let long = "x".repeat(9000);
    for odd in [
        "x",
        "gh_rt_",
        "gh_rt_\u{e9}",
        person.access_token.as_str(),
        &long,
        "\0",
    ] {
        let answer = service.refresh(odd).await?;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_grant"),
            "{odd:?}"
        );
    }
    for body in [
        json!({}),
        json!({ "refresh_token": null }),
        json!({ "refresh_token": 7 }),
    ] {
        let answer = service.post("/refresh", &body).await?;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_request"),
            "{body}"
        );
        assert!(
            answer.member("error_description").contains("refresh_token"),
            "{answer:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn an_idle_or_an_old_session_ends_by_its_stored_times() -> anyhow::Result<()> {
    for attribute in ["idle_expires_at", "expires_at"] {
        let service = Service::start().await?;
        let person = Person::join(&service).await?;
        age(&service, &person, attribute, 31 * 24 * 3600).await?;
        let answer = service.refresh(&person.refresh_token).await?;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_grant"),
            "{attribute}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_refresh_never_outlives_the_absolute_limit() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    age(&service, &person, "expires_at", 30 * 24 * 3600 - 3600).await?;
    let answer = service.refresh(&person.refresh_token).await?;
    let remaining = answer.json()["refresh_expires_in"]
        .as_i64()
        .unwrap_or_default();
    assert!((3500..=3600).contains(&remaining), "{remaining}");
    let next = service.refresh(&answer.member("refresh_token")).await?;
    assert!(next.json()["refresh_expires_in"].as_i64() <= Some(remaining));
    Ok(())
}

#[tokio::test]
async fn a_refresh_may_ask_for_fewer_scopes_and_an_odd_one_costs_nothing() -> anyhow::Result<()> {
    let service = Service::start_with(|options| {
        options
            .parameters
            .insert("RoleScopes".into(), r#"{"user":["read","write"]}"#.into());
    })
    .await?;
    let person = Person::join(&service).await?;
    let ask = |scope: &str| json!({ "refresh_token": person.refresh_token, "scope": scope });
    for more in ["read admin", "admin", "re\"ad"] {
        let answer = service.post("/refresh", &ask(more)).await?;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_scope"),
            "{more}"
        );
    }
    // Nothing was rotated by the three: outside the window this would be a replay.
    age(&service, &person, "rotated_at", 3600).await?;
    let fewer = service.post("/refresh", &ask("read")).await?;
    assert_eq!(
        (fewer.status, fewer.member("scope").as_str()),
        (200, "read")
    );
    let whole = service.refresh(&fewer.member("refresh_token")).await?;
    assert_eq!(whole.member("scope"), "read write");
    Ok(())
}

#[tokio::test]
async fn a_disabled_account_refreshes_no_more() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let status = aws_sdk_dynamodb::types::AttributeValue::S("disabled".into());
    let key = format!("user#{}", person.id);
    Tables::of(&service)
        .set("UsersTable", ("pk", &key), "status", status)
        .await?;
    let answer = service.refresh(&person.refresh_token).await?;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "invalid_grant")
    );
    Ok(())
}

/// Makes a stored time of every session of a person so many seconds older.
async fn age(
    service: &Service,
    person: &Person,
    attribute: &str,
    seconds: i64,
) -> anyhow::Result<()> {
    let tables = Tables::of(service);
    let mut sessions = tables.scan("SessionsTable").await?;
    sessions.retain(|session| session["sub"].as_s() == Ok(&person.id));
    for session in sessions {
        let sid = session["sid"].as_s().cloned().unwrap_or_default();
        let stored: i64 = session[attribute]
            .as_n()
            .cloned()
            .unwrap_or_default()
            .parse()?;
        tables
            .set_number("SessionsTable", ("sid", &sid), attribute, stored - seconds)
            .await?;
    }
    Ok(())
}
