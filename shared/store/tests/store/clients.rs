use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::client::{Client, ClientId, ClientSecret};
use gatehouse_store::{CachedClients, StoreError};
use gatehouse_testing::{NOW, at};

use crate::tables::Tables;

fn client(id: &str, secret: u8) -> Client {
    let secret = ClientSecret::mint([secret; 32]);
    Client::new(ClientId::parse(id).unwrap(), &secret, NOW)
}

#[tokio::test]
async fn a_client_is_created_once_read_listed_and_removed() {
    let tables = Tables::start().await;
    let (one, two) = (client("b", 1), client("a", 2));
    assert_eq!(tables.clients.get(one.id()).await.unwrap(), None);
    assert!(tables.clients.create(&one).await.unwrap());
    assert!(tables.clients.create(&two).await.unwrap());
    assert!(!tables.clients.create(&client("b", 3)).await.unwrap());
    assert_eq!(
        tables.clients.get(one.id()).await.unwrap(),
        Some(one.clone())
    );
    assert_eq!(
        tables.calls(),
        ["GetItem", "PutItem", "PutItem", "PutItem", "GetItem"]
    );
    let all = tables.clients.list().await.unwrap();
    assert_eq!(all, [two.clone(), one.clone()]);
    assert!(tables.clients.remove(one.id()).await.unwrap());
    assert!(!tables.clients.remove(one.id()).await.unwrap());
    assert_eq!(tables.clients.list().await.unwrap(), [two]);
}

#[tokio::test]
async fn one_of_two_concurrent_secret_rotations_is_refused() {
    let tables = Tables::start().await;
    let before = client("a", 1);
    tables.clients.create(&before).await.unwrap();
    let rotated = |secret: u8| {
        let secret = ClientSecret::mint([secret; 32]);
        before.clone().rotated(&secret, at(60), NOW)
    };
    assert!(tables.clients.replace(&before, &rotated(2)).await.unwrap());
    assert!(!tables.clients.replace(&before, &rotated(3)).await.unwrap());
    let read = tables.clients.get(before.id()).await.unwrap();
    assert_eq!(read, Some(rotated(2)));
    tables.clients.remove(before.id()).await.unwrap();
    let gone = tables.clients.replace(&rotated(2), &rotated(3)).await;
    assert!(!gone.unwrap(), "a revoked client does not come back");
}

#[tokio::test]
async fn a_revoked_client_is_unknown_after_ten_seconds() {
    let tables = Tables::start().await;
    let client = client("a", 1);
    tables.clients.create(&client).await.unwrap();
    let cached = CachedClients::new(tables.clients.clone());
    let is_there = async |now| cached.get(client.id(), now).await.unwrap().is_some();
    assert!(is_there(NOW).await);
    tables.clients.remove(client.id()).await.unwrap();
    tables.calls();
    assert!(is_there(at(9)).await);
    assert_eq!(tables.calls(), [""; 0]);
    assert!(!is_there(at(10)).await);
    assert_eq!(tables.calls(), ["GetItem"]);
}

#[tokio::test]
async fn an_unknown_id_costs_as_many_reads_as_a_known_one() {
    let tables = Tables::start().await;
    let client = client("known", 1);
    tables.clients.create(&client).await.unwrap();
    tables.calls();
    let cached = CachedClients::new(tables.clients.clone());
    for id in ["known", "unknown"] {
        let id = ClientId::parse(id).unwrap();
        for _ in 0..3 {
            cached.get(&id, NOW).await.unwrap();
        }
        assert_eq!(tables.calls(), ["GetItem"], "{id}");
    }
}

#[tokio::test]
async fn a_client_is_read_again_after_the_clock_has_stepped_back() {
    let tables = Tables::start().await;
    let client = client("a", 1);
    tables.clients.create(&client).await.unwrap();
    let cached = CachedClients::new(tables.clients.clone());
    cached.get(client.id(), at(60)).await.unwrap();
    tables.calls();
    cached.get(client.id(), NOW).await.unwrap();
    assert_eq!(tables.calls(), ["GetItem"]);
}

#[tokio::test]
async fn an_outage_is_an_error_and_never_an_older_client() {
    let tables = Tables::start().await;
    let client = client("a", 1);
    tables.clients.create(&client).await.unwrap();
    let cached = CachedClients::new(tables.clients.clone());
    cached.get(client.id(), NOW).await.unwrap();
    let delete = tables
        .client
        .delete_table()
        .table_name(tables.name("SigningKeysTable"));
    delete.send().await.unwrap();
    assert!(cached.get(client.id(), at(9)).await.is_ok());
    let late = cached.get(client.id(), at(10)).await;
    assert!(matches!(late, Err(StoreError::Rejected { .. })));
}

#[tokio::test]
async fn a_corrupt_client_is_an_error() {
    let tables = Tables::start().await;
    let client = client("a", 1);
    tables.clients.create(&client).await.unwrap();
    let key = ("pk", "client#a");
    let other = AttributeValue::S("b".into());
    tables.set("SigningKeysTable", key, "id", other).await;
    let error = tables.clients.get(client.id()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "item `client#a` of table `gatehouse-local-signing-keys` is corrupt at `id`"
    );
    tables.remove("SigningKeysTable", key, "digest").await;
    let error = tables.clients.get(client.id()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "item `client#a` of table `gatehouse-local-signing-keys` is corrupt at `digest`"
    );
}
