use std::path::Path;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::failure::Failure;
use gatehouse_auth::key::{Algorithm, KeyRing, Kid, MacKid};
use gatehouse_store::{
    CachedKeyRing, CachedVerifyingKeys, KeyRingSource, KeyStoreError, StoreError,
};
use gatehouse_testing::{NOW, Reply, StubServer, at, connect};
use secrecy::ExposeSecret;

use crate::tables::Tables;

const MAX_AGE: Duration = Duration::from_mins(5);

fn ring() -> KeyRing {
    KeyRing::first(Algorithm::Es256, NOW).unwrap()
}

fn active_mac(ring: &KeyRing) -> MacKid {
    ring.active_mac().unwrap().id()
}

fn active_kid(ring: &KeyRing) -> Kid {
    ring.active().unwrap().kid().clone()
}

fn write(path: &Path, ring: &KeyRing) {
    std::fs::write(path, ring.to_json().expose_secret()).unwrap();
}

#[tokio::test]
async fn published_keys_are_read_back_with_their_version() {
    let tables = Tables::start().await;
    assert!(tables.keys.published().await.unwrap().is_none());
    let keys = ring().published();
    assert!(tables.keys.publish(&keys, None).await.unwrap());
    assert_eq!(tables.calls(), ["GetItem", "PutItem"]);

    let read = tables.keys.published().await.unwrap().unwrap();
    assert_eq!(read.version(), keys.version());
    assert_eq!(read.jwk_set(NOW), keys.jwk_set(NOW));
}

#[tokio::test]
async fn keys_are_published_only_in_place_of_the_expected_version() {
    let tables = Tables::start().await;
    let (first, second) = (ring().published(), ring().published());
    assert!(!tables.keys.publish(&first, Some(1)).await.unwrap());
    assert!(tables.keys.publish(&first, None).await.unwrap());
    assert!(!tables.keys.publish(&second, None).await.unwrap());
    assert!(!tables.keys.publish(&second, Some(7)).await.unwrap());
    let read = tables.keys.published().await.unwrap().unwrap();
    assert_eq!(read.jwk_set(NOW), first.jwk_set(NOW));
    assert!(
        tables
            .keys
            .publish(&second, Some(first.version()))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn corrupt_published_keys_are_an_error() {
    let tables = Tables::start().await;
    tables
        .keys
        .publish(&ring().published(), None)
        .await
        .unwrap();
    let invalid = AttributeValue::S("one".into());
    tables
        .set("SigningKeysTable", ("pk", "jwks"), "version", invalid)
        .await;
    let error = tables.keys.published().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "item `jwks` of table `gatehouse-local-signing-keys` is corrupt at `version`"
    );
}

#[tokio::test]
async fn before_the_first_keys_nothing_can_be_verified_yet() {
    let tables = Tables::start().await;
    let keys = CachedVerifyingKeys::new(tables.keys.clone(), MAX_AGE);
    let error = keys.current(NOW).await.err().unwrap();
    assert!(matches!(error, KeyStoreError::NotReady) && error.is_transient());
    tables
        .keys
        .publish(&ring().published(), None)
        .await
        .unwrap();
    assert!(keys.current(at(10)).await.is_ok());
}

#[tokio::test]
async fn published_keys_are_read_once_and_an_unknown_key_reads_them_again() {
    let tables = Tables::start().await;
    let (old, new) = (ring(), ring());
    let published = old.published();
    tables.keys.publish(&published, None).await.unwrap();
    tables.calls();
    let keys = CachedVerifyingKeys::new(tables.keys.clone(), MAX_AGE);
    for second in [0, 1, 300] {
        let current = keys.current(at(second)).await.unwrap();
        assert!(current.verifying().get(&active_kid(&old)).is_some());
        assert_eq!(current.published().version(), published.version());
    }
    assert_eq!(tables.calls(), ["GetItem"]);

    let kid = active_kid(&new);
    assert!(keys.with_kid(&kid, at(20)).await.unwrap().is_none());
    assert_eq!(tables.calls(), ["GetItem"]);
    tables
        .keys
        .publish(&new.published(), Some(published.version()))
        .await
        .unwrap();
    tables.calls();
    assert!(keys.with_kid(&kid, at(29)).await.unwrap().is_none());
    assert!(tables.calls().is_empty());
    let found = keys.with_kid(&kid, at(30)).await.unwrap().unwrap();
    assert!(found.verifying().get(&kid).is_some());
}

#[tokio::test]
async fn verifiers_work_for_an_hour_without_the_table() {
    let tables = Tables::start().await;
    let ring = ring();
    tables.keys.publish(&ring.published(), None).await.unwrap();
    let keys = CachedVerifyingKeys::new(tables.keys.clone(), MAX_AGE);
    keys.current(NOW).await.unwrap();
    tables
        .client
        .delete_table()
        .table_name(tables.name("SigningKeysTable"))
        .send()
        .await
        .unwrap();

    assert!(keys.current(at(3_600)).await.is_ok());
    let unknown = Kid::parse("unknown").unwrap();
    let held_back = keys.with_kid(&unknown, at(3_600)).await;
    assert!(matches!(held_back, Err(KeyStoreError::HeldBack)));
    let error = keys.current(at(3_611)).await.err().unwrap();
    assert!(
        matches!(error, KeyStoreError::Store(StoreError::Rejected { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_ring_is_read_from_its_file_and_reread_for_an_unknown_mac_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ring.json");
    let (old, new) = (ring(), ring());
    write(&path, &old);
    let cached = CachedKeyRing::new(KeyRingSource::File(path.clone()), MAX_AGE);
    let current = cached.current(NOW).await.unwrap();
    assert_eq!(active_kid(&current), active_kid(&old));
    assert!(
        cached
            .with_mac(&active_mac(&old), at(1))
            .await
            .unwrap()
            .is_some()
    );

    write(&path, &new);
    let mac = active_mac(&new);
    let held_back = cached.with_mac(&mac, at(9)).await.err().unwrap();
    assert!(matches!(held_back, KeyStoreError::HeldBack) && held_back.is_transient());
    assert!(cached.with_mac(&mac, at(10)).await.unwrap().is_some());
    assert!(
        cached
            .with_mac(&active_mac(&old), at(20))
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        active_kid(&cached.current(at(20)).await.unwrap()),
        active_kid(&new)
    );
}

#[tokio::test]
async fn a_ring_without_keys_is_not_ready_and_is_soon_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ring.json");
    std::fs::write(&path, r#"{"version":0}"#).unwrap();
    let cached = CachedKeyRing::new(KeyRingSource::File(path.clone()), MAX_AGE);
    let error = cached.current(NOW).await.err().unwrap();
    assert!(matches!(error, KeyStoreError::NotReady) && error.is_transient());
    write(&path, &ring());
    assert!(cached.current(at(10)).await.is_ok());
}

#[tokio::test]
async fn a_missing_or_malformed_ring_is_a_permanent_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ring.json");
    let cached = CachedKeyRing::new(KeyRingSource::File(path.clone()), MAX_AGE);
    let missing = cached.current(NOW).await.err().unwrap();
    assert!(matches!(missing, KeyStoreError::File(_)) && !missing.is_transient());
    std::fs::write(&path, "{}}").unwrap();
    let malformed = cached.current(at(10)).await.err().unwrap();
    assert!(matches!(malformed, KeyStoreError::Ring(_)) && !malformed.is_transient());
}

fn secret(stub: &StubServer) -> CachedKeyRing {
    let source = KeyRingSource::Secret {
        arn: "arn:aws:secretsmanager:eu-central-1:111122223333:secret:ring".into(),
        client: connect(stub.url()).secrets(),
    };
    CachedKeyRing::new(source, MAX_AGE)
}

#[tokio::test]
async fn a_ring_is_read_from_its_secret() {
    let ring = ring();
    let body = serde_json::json!({ "SecretString": ring.to_json().expose_secret() });
    let stub = StubServer::start([Reply::new(200, body.to_string())]).await;
    let cached = secret(&stub);
    for second in [0, 300] {
        let current = cached.current(at(second)).await.unwrap();
        assert_eq!(active_kid(&current), active_kid(&ring));
    }
    assert_eq!(stub.received(), 1);
}

#[tokio::test]
async fn a_forbidden_secret_is_a_permanent_error_and_a_throttled_one_transient() {
    for (code, transient) in [
        ("AccessDeniedException", false),
        ("ResourceNotFoundException", false),
        ("ThrottlingException", true),
        ("InternalServiceError", true),
    ] {
        let status = if code == "InternalServiceError" {
            500
        } else {
            400
        };
        let body = serde_json::json!({ "__type": code });
        let stub = StubServer::start([Reply::new(status, body.to_string())]).await;
        let error = secret(&stub).current(NOW).await.err().unwrap();
        assert!(matches!(error, KeyStoreError::Store(_)), "{error:?}");
        assert_eq!(error.is_transient(), transient, "{error:?}");
    }
}
