//! `/admin/users`: what an administrator does with accounts.

use gatehouse_tests::power::administrator;
use gatehouse_tests::{Answer, Person, Service};
use reqwest::Method;
use serde_json::{Value, json};

async fn patch(
    service: &Service,
    admin: &Person,
    target: &Person,
    body: &Value,
) -> anyhow::Result<Answer> {
    let path = format!("/admin/users/{}", target.id);
    let token = &admin.access_token;
    service.call_as(token, Method::PATCH, &path, body).await
}

#[tokio::test]
async fn a_user_is_shown_as_they_see_themselves() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    let person = Person::join(&service).await?;
    let path = format!("/admin/users/{}", person.id);
    let shown = service.get_as(&admin.access_token, &path).await?;
    assert_eq!(shown.status, 200);
    let own = service.get_as(&person.access_token, "/me").await?;
    assert_eq!(shown.json(), own.json());
    Ok(())
}

#[tokio::test]
async fn a_demoted_administrator_is_refused_at_the_next_request() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    let other = administrator(&service).await?;
    let seen = service.get_as(&other.access_token, "/admin/users").await?;
    assert_eq!(seen.status, 200);
    let answer = patch(&service, &admin, &other, &json!({ "roles": ["user"] })).await?;
    assert_eq!(
        (answer.status, &answer.json()["roles"]),
        (200, &json!(["user"]))
    );
    let refused = service.get_as(&other.access_token, "/admin/users").await?;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (403, "Forbidden")
    );
    let next = service.refresh(&other.refresh_token).await?;
    assert_eq!(next.status, 200, "a change of roles keeps the session");
    assert_eq!(next.member("scope"), "profile");
    let refused = service
        .get_as(&next.member("access_token"), "/admin/users")
        .await?;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (403, "insufficient_scope")
    );
    Ok(())
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once_and_comes_back_by_a_login() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    let mut person = Person::join(&service).await?;
    let answer = patch(&service, &admin, &person, &json!({ "status": "disabled" })).await?;
    assert_eq!(
        (answer.status, answer.member("status").as_str()),
        (200, "disabled")
    );
    assert_eq!(
        service.get_as(&person.access_token, "/me").await?.status,
        403
    );
    let refused = service.refresh(&person.refresh_token).await?;
    assert_eq!(refused.code(), "invalid_grant");
    assert!(person.log_in(&service).await.is_err());
    let answer = patch(&service, &admin, &person, &json!({ "status": "active" })).await?;
    assert_eq!(
        (answer.status, answer.member("status").as_str()),
        (200, "active")
    );
    let refused = service.refresh(&person.refresh_token).await?;
    assert_eq!(
        refused.code(),
        "invalid_grant",
        "the old session stays ended"
    );
    person.log_in(&service).await?;
    assert_eq!(
        service.get_as(&person.access_token, "/me").await?.status,
        200
    );
    Ok(())
}

#[tokio::test]
async fn ending_somebodys_sessions_leaves_the_account_alone() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    let mut person = Person::join(&service).await?;
    let path = format!("/admin/users/{}/revoke-sessions", person.id);
    let answer = service
        .post_as(&admin.access_token, &path, &json!({}))
        .await?;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(
        service.get_as(&person.access_token, "/me").await?.status,
        403
    );
    let refused = service.refresh(&person.refresh_token).await?;
    assert_eq!(refused.code(), "invalid_grant");
    person.log_in(&service).await?;
    assert_eq!(
        service.get_as(&person.access_token, "/me").await?.status,
        200
    );
    assert_eq!(
        service.get_as(&admin.access_token, "/me").await?.status,
        200
    );
    Ok(())
}

#[tokio::test]
async fn a_change_that_changes_nothing_ends_nothing() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    let person = Person::join(&service).await?;
    for same in [
        json!({}),
        json!({ "roles": ["user"] }),
        json!({ "status": "active" }),
    ] {
        assert_eq!(
            patch(&service, &admin, &person, &same).await?.status,
            200,
            "{same}"
        );
    }
    assert_eq!(
        service.get_as(&person.access_token, "/me").await?.status,
        200
    );
    Ok(())
}

#[tokio::test]
async fn odd_roles_and_states_are_named_and_change_nothing() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    let person = Person::join(&service).await?;
    let many: Vec<String> = (0..33).map(|number| format!("r{number}")).collect();
    for (odd, field) in [
        (json!({ "roles": "admin" }), "roles"),
        (json!({ "roles": ["Admin"] }), "roles"),
        (json!({ "roles": [""] }), "roles"),
        (json!({ "roles": [7] }), "roles"),
        (json!({ "roles": many }), "roles"),
        (json!({ "status": "asleep", "roles": ["admin"] }), "status"),
        (json!({ "status": true }), "status"),
        (json!({ "status": "active", "password": "x" }), "password"),
        (json!({ "role": ["admin"] }), "role"),
        (json!({ "Roles": ["admin"] }), "Roles"),
        (json!({ "token_version": 9 }), "token_version"),
        (json!({ "": null }), ""),
    ] {
        let answer = patch(&service, &admin, &person, &odd).await?;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (422, "validation_failed"),
            "{odd}"
        );
        assert_eq!(answer.json()["errors"][0]["field"], field, "{odd}");
    }
    let own = service.get_as(&person.access_token, "/me").await?;
    assert_eq!(own.json()["roles"], json!(["user"]));
    Ok(())
}

#[tokio::test]
async fn who_is_not_there_is_404() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    for id in ["AAAAAAAAAAAAAAAAAAAAAA", "x", "%20", "%ff", "meta%23admins"] {
        for (method, path) in [
            (Method::GET, format!("/admin/users/{id}")),
            (Method::PATCH, format!("/admin/users/{id}")),
            (Method::DELETE, format!("/admin/users/{id}")),
            (Method::POST, format!("/admin/users/{id}/revoke-sessions")),
        ] {
            let body = if method == Method::PATCH {
                json!({ "roles": ["user"] })
            } else {
                json!({})
            };
            let token = &admin.access_token;
            let answer = service.call_as(token, method.clone(), &path, &body).await?;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (404, "not_found"),
                "{method} {path}"
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_change_is_an_audit_event_with_who_and_whom() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let admin = administrator(&service).await?;
    let person = Person::join(&service).await?;
    patch(
        &service,
        &admin,
        &person,
        &json!({ "roles": ["editor", "user"] }),
    )
    .await?;
    patch(&service, &admin, &person, &json!({ "status": "disabled" })).await?;
    patch(&service, &admin, &person, &json!({ "status": "active" })).await?;
    let path = format!("/admin/users/{}", person.id);
    let token = &admin.access_token;
    let sessions = format!("{path}/revoke-sessions");
    service.post_as(token, &sessions, &json!({})).await?;
    service
        .call_as(token, Method::DELETE, &path, &json!({}))
        .await?;
    let outsider = Person::join(&service).await?;
    service
        .get_as(&outsider.access_token, "/admin/users")
        .await?;

    let lines = service.logs().await?;
    let lines: Vec<Value> = lines
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    for (event, sub, actor) in [
        ("role_changed", &person.id, Some(&admin.id)),
        ("user_disabled", &person.id, Some(&admin.id)),
        ("user_enabled", &person.id, Some(&admin.id)),
        ("session_revoked", &person.id, Some(&admin.id)),
        ("user_deleted", &person.id, Some(&admin.id)),
        ("authorization_denied", &outsider.id, None),
    ] {
        let found: Vec<&Value> = lines
            .iter()
            .filter(|line| line["event"] == event && line["sub"] == **sub)
            .collect();
        assert_eq!(found.len(), 1, "{event}: {found:?}");
        let line = found[0];
        assert_eq!(line["actor"].as_str(), actor.map(String::as_str), "{event}");
        assert!(line["ip"].is_string(), "{event}");
        assert!(line["request_id"].is_string(), "{event}");
    }
    Ok(())
}
