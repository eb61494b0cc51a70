//! A table of users from a backup: its versions were raised since.

use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::recovery::Recovery;
use gatehouse_auth::user::{Status, StoredHash, User, UserChange};
use gatehouse_auth::version::MAX_VERSION;
use gatehouse_store::{Changed, Deleted, Ended, Raised, StoreError};
use gatehouse_testing::{Item, at, at_call};

use crate::fixtures::{session, user};
use crate::tables::Tables;

/// Takes a backup of a user, lets time pass, and restores the backup.
async fn restored_after(tables: &Tables, ada: &User, change: impl AsyncFnOnce()) {
    let key: String = ItemKey::user(&ada.sub).into();
    let backup: Item = tables.item("UsersTable", "pk", &key).await.unwrap();
    change().await;
    let put = tables
        .client
        .put_item()
        .table_name(tables.name("UsersTable"));
    put.set_item(Some(backup)).send().await.unwrap();
}

/// Ada's sessions were ended twice after the backup.
async fn restored() -> (Tables, User) {
    let ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    restore(&tables, &ada).await;
    (tables, ada)
}

/// Ends Ada's sessions twice, and restores a backup of before.
async fn restore(tables: &Tables, ada: &User) {
    restored_after(tables, ada, async || {
        for _ in 0..2 {
            let ended = tables.accounts.end_sessions_of(&ada.sub, "test", at(1));
            assert!(ended.await.unwrap());
        }
    })
    .await;
}

async fn read(tables: &Tables, ada: &User) -> User {
    tables.users.get(&ada.sub).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_restored_user_can_be_disabled_changed_and_logged_out() {
    let disable = UserChange {
        status: Some(Status::Disabled),
        ..UserChange::default()
    };
    let (tables, ada) = restored().await;
    let changed = tables.accounts.change(&ada.sub, &disable, at(9)).await;
    assert!(matches!(changed.unwrap(), Changed::Done { .. }));
    assert_eq!(
        read(&tables, &ada).await.token_version,
        ada.token_version + 3
    );
    let (tables, ada) = restored().await;
    let ended = tables.accounts.end_sessions_of(&ada.sub, "test", at(9));
    assert!(ended.await.unwrap());
    assert_eq!(
        read(&tables, &ada).await.token_version,
        ada.token_version + 3
    );
}

#[tokio::test]
async fn raising_ends_the_sessions_that_a_backup_brought_back() {
    let (tables, ada) = restored().await;
    let mut ended = session(4, 1);
    ended.session_version = ada.session_version + 7;
    tables.sessions.create(&ended).await.unwrap();
    assert!(ended.is_live(ada.session_version, at(9)));
    let raised = tables.accounts.raise(&ada.sub, at(9)).await.unwrap();
    assert!(matches!(raised, Raised::Done));
    let after = read(&tables, &ada).await;
    assert_eq!(after.token_version, ada.token_version + 3);
    assert_eq!(after.session_version, ended.session_version + 1);
    assert!(!ended.is_live(after.session_version, at(9)));
}

#[tokio::test]
async fn a_change_during_a_restore_is_decided_again() {
    let ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    let disable = UserChange {
        status: Some(Status::Disabled),
        ..UserChange::default()
    };
    let changed = tables.faults().pause_at(
        at_call(0).of("TransactWriteItems"),
        tables.accounts.change(&ada.sub, &disable, at(9)),
        restore(&tables, &ada),
    );
    let (changed, ()) = changed.await.unwrap();
    assert!(matches!(changed.unwrap(), Changed::Done { .. }));
    let after = read(&tables, &ada).await;
    assert_eq!(after.token_version, ada.token_version + 3);
}

#[tokio::test]
async fn a_user_deleted_since_the_backup_is_not_found_and_raising_deletes_again() {
    let ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    restored_after(&tables, &ada, async || {
        let deleted = tables.accounts.delete(ada.clone(), at(1)).await;
        assert_eq!(deleted.unwrap().1, Deleted::Done);
    })
    .await;
    let enable = UserChange {
        status: Some(Status::Disabled),
        ..UserChange::default()
    };
    let changed = tables.accounts.change(&ada.sub, &enable, at(9)).await;
    assert!(matches!(changed.unwrap(), Changed::NotFound));
    let ended = tables.accounts.end_sessions_of(&ada.sub, "test", at(9));
    assert!(!ended.await.unwrap());
    let raised = tables.accounts.raise(&ada.sub, at(9)).await.unwrap();
    assert!(matches!(raised, Raised::Deleted(_)));
    assert!(tables.users.get(&ada.sub).await.unwrap().is_none());
}

#[tokio::test]
async fn a_version_at_its_end_is_an_error_and_never_a_success() {
    let mut ada = user(1, "ada");
    ada.token_version = MAX_VERSION - 1;
    let tables = Tables::start_with(&[&ada]).await;
    let ended = tables.accounts.end_sessions_of(&ada.sub, "test", at(9));
    assert!(matches!(ended.await, Err(StoreError::Rejected { .. })));
    let raised = tables.accounts.raise(&ada.sub, at(9)).await;
    assert!(matches!(raised, Err(StoreError::Rejected { .. })));
    assert_eq!(read(&tables, &ada).await.token_version, MAX_VERSION - 1);

    let mut eve = user(2, "eve");
    eve.session_version = MAX_VERSION - 1;
    let tables = Tables::start_with(&[&eve]).await;
    let ended = tables
        .accounts
        .end_all_sessions(&eve.sub, eve.token_version, "test", at(9));
    assert_ne!(ended.await.unwrap(), Ended::Done);
    let hash = StoredHash::new("$argon2id$new".to_owned());
    let caller = (&eve, eve.token_version);
    let changed = tables.accounts.change_password(caller, &hash, at(9));
    assert_ne!(changed.await.unwrap(), Ended::Done);
    let code = MailCode::mint(CodeKind::Recovery, &eve.sub, [7; 32]).unwrap();
    let recovery = Recovery::grant(&code, at(8));
    let set = tables.users.set_recovery(&eve.sub, &recovery).await;
    assert!(set.unwrap());
    let reset = tables.accounts.reset_password(&code, &hash, at(9));
    assert!(matches!(reset.await, Err(StoreError::Unavailable { .. })));
    assert_eq!(read(&tables, &eve).await.session_version, MAX_VERSION - 1);
}

#[tokio::test]
async fn a_version_that_json_cannot_hold_is_corrupt() {
    let ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    let key: String = ItemKey::user(&ada.sub).into();
    let over = aws_sdk_dynamodb::types::AttributeValue::N((MAX_VERSION + 1).to_string());
    tables
        .set("UsersTable", ("pk", &key), "token_version", over)
        .await;
    let read = tables.users.get(&ada.sub).await;
    assert!(
        matches!(&read, Err(StoreError::Corrupt { attribute, .. }) if attribute == "token_version"),
        "{read:?}"
    );
    let page = tables.users.page(None, 10, || false).await.unwrap();
    assert_eq!(page.users.len(), 1, "a list does not read the versions");
}
