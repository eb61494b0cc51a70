//! `/admin/users`: what an administrator does with accounts.

use gatehouse_tests::{Person, Response, Service};
use reqwest::Method;
use serde_json::{Value, json};

/// Changes a user.
async fn patch(
    service: &Service,
    admin: &Person,
    target: &Person,
    body: &Value,
) -> anyhow::Result<Response> {
    let path = format!("/admin/users/{}", target.id);
    admin.call(service, Method::PATCH, &path, body).await
}

#[tokio::test]
async fn an_administrator_sees_what_the_user_sees() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    let path = format!("/admin/users/{}", ada.id);
    let shown = admin.get(&service, &path).await?;
    shown.assert_status(200);
    let own = ada.get(&service, "/me").await?;
    assert_eq!(shown.json(), own.json());
    Ok(())
}

#[tokio::test]
async fn a_demoted_administrator_is_refused_on_the_next_request() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let other = service.administrator("ada").await?;
    other.is_let_in_at(&service, "/admin/users").await?;
    let response = patch(&service, &admin, &other, &json!({ "roles": ["user"] })).await?;
    response.assert_status(200);
    assert_eq!(response.json()["roles"], json!(["user"]));
    other.is_shut_out_at(&service, "/admin/users").await?;
    // The session continues, without the role.
    let refreshed = service.refresh(&other.refresh_token).await?;
    refreshed.assert_status(200);
    assert_eq!(refreshed.member("scope"), "profile");
    let other = other.with_tokens(&refreshed);
    other.lacks_the_role_for(&service, "/admin/users").await
}

#[tokio::test]
async fn a_disabled_user_is_shut_out_at_once_and_can_log_in_when_enabled() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let mut ada = service.logged_in("ada").await?;
    let response = patch(&service, &admin, &ada, &json!({ "status": "disabled" })).await?;
    response.assert_status(200);
    assert_eq!(response.member("status"), "disabled");
    ada.is_shut_out_at(&service, "/me").await?;
    ada.cannot_refresh(&service).await?;
    ada.cannot_log_in(&service).await?;
    let response = patch(&service, &admin, &ada, &json!({ "status": "active" })).await?;
    response.assert_status(200);
    assert_eq!(response.member("status"), "active");
    // The old session stays ended.
    ada.cannot_refresh(&service).await?;
    ada.log_in(&service).await?;
    ada.is_let_in_at(&service, "/me").await
}

#[tokio::test]
async fn revoking_a_users_sessions_leaves_the_account_usable() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let mut ada = service.logged_in("ada").await?;
    let path = format!("/admin/users/{}/revoke-sessions", ada.id);
    let response = admin.post(&service, &path, &json!({})).await?;
    response.assert_no_content();
    ada.is_shut_out_at(&service, "/me").await?;
    ada.cannot_refresh(&service).await?;
    ada.log_in(&service).await?;
    ada.is_let_in_at(&service, "/me").await?;
    admin.is_let_in_at(&service, "/me").await
}

#[tokio::test]
async fn setting_the_current_values_ends_no_session() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    for same in [
        json!({}),
        json!({ "roles": ["user"] }),
        json!({ "status": "active" }),
    ] {
        let response = patch(&service, &admin, &ada, &same).await?;
        response.assert_status(200);
    }
    ada.is_let_in_at(&service, "/me").await
}

#[tokio::test]
async fn invalid_roles_and_states_are_named_and_change_nothing() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    let many: Vec<String> = (0..33).map(|number| format!("r{number}")).collect();
    for (invalid, field) in [
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
        let response = patch(&service, &admin, &ada, &invalid).await?;
        response.assert_invalid_field(field);
    }
    let own = ada.get(&service, "/me").await?;
    assert_eq!(own.json()["roles"], json!(["user"]));
    Ok(())
}

#[tokio::test]
async fn an_unknown_user_is_404() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    for id in ["AAAAAAAAAAAAAAAAAAAAAA", "x", "%20", "%ff", "meta%23admins"] {
        let path = format!("/admin/users/{id}");
        let sessions = format!("{path}/revoke-sessions");
        for (method, path, body) in [
            (Method::GET, &path, json!({})),
            (Method::PATCH, &path, json!({ "roles": ["user"] })),
            (Method::DELETE, &path, json!({})),
            (Method::POST, &sessions, json!({})),
        ] {
            let response = admin.call(&service, method, path, &body).await?;
            response.assert_problem(404, "not_found");
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_change_is_an_audit_event_with_actor_and_subject() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let admin = service.administrator("grace").await?;
    let ada = service.logged_in("ada").await?;
    for change in [
        json!({ "roles": ["admin", "user"] }),
        json!({ "status": "disabled" }),
        json!({ "status": "active" }),
    ] {
        let response = patch(&service, &admin, &ada, &change).await?;
        response.assert_status(200);
    }
    let path = format!("/admin/users/{}", ada.id);
    let sessions = format!("{path}/revoke-sessions");
    admin.post(&service, &sessions, &json!({})).await?;
    let delete = Method::DELETE;
    admin.call(&service, delete, &path, &json!({})).await?;
    let outsider = service.logged_in("eve").await?;
    outsider.get(&service, "/admin/users").await?;

    let lines = service.logs().await?;
    let lines: Vec<Value> = lines
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    for (event, sub, actor) in [
        ("role_changed", &ada.id, Some(&admin.id)),
        ("user_disabled", &ada.id, Some(&admin.id)),
        ("user_enabled", &ada.id, Some(&admin.id)),
        ("session_revoked", &ada.id, Some(&admin.id)),
        ("user_deleted", &ada.id, Some(&admin.id)),
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
