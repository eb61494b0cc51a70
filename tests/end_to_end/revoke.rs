//! `POST /revoke` (RFC 7009).

use gatehouse_tests::{Person, Service};
use serde_json::json;

#[tokio::test]
async fn a_revoked_refresh_token_ends_its_session() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let answer = service
        .post_form("/revoke", &[("token", &person.refresh_token)])
        .await?;
    assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        service.refresh(&person.refresh_token).await?.code(),
        "invalid_grant"
    );
    assert_eq!(
        service
            .get_as(&person.access_token, "/protected")
            .await?
            .status,
        403
    );
    Ok(())
}

#[tokio::test]
async fn a_revoked_access_token_is_refused_and_its_session_lives_on() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let body = json!({ "token": person.access_token, "token_type_hint": "access_token" });
    assert_eq!(service.post("/revoke", &body).await?.status, 200);
    assert_eq!(
        service
            .get_as(&person.access_token, "/protected")
            .await?
            .status,
        403
    );
    let next = service.refresh(&person.refresh_token).await?;
    assert_eq!(next.status, 200);
    assert_eq!(
        service
            .get_as(&next.member("access_token"), "/protected")
            .await?
            .status,
        200
    );
    Ok(())
}

#[tokio::test]
async fn a_wrong_hint_does_not_matter() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let form = [
        ("token", person.refresh_token.as_str()),
        ("token_type_hint", "access_token"),
    ];
    assert_eq!(service.post_form("/revoke", &form).await?.status, 200);
    assert_eq!(
        service.refresh(&person.refresh_token).await?.code(),
        "invalid_grant"
    );
    Ok(())
}

#[tokio::test]
async fn a_token_that_is_none_is_answered_as_if_it_were() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let forged = format!("gh_rt_{}", "A".repeat(103));
    for odd in ["x", "a.b.c", forged.as_str()] {
        assert_eq!(
            service
                .post_form("/revoke", &[("token", odd)])
                .await?
                .status,
            200,
            "{odd}"
        );
    }
    let none = service.post_form("/revoke", &[]).await?;
    assert_eq!(
        (none.status, none.code().as_str()),
        (400, "invalid_request")
    );
    Ok(())
}
