use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::user::User;
use gatehouse_store::{Changed, Claim, Deleted, ImportBatch, Imported};
use gatehouse_testing::at;

use crate::fixtures::{imported, user};
use crate::tables::Tables;

/// Imports a user, and checks that the preview says the same.
async fn import(tables: &Tables, user: &User) -> Imported {
    let mut batch = ImportBatch::of(user);
    let previewed = tables.accounts.preview_import(&batch, at(0)).await;
    let imported = tables.accounts.import(&mut batch, at(0)).await.unwrap();
    assert_eq!(previewed.unwrap(), imported);
    imported.first().copied().unwrap()
}

#[tokio::test]
async fn an_imported_user_is_written_with_every_claim_in_one_call() {
    let tables = Tables::start().await;
    let ada = imported(1, "ada", "line", "17");
    tables.calls();
    let mut batch = ImportBatch::of(&ada);
    let imported = tables.accounts.import(&mut batch, at(0)).await.unwrap();
    assert_eq!(imported, [Imported::Written]);
    assert_eq!(tables.calls(), ["TransactWriteItems"]);
    assert_eq!(tables.count("UsersTable").await, 4);
    let found = tables
        .users
        .subject_of(&ada.external_id.as_ref().unwrap().name_key())
        .await
        .unwrap();
    assert_eq!(found, Some(ada.sub.clone()));
    let stored = tables.users.get(&ada.sub).await.unwrap().unwrap();
    assert_eq!(stored.external_id, ada.external_id);
    assert_eq!(stored.imported, ada.imported);
}

#[tokio::test]
async fn the_same_line_is_recognised_even_after_the_user_has_changed() {
    let tables = Tables::start().await;
    let ada = imported(1, "ada", "line", "17");
    assert_eq!(import(&tables, &ada).await, Imported::Written);
    let change = gatehouse_auth::user::UserChange {
        roles: Some(gatehouse_auth::role::Roles::parse(["admin"]).unwrap()),
        ..Default::default()
    };
    let changed = tables.accounts.change(&ada.sub, &change, at(1)).await;
    assert!(matches!(changed.unwrap(), Changed::Done { .. }));
    assert_eq!(import(&tables, &ada).await, Imported::Already);
}

#[tokio::test]
async fn a_claim_of_another_account_is_named_and_nothing_is_written() {
    let tables = Tables::start().await;
    let ada = imported(1, "ada", "line", "17");
    assert_eq!(import(&tables, &ada).await, Imported::Written);
    let other = |number, name, old| imported(number, name, "another line", old);
    let mut address = other(2, "grace", "18");
    address.email_canonical = ada.email_canonical.clone();
    for (rival, claim) in [
        (other(1, "grace", "18"), Claim::Subject),
        (user(1, "grace"), Claim::Subject),
        (other(2, "ada", "18"), Claim::Username),
        (address, Claim::Email),
        (other(2, "grace", "17"), Claim::ExternalId),
    ] {
        assert_eq!(import(&tables, &rival).await, Imported::Taken(claim));
        assert_eq!(tables.count("UsersTable").await, 4);
    }
}

#[tokio::test]
async fn deleting_an_account_frees_its_external_id_but_not_its_subject() {
    let tables = Tables::start().await;
    let ada = imported(1, "ada", "line", "17");
    assert_eq!(import(&tables, &ada).await, Imported::Written);
    let deleted = tables.accounts.delete(ada.clone(), at(1)).await;
    assert_eq!(deleted.unwrap().1, Deleted::Done);
    assert_eq!(tables.count("UsersTable").await, 1, "the mark");
    assert_eq!(import(&tables, &ada).await, Imported::Deleted);
    let again = imported(2, "ada", "line", "17");
    assert_eq!(import(&tables, &again).await, Imported::Written);
}

/// The users were lost, but not the revocations.
#[tokio::test]
async fn a_user_whose_version_is_revoked_is_not_imported_and_the_next_version_is() {
    let mut ada = imported(1, "ada", "line", "17");
    let before = Tables::start_with(&[&ada]).await;
    let ended = before.accounts.end_sessions_of(&ada.sub, "test", at(0));
    assert!(ended.await.unwrap());
    let key: String = ItemKey::subject_revocation(&ada.sub).into();
    let revocation = before.item("RevocationsTable", "pk", &key).await;

    let tables = Tables::start().await;
    let put = tables.client.put_item().set_item(revocation);
    let put = put.table_name(tables.name("RevocationsTable"));
    put.send().await.unwrap();
    assert_eq!(import(&tables, &ada).await, Imported::Deleted);
    ada.token_version += 1;
    assert_eq!(import(&tables, &ada).await, Imported::Written);
}
