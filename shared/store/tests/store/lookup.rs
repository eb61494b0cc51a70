use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::item_key::ItemKey;
use gatehouse_store::Guess;

use crate::fixtures::user;
use crate::tables::Tables;

const DIGEST: &str = "0f1e2d";
const GUESS: Guess<'_> = Guess {
    digest: DIGEST,
    address: "192.0.2.1",
};

#[tokio::test]
async fn a_name_leads_to_its_subject_in_one_call() {
    let ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    for key in [ItemKey::username("ada"), ItemKey::email("ada@example.org")] {
        let found = tables
            .attempts
            .look_up(&tables.users, Some(&key), &GUESS)
            .await;
        assert_eq!(found.unwrap().sub, Some(ada.sub.clone()));
        assert_eq!(tables.calls(), ["BatchGetItem"]);
    }
}

#[tokio::test]
async fn an_unknown_name_costs_the_same_call() {
    let tables = Tables::start().await;
    for key in [Some(ItemKey::username("ada")), None] {
        let found = tables
            .attempts
            .look_up(&tables.users, key.as_ref(), &GUESS)
            .await;
        assert_eq!(found.unwrap().sub, None);
        assert_eq!(tables.calls(), ["BatchGetItem"]);
    }
}

#[tokio::test]
async fn an_unusable_identifier_does_not_match_a_name_equal_to_its_digest() {
    let tables = Tables::start_with(&[&user(1, DIGEST)]).await;
    let found = tables
        .attempts
        .look_up(&tables.users, None, &GUESS)
        .await
        .unwrap();
    assert_eq!(found.sub, None);
}

#[tokio::test]
async fn a_corrupt_name_item_is_reported_without_the_name() {
    let tables = Tables::start_with(&[&user(1, "ada")]).await;
    let key = ItemKey::email("ada@example.org");
    let bad = AttributeValue::N("1".into());
    tables
        .set("UsersTable", ("pk", key.as_str()), "sub", bad)
        .await;
    let error = tables
        .attempts
        .look_up(&tables.users, Some(&key), &GUESS)
        .await
        .unwrap_err();
    let text = error.to_string();
    assert_eq!(
        text,
        "item `name with digest 0f1e2d` of table `gatehouse-local-users` is corrupt at `sub`"
    );
}
