//! `POST /logout`.

use gatehouse_tests::{Person, Service};
use serde_json::json;

#[tokio::test]
async fn after_a_logout_the_token_is_refused_at_the_next_request() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    assert_eq!(
        service
            .get_as(&person.access_token, "/protected")
            .await?
            .status,
        200
    );
    let answer = service
        .send(
            service
                .request(reqwest::Method::POST, "/logout")
                .bearer_auth(&person.access_token),
        )
        .await?;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    let refused = service.get_as(&person.access_token, "/protected").await?;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (403, "Forbidden")
    );
    assert_eq!(
        service.refresh(&person.refresh_token).await?.code(),
        "invalid_grant"
    );
    Ok(())
}

#[tokio::test]
async fn a_local_logout_leaves_other_sessions_alone() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let here = Person::join(&service).await?;
    let mut there = here.clone();
    there.log_in(&service).await?;
    let answer = service
        .post_as(&here.access_token, "/logout", &json!({ "scope": "local" }))
        .await?;
    assert_eq!(answer.status, 204);
    assert_eq!(
        service
            .get_as(&there.access_token, "/protected")
            .await?
            .status,
        200
    );
    assert_eq!(service.refresh(&there.refresh_token).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn others_ends_every_session_but_this_one() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let here = Person::join(&service).await?;
    let mut there = here.clone();
    there.log_in(&service).await?;
    let answer = service
        .post_as(&here.access_token, "/logout", &json!({ "scope": "others" }))
        .await?;
    assert_eq!(answer.status, 204, "{answer:?}");
    assert_eq!(
        service
            .get_as(&there.access_token, "/protected")
            .await?
            .status,
        403
    );
    assert_eq!(
        service.refresh(&there.refresh_token).await?.code(),
        "invalid_grant"
    );
    assert_eq!(
        service
            .get_as(&here.access_token, "/protected")
            .await?
            .status,
        403,
        "its version is an older one"
    );
    let next = service.refresh(&here.refresh_token).await?;
    assert_eq!(next.status, 200, "{next:?}");
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
async fn global_ends_every_session() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let here = Person::join(&service).await?;
    let mut there = here.clone();
    there.log_in(&service).await?;
    let answer = service
        .post_as(&here.access_token, "/logout", &json!({ "scope": "global" }))
        .await?;
    assert_eq!(answer.status, 204, "{answer:?}");
    for person in [&here, &there] {
        assert_eq!(
            service
                .get_as(&person.access_token, "/protected")
                .await?
                .status,
            403
        );
        assert_eq!(
            service.refresh(&person.refresh_token).await?.code(),
            "invalid_grant"
        );
    }
    there.log_in(&service).await?;
    assert_eq!(
        service
            .get_as(&there.access_token, "/protected")
            .await?
            .status,
        200
    );
    Ok(())
}

#[tokio::test]
async fn a_scope_that_is_none_is_named() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    for odd in [json!({ "scope": "everything" }), json!({ "scope": 7 })] {
        let answer = service
            .post_as(&person.access_token, "/logout", &odd)
            .await?;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (422, "validation_failed"),
            "{odd}"
        );
        assert_eq!(answer.json()["errors"][0]["field"], "scope");
    }
    assert_eq!(
        service
            .get_as(&person.access_token, "/protected")
            .await?
            .status,
        200
    );
    Ok(())
}
