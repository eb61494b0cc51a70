use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::failure::Failure;
use gatehouse_auth::id::{Jti, SessionId, SubjectId};
use gatehouse_store::{Revoked, StoreError, TokenIds};
use gatehouse_testing::{NOW, at};

use crate::tables::Tables;

fn ids() -> (Jti, SessionId, SubjectId) {
    (
        Jti::from_bytes([1; 16]),
        SessionId::from_bytes([2; 16]),
        SubjectId::from_bytes([3; 16]),
    )
}

#[tokio::test]
async fn a_token_without_a_revocation_is_not_revoked() {
    let tables = Tables::start().await;
    let (jti, sid, sub) = ids();
    let found = tables.revocations.check(&jti, &sid, &sub, 0).await.unwrap();
    assert_eq!(found, None);
    assert_eq!(tables.calls(), ["BatchGetItem"]);
}

#[tokio::test]
async fn a_token_can_be_revoked_by_its_own_id() {
    let tables = Tables::start().await;
    let (jti, sid, sub) = ids();
    tables
        .revocations
        .revoke_jti(&jti, NOW, "revoked")
        .await
        .unwrap();
    assert_eq!(tables.calls(), ["PutItem"]);

    let check = tables.revocations.check(&jti, &sid, &sub, 0).await.unwrap();
    assert_eq!(check, Some(Revoked::Token));
    let other = Jti::from_bytes([9; 16]);
    let check = tables
        .revocations
        .check(&other, &sid, &sub, 0)
        .await
        .unwrap();
    assert_eq!(check, None);
}

#[tokio::test]
async fn revoking_twice_keeps_the_first_revocation() {
    let tables = Tables::start().await;
    let (jti, ..) = ids();
    tables
        .revocations
        .revoke_jti(&jti, NOW, "first")
        .await
        .unwrap();
    tables
        .revocations
        .revoke_jti(&jti, at(60), "second")
        .await
        .unwrap();
    let item = tables
        .item("RevocationsTable", "pk", &format!("jti#{jti}"))
        .await
        .unwrap();
    assert_eq!(item["reason"], AttributeValue::S("first".into()));
}

#[tokio::test]
async fn a_revocation_lasts_3960_seconds() {
    let tables = Tables::start().await;
    let (jti, ..) = ids();
    tables
        .revocations
        .revoke_jti(&jti, NOW, "revoked")
        .await
        .unwrap();
    let item = tables
        .item("RevocationsTable", "pk", &format!("jti#{jti}"))
        .await
        .unwrap();
    let end = at(3_600 + 60 + 300).unix().to_string();
    assert_eq!(item["expires_at"], AttributeValue::N(end));
}

#[tokio::test]
async fn a_subject_is_revoked_below_its_lowest_version() {
    let tables = Tables::start().await;
    let (jti, sid, sub) = ids();
    let key = format!("sub#{sub}");
    put(&tables, &key, Some("7")).await;
    let check = async |ver| {
        tables
            .revocations
            .check(&jti, &sid, &sub, ver)
            .await
            .unwrap()
    };
    assert_eq!(check(6).await, Some(Revoked::Subject));
    assert_eq!(check(7).await, None);
    assert_eq!(check(8).await, None);
}

#[tokio::test]
async fn an_expired_revocation_still_applies() {
    let tables = Tables::start().await;
    let (jti, sid, sub) = ids();
    let key = format!("sid#{sid}");
    put(&tables, &key, None).await;
    let long_ago = AttributeValue::N("1".into());
    tables
        .set("RevocationsTable", ("pk", &key), "expires_at", long_ago)
        .await;
    let check = tables.revocations.check(&jti, &sid, &sub, 0).await.unwrap();
    assert_eq!(check, Some(Revoked::Session));
}

#[tokio::test]
async fn a_corrupt_revocation_is_an_error() {
    let tables = Tables::start().await;
    let (jti, sid, sub) = ids();
    let key = format!("sub#{sub}");
    let text = || AttributeValue::S("soon".into());
    for (attribute, value) in [("min_ver", text()), ("expires_at", text())] {
        put(&tables, &key, Some("1")).await;
        tables
            .set("RevocationsTable", ("pk", &key), attribute, value)
            .await;
        let error = tables
            .revocations
            .check(&jti, &sid, &sub, 5)
            .await
            .unwrap_err();
        assert!(!error.is_transient());
        let expected = format!(
            "item `{key}` of table `gatehouse-local-revocations` is corrupt at `{attribute}`"
        );
        assert_eq!(error.to_string(), expected);
    }
    for attribute in ["min_ver", "reason", "revoked_at"] {
        put(&tables, &key, Some("1")).await;
        tables
            .remove("RevocationsTable", ("pk", &key), attribute)
            .await;
        let error = tables
            .revocations
            .check(&jti, &sid, &sub, 5)
            .await
            .unwrap_err();
        assert!(
            matches!(&error, StoreError::Corrupt { attribute: named, .. } if named == attribute),
            "{error}"
        );
    }
}

#[tokio::test]
async fn warming_up_makes_only_the_call_that_the_authorizer_is_allowed() {
    let tables = Tables::start().await;
    tables.revocations.warm_up().await;
    assert_eq!(tables.calls(), ["BatchGetItem"]);
    tables.users.warm_up().await;
    assert_eq!(tables.calls(), ["GetItem"]);
}

async fn put(tables: &Tables, key: &str, min_ver: Option<&str>) {
    let number = |value: &str| AttributeValue::N(value.into());
    let put = tables
        .client
        .put_item()
        .table_name(tables.name("RevocationsTable"))
        .item("pk", AttributeValue::S(key.into()))
        .item("reason", AttributeValue::S("test".into()))
        .item("revoked_at", number("1"))
        .item("expires_at", number("2"));
    let put = match min_ver {
        Some(min_ver) => put.item("min_ver", number(min_ver)),
        None => put,
    };
    put.send().await.unwrap();
}

#[tokio::test]
async fn two_tokens_are_looked_up_in_one_call_even_if_they_share_a_session() {
    let tables = Tables::start().await;
    let (jti, sid, sub) = ids();
    let other = Jti::from_bytes([9; 16]);
    tables
        .revocations
        .revoke_jti(&other, NOW, "x")
        .await
        .unwrap();
    tables.calls();
    let token = |jti| TokenIds {
        jti,
        sid: &sid,
        sub: &sub,
        ver: 0,
    };
    for (tokens, revoked) in [
        ([token(&jti), token(&other)], [None, Some(Revoked::Token)]),
        ([token(&other), token(&jti)], [Some(Revoked::Token), None]),
        ([token(&jti), token(&jti)], [None, None]),
    ] {
        let found = tables.revocations.check_each(tokens).await.unwrap();
        assert_eq!(found, revoked);
        assert_eq!(tables.calls(), ["BatchGetItem"]);
    }
}
