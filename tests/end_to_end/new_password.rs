//! `PUT /me/password` and `POST /password/reset`.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use gatehouse_tests::power::recover;
use gatehouse_tests::{Answer, Person, Service};
use reqwest::Method;
use serde_json::{Value, json};

const NEW: &str = "another winding passphrase of mine";

async fn change(
    service: &Service,
    person: &Person,
    current: &str,
    new: &str,
) -> anyhow::Result<Answer> {
    let body = json!({ "current_password": current, "new_password": new });
    let (token, path) = (&person.access_token, "/me/password");
    service.call_as(token, Method::PUT, path, &body).await
}

async fn reset(service: &Service, code: &str, new: &str) -> anyhow::Result<Answer> {
    let body = json!({ "code": code, "new_password": new });
    service.post("/password/reset", &body).await
}

async fn login(service: &Service, person: &Person, password: &str) -> anyhow::Result<u16> {
    let body = json!({ "username": person.username, "password": password });
    Ok(service.post("/login", &body).await?.status)
}

/// Every session of before has ended, access and refresh tokens alike.
async fn all_have_ended(service: &Service, sessions: &[&Person]) -> anyhow::Result<()> {
    for person in sessions {
        let refused = service.get_as(&person.access_token, "/me").await?;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (403, "Forbidden")
        );
        let refused = service.refresh(&person.refresh_token).await?;
        assert_eq!(refused.code(), "invalid_grant");
    }
    Ok(())
}

#[tokio::test]
async fn a_new_password_ends_every_session_this_one_too() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let here = Person::join(&service).await?;
    let mut there = here.clone();
    there.log_in(&service).await?;
    let answer = change(&service, &here, &here.password, NEW).await?;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (204, ""),
        "{answer:?}"
    );
    all_have_ended(&service, &[&here, &there]).await?;
    assert_eq!(login(&service, &here, &here.password).await?, 401);
    assert_eq!(login(&service, &here, NEW).await?, 200);
    Ok(())
}

#[tokio::test]
async fn a_wrong_current_password_changes_nothing() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let too_long = "x".repeat(1100);
    for wrong in ["another long and winding one", "", too_long.as_str()] {
        let answer = change(&service, &person, wrong, NEW).await?;
        let code = answer.code();
        assert_eq!((answer.status, code.as_str()), (401, "invalid_credentials"));
    }
    assert_eq!(login(&service, &person, &person.password).await?, 200);
    let still = service.get_as(&person.access_token, "/me").await?;
    assert_eq!(still.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_weak_new_password_is_refused_by_name() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let code = recover(&service, &person, 0).await?;
    let named = format!("{} and something", person.username);
    for weak in ["short", "passwordpassword", &named] {
        for answer in [
            change(&service, &person, &person.password, weak).await?,
            reset(&service, &code, weak).await?,
        ] {
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (422, "weak_password")
            );
            assert_eq!(answer.json()["errors"][0]["field"], "new_password");
        }
    }
    for (odd, expected) in [
        ("", "empty"),
        ("tab\tin a long passphrase", "invalid_character"),
    ] {
        for answer in [
            change(&service, &person, &person.password, odd).await?,
            reset(&service, &code, odd).await?,
        ] {
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (422, "validation_failed")
            );
            assert_eq!(answer.json()["errors"][0]["code"], expected);
        }
    }
    assert_eq!(
        reset(&service, &code, NEW).await?.status,
        204,
        "the code is not used up"
    );
    Ok(())
}

#[tokio::test]
async fn missing_members_are_named() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let (token, path) = (&person.access_token, "/me/password");
    let answer = service
        .call_as(token, Method::PUT, path, &json!({}))
        .await?;
    assert_eq!(answer.code(), "validation_failed");
    assert_eq!(fields(&answer), ["current_password", "new_password"]);
    let answer = service
        .post("/password/reset", &json!({ "code": null }))
        .await?;
    assert_eq!(fields(&answer), ["code", "new_password"]);
    Ok(())
}

fn fields(answer: &Answer) -> Vec<Value> {
    let errors = answer.json()["errors"].as_array().cloned();
    let errors = errors.unwrap_or_default().into_iter();
    errors.map(|mut error| error["field"].take()).collect()
}

#[tokio::test]
async fn a_recovery_code_sets_a_password_once_and_ends_every_session() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let code = recover(&service, &person, 0).await?;
    assert_eq!(
        login(&service, &person, &person.password).await?,
        200,
        "until it is used"
    );
    let answer = reset(&service, &code, NEW).await?;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (204, ""),
        "{answer:?}"
    );
    all_have_ended(&service, &[&person]).await?;
    assert_eq!(login(&service, &person, &person.password).await?, 401);
    assert_eq!(login(&service, &person, NEW).await?, 200);
    let again = reset(&service, &code, "yet another passphrase of mine").await?;
    assert_eq!((again.status, again.code().as_str()), (400, "invalid_code"));
    assert_eq!(login(&service, &person, NEW).await?, 200);
    Ok(())
}

#[tokio::test]
async fn codes_that_are_not_good_are_one_answer() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let other = Person::join(&service).await?;
    let old = recover(&service, &person, 1801).await?;
    let replaced = recover(&service, &other, 0).await?;
    let good = recover(&service, &other, 0).await?;
    let mut altered = good.clone();
    let swapped = if good.ends_with('A') { "Q" } else { "A" };
    altered.replace_range(71.., swapped);
    // The secret of one and the subject of another.
    let mixed = format!("{}{}", &old[..29], &good[29..]);
    let mut answers = BTreeMap::new();
    for (name, code) in [
        ("expired", old.as_str()),
        ("replaced", &replaced),
        ("altered", &altered),
        ("mixed", &mixed),
        ("a refresh token", &person.refresh_token),
        ("empty", ""),
        ("long", &"x".repeat(9000)),
    ] {
        let answer = reset(&service, code, NEW).await?;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_code"),
            "{name}"
        );
        let mut body = answer.json();
        (body["instance"], body["request_id"]) = (Value::Null, Value::Null);
        answers.insert(body.to_string(), name);
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(login(&service, &other, &other.password).await?, 200);
    assert_eq!(reset(&service, &good, NEW).await?.status, 204);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_uses_of_one_code_at_once_one_sets_the_password() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::register(&service).await?;
    let code = recover(&service, &person, 0).await?;
    let passwords: Vec<String> = (0..16)
        .map(|number| format!("winding passphrase number {number}"))
        .collect();
    let uses = passwords.iter().map(|new| reset(&service, &code, new));
    let mut winner = None;
    for (answer, password) in join_all(uses).await.into_iter().zip(&passwords) {
        match answer?.status {
            204 => assert!(winner.replace(password).is_none(), "two have won"),
            status => assert_eq!(status, 400),
        }
    }
    let winner = winner.expect("one has won");
    assert_eq!(login(&service, &person, winner).await?, 200);
    Ok(())
}

#[tokio::test]
async fn a_password_change_ends_a_recovery_that_was_granted() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let code = recover(&service, &person, 0).await?;
    let changed = change(&service, &person, &person.password, NEW).await?;
    assert_eq!(changed.status, 204);
    let answer = reset(&service, &code, "yet another passphrase of mine").await?;
    assert_eq!(answer.code(), "invalid_code");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_sessions_that_change_the_password_at_once_one_does() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let here = Person::join(&service).await?;
    let mut there = here.clone();
    there.log_in(&service).await?;
    let theirs = "the other winding passphrase of mine";
    let (one, two) = tokio::join!(
        change(&service, &here, &here.password, NEW),
        change(&service, &there, &here.password, theirs),
    );
    let (one, two) = (one?.status, two?.status);
    assert_eq!(one.min(two), 204, "{one} {two}");
    assert!([401, 403].contains(&one.max(two)), "{one} {two}");
    let kept = if one == 204 { NEW } else { theirs };
    assert_eq!(login(&service, &here, kept).await?, 200);
    all_have_ended(&service, &[&here, &there]).await
}
