//! `GET /me`, `/sessions`: what a person sees and ends of their own.

use gatehouse_tests::tables::Tables;
use gatehouse_tests::{Person, Service};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_person_sees_their_account_without_secrets() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let answer = service.get_as(&person.access_token, "/me").await?;
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut body = answer.json();
    for name in ["created_at", "updated_at", "password_changed_at"] {
        let time = body[name].take();
        assert!(
            time.as_str().is_some_and(|time| time.ends_with('Z')),
            "{time}"
        );
    }
    assert_eq!(
        body,
        json!({
            "id": person.id,
            "username": person.username,
            "roles": ["user"],
            "status": "active",
            "created_at": null,
            "updated_at": null,
            "password_changed_at": null,
        })
    );
    Ok(())
}

#[tokio::test]
async fn the_list_of_sessions_is_of_those_that_live() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let here = Person::join(&service).await?;
    let (mut ended, mut over, mut idle, mut there) =
        (here.clone(), here.clone(), here.clone(), here.clone());
    for person in [&mut ended, &mut over, &mut idle, &mut there] {
        person.log_in(&service).await?;
    }
    service
        .post_as(&ended.access_token, "/logout", &json!({}))
        .await?;
    let tables = Tables::of(&service);
    for (person, attribute) in [(&over, "expires_at"), (&idle, "idle_expires_at")] {
        let key = ("sid", person.session());
        tables
            .set_number("SessionsTable", (key.0, &key.1), attribute, 1)
            .await?;
    }
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
        let ip = item["ip"].as_str().map(str::parse::<std::net::IpAddr>);
        assert!(matches!(ip, Some(Ok(_))), "{item}");
        let names: Vec<&String> = item
            .as_object()
            .into_iter()
            .flat_map(|item| item.keys())
            .collect();
        let expected = [
            "created_at",
            "current",
            "expires_at",
            "id",
            "ip",
            "last_used_at",
            "user_agent",
        ];
        assert_eq!(names, expected);
    }
    Ok(())
}

#[tokio::test]
async fn a_session_is_ended_from_another_and_its_tokens_with_it() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let here = Person::join(&service).await?;
    let mut there = here.clone();
    there.log_in(&service).await?;
    let path = format!("/sessions/{}", there.session());
    for _ in 0..2 {
        let answer = delete(&service, &here, &path).await?;
        assert_eq!(answer, (204, String::new()), "again is no error");
    }
    let refused = service.get_as(&there.access_token, "/me").await?;
    assert_eq!(refused.status, 403);
    let refused = service.refresh(&there.refresh_token).await?;
    assert_eq!(refused.code(), "invalid_grant");
    assert_eq!(list(&service, &here).await?.len(), 1);
    assert_eq!(service.refresh(&here.refresh_token).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_session_that_is_nobodys_or_somebody_elses_is_404() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let other = Person::join(&service).await?;
    let tried = [
        other.session(),
        "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        "x".to_owned(),
        "x".repeat(300),
        "%20".to_owned(),
        "%ff".to_owned(),
    ];
    for id in &tried {
        let answer = delete(&service, &person, &format!("/sessions/{id}")).await?;
        assert_eq!(answer, (404, "not_found".to_owned()), "{id}");
    }
    assert_eq!(service.refresh(&other.refresh_token).await?.status, 200);
    for revocation in Tables::of(&service).scan("RevocationsTable").await? {
        let key = revocation["pk"].as_s().cloned().unwrap_or_default();
        assert!(!tried.iter().any(|id| key == format!("sid#{id}")), "{key}");
    }
    Ok(())
}

async fn list(service: &Service, person: &Person) -> anyhow::Result<Vec<Value>> {
    let answer = service.get_as(&person.access_token, "/sessions").await?;
    assert_eq!(answer.status, 200, "{answer:?}");
    let items = answer.json()["items"].as_array().cloned();
    Ok(items.unwrap_or_default())
}

async fn delete(service: &Service, as_: &Person, path: &str) -> anyhow::Result<(u16, String)> {
    let request = service.request(Method::DELETE, path);
    let answer = service.send(request.bearer_auth(&as_.access_token)).await?;
    Ok((answer.status, answer.code()))
}
