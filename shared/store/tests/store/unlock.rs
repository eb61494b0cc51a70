use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::item_key::ItemKey;

use crate::fixtures::user;
use crate::tables::Tables;

async fn count(tables: &Tables, pk: &str) {
    for (attribute, value) in [("tat", "4000000000"), ("res", "1800000000")] {
        let value = AttributeValue::N(value.into());
        tables
            .set("LoginAttemptsTable", ("pk", pk), attribute, value)
            .await;
    }
}

#[tokio::test]
async fn unlocking_empties_only_the_lanes_of_the_identifier() {
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
    assert_eq!(tables.count("LoginAttemptsTable").await, 5);
}

/// During an attack strangers fill the lane again at once.
#[tokio::test]
async fn unlocking_forgets_no_known_network() {
    let tables = Tables::start().await;
    count(&tables, "id#one").await;
    let known = [("digest".to_owned(), AttributeValue::N("1800000000".into()))];
    let known = AttributeValue::M(known.into());
    let key = ("pk", "id#one");
    tables
        .set("LoginAttemptsTable", key, "known", known.clone())
        .await;
    assert_eq!(tables.attempts.unlock("one").await.unwrap(), 1);
    let left = tables.item("LoginAttemptsTable", "pk", "id#one").await;
    let left = left.unwrap();
    assert_eq!(left["known"], known);
    assert!(!left.contains_key("tat") && !left.contains_key("res"));
}

#[tokio::test]
async fn unlocking_empties_the_lane_of_a_logged_in_user() {
    let tables = Tables::start().await;
    let sub = SubjectId::from_bytes([7; 16]);
    count(&tables, &format!("sub#{sub}")).await;
    for emptied in [1, 0] {
        assert_eq!(tables.attempts.unlock_subject(&sub).await.unwrap(), emptied);
    }
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
