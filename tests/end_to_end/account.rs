//! `GET /me` and `/sessions`: users see their own account and end their own sessions.

use std::net::IpAddr;

use gatehouse_tests::tables::{Tables, number};
use gatehouse_tests::{Person, Response, Service};
use reqwest::Method;
use serde_json::Value;

#[tokio::test]
async fn a_person_sees_their_account_without_secrets() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let response = ada.get(&service, "/me").await?;
    response.assert_status(200);
    let mut body = response.json();
    assert_eq!(body["id"].take(), ada.id);
    assert_eq!(body["username"].take(), ada.username);
    for name in ["created_at", "updated_at", "password_changed_at"] {
        let time = body[name].take();
        assert!(
            time.as_str().is_some_and(|time| time.ends_with('Z')),
            "{response}"
        );
    }
    insta::assert_json_snapshot!(body, @r#"
    {
      "created_at": null,
      "email_verified": false,
      "id": null,
      "password_changed_at": null,
      "roles": [
        "user"
      ],
      "status": "active",
      "updated_at": null,
      "username": null
    }
    "#);
    Ok(())
}

#[tokio::test]
async fn only_live_sessions_are_listed() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let here = service.logged_in("ada").await?;
    let ended = here.logs_in_again(&service).await?;
    ended.logs_out(&service, "local").await?;
    let tables = Tables::of(&service);
    for attribute in ["expires_at", "idle_expires_at"] {
        let expired = here.logs_in_again(&service).await?.session();
        let key = ("sid", expired.as_str());
        tables
            .set("SessionsTable", key, attribute, number(1))
            .await?;
    }
    let there = here.logs_in_again(&service).await?;
    let listed = list(&service, &here).await?;
    let mut ids: Vec<&str> = listed
        .iter()
        .filter_map(|item| item["id"].as_str())
        .collect();
    ids.sort_unstable();
    let mut live = [here.session(), there.session()];
    live.sort_unstable();
    assert_eq!(ids, live);
    for item in &listed {
        assert_eq!(item["current"], item["id"] == here.session(), "{item}");
        let ip = item["ip"].as_str().map(str::parse::<IpAddr>);
        assert!(matches!(ip, Some(Ok(_))), "{item}");
        let names = item.as_object().into_iter().flat_map(|item| item.keys());
        let expected = [
            "created_at",
            "current",
            "expires_at",
            "id",
            "ip",
            "last_used_at",
            "user_agent",
        ];
        assert_eq!(names.collect::<Vec<_>>(), expected);
    }
    Ok(())
}

#[tokio::test]
async fn a_session_and_its_tokens_can_be_ended_from_another_session() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let here = service.logged_in("ada").await?;
    let there = here.logs_in_again(&service).await?;
    // Ending it again is not an error.
    for _ in 0..2 {
        let response = end(&service, &here, &there.session()).await?;
        response.assert_no_content();
    }
    there.is_shut_out_at(&service, "/me").await?;
    there.cannot_refresh(&service).await?;
    assert_eq!(list(&service, &here).await?.len(), 1);
    here.refreshes(&service).await?;
    Ok(())
}

#[tokio::test]
async fn an_unknown_session_or_somebody_elses_is_404() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let eve = service.logged_in("eve").await?;
    let tried = [
        eve.session(),
        "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        "x".to_owned(),
        "x".repeat(300),
        "%20".to_owned(),
        "%ff".to_owned(),
    ];
    for id in &tried {
        let response = end(&service, &ada, id).await?;
        response.assert_problem(404, "not_found");
    }
    eve.refreshes(&service).await?;
    for revocation in Tables::of(&service).scan("RevocationsTable").await? {
        let key = revocation["pk"].as_s().cloned().unwrap_or_default();
        assert!(!tried.iter().any(|id| key == format!("sid#{id}")), "{key}");
    }
    Ok(())
}

/// Lists a person's own sessions.
async fn list(service: &Service, person: &Person) -> anyhow::Result<Vec<Value>> {
    let response = person.get(service, "/sessions").await?;
    response.assert_status(200);
    Ok(response.list("items"))
}

/// Ends a session by its id.
async fn end(service: &Service, by: &Person, session: &str) -> anyhow::Result<Response> {
    let request = service.request(Method::DELETE, &format!("/sessions/{session}"));
    service.send(request.bearer_auth(&by.access_token)).await
}
