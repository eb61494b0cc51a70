use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::item_key::ItemKey;

use crate::fixtures::user;
use crate::tables::Tables;

async fn count(tables: &Tables, pk: &str) {
    let pk = AttributeValue::S(pk.to_owned());
    let put = tables
        .client
        .put_item()
        .table_name(tables.name("LoginAttemptsTable"));
    put.item("pk", pk).send().await.unwrap();
}

#[tokio::test]
async fn unlocking_deletes_only_the_counters_of_the_identifier() {
    let tables = Tables::start().await;
    for pk in ["id#one", "pair#one#192.0.2.1", "pair#one#2001:db8::/64"] {
        count(&tables, pk).await;
    }
    let others = ["id#one1", "pair#one1#192.0.2.1", "ip#192.0.2.1", "id#two"];
    for pk in others {
        count(&tables, pk).await;
    }
    assert_eq!(tables.attempts.unlock("one").await.unwrap(), 3);
    assert_eq!(tables.attempts.unlock("one").await.unwrap(), 0);
    assert_eq!(tables.count("LoginAttemptsTable").await, 4);
}

#[tokio::test]
async fn a_name_leads_to_its_subject_and_a_corrupt_item_is_reported_without_the_name() {
    let ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    for key in [ItemKey::username("ada"), ItemKey::email("ada@example.org")] {
        assert_eq!(
            tables.users.subject_of(&key).await.unwrap(),
            Some(ada.sub.clone())
        );
    }
    for key in [
        ItemKey::username("ADA"),
        ItemKey::username("ad"),
        ItemKey::email("ada"),
    ] {
        assert_eq!(tables.users.subject_of(&key).await.unwrap(), None);
    }
    let key = ItemKey::email("ada@example.org");
    let bad = AttributeValue::N("1".into());
    tables
        .set("UsersTable", ("pk", key.as_str()), "sub", bad)
        .await;
    let error = tables.users.subject_of(&key).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "item `of a name` of table `gatehouse-local-users` is corrupt at `sub`"
    );
}
