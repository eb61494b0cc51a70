use std::sync::Arc;

use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::recovery::Recovery;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{Status, StoredHash, User, UserChange};
use gatehouse_store::Ended;
use gatehouse_testing::{NOW, at, at_call};

use crate::fixtures::user;
use crate::tables::Tables;

fn hash(name: &str) -> StoredHash {
    StoredHash::new(format!("$argon2id${name}"))
}

fn code(of: &User, secret: u8) -> MailCode {
    MailCode::mint(CodeKind::Recovery, &of.sub, [secret; 32]).unwrap()
}

async fn started() -> (Tables, User) {
    let ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    (tables, ada)
}

async fn grant(tables: &Tables, code: &MailCode) {
    let recovery = Recovery::grant(code, NOW);
    let set = tables.users.set_recovery(code.sub(), &recovery).await;
    assert!(set.unwrap());
}

async fn change(tables: &Tables, caller: (&User, u64), to: &str) -> Ended {
    let hash = hash(to);
    let changed = tables.accounts.change_password(caller, &hash, at(9));
    changed.await.unwrap()
}

async fn reset(tables: &Tables, code: &MailCode, now: Timestamp) -> Ended {
    let hash = hash("new");
    let reset = tables.accounts.reset_password(code, &hash, now);
    reset.await.unwrap()
}

/// Returns the hash and both versions.
async fn state(tables: &Tables, user: &User) -> (String, u64, u64) {
    let read = tables.users.get(&user.sub).await.unwrap().unwrap();
    let hash = read.password_hash.as_ref().unwrap().expose().to_owned();
    (hash, read.token_version, read.session_version)
}

#[tokio::test]
async fn a_new_password_ends_every_session_in_one_call() {
    let (tables, ada) = started().await;
    let caller = (&ada, 3);
    assert_eq!(change(&tables, caller, "new").await, Ended::Done);
    assert_eq!(tables.calls(), ["TransactWriteItems"]);
    assert_eq!(state(&tables, &ada).await, ("$argon2id$new".into(), 4, 3));
    let read = tables.users.get(&ada.sub).await.unwrap().unwrap();
    assert_eq!(
        (read.password_changed_at, read.updated_at),
        (Some(at(9)), at(9))
    );

    assert_eq!(change(&tables, caller, "older").await, Ended::Refused);
    assert_eq!(state(&tables, &ada).await, ("$argon2id$new".into(), 4, 3));
}

#[tokio::test]
async fn a_recovery_code_sets_a_password_once() {
    let (tables, ada) = started().await;
    let code = code(&ada, 7);
    grant(&tables, &code).await;
    assert_eq!(reset(&tables, &code, at(1)).await, Ended::Done);
    assert_eq!(state(&tables, &ada).await, ("$argon2id$new".into(), 4, 3));
    assert_eq!(reset(&tables, &code, at(1)).await, Ended::Refused);
    assert_eq!(state(&tables, &ada).await, ("$argon2id$new".into(), 4, 3));
}

#[tokio::test]
async fn the_table_never_contains_a_recovery_code() {
    let (tables, ada) = started().await;
    let code = code(&ada, 7);
    grant(&tables, &code).await;
    let item = tables
        .item("UsersTable", "pk", &format!("user#{}", ada.sub))
        .await
        .unwrap();
    let digest = item["recovery_digest"].as_s().unwrap();
    assert_eq!(digest.len(), 43);
    assert!(!format!("{item:?}").contains(&code.expose()[30..]));
}

#[tokio::test]
async fn a_replaced_expired_or_foreign_code_sets_no_password() {
    let (tables, ada) = started().await;
    let (first, second) = (code(&ada, 7), code(&ada, 8));
    assert_eq!(reset(&tables, &first, at(1)).await, Ended::Refused);
    grant(&tables, &first).await;
    grant(&tables, &second).await;
    assert_eq!(reset(&tables, &first, at(1)).await, Ended::Refused);
    assert_eq!(reset(&tables, &second, at(1800)).await, Ended::Refused);
    let unknown = code(&user(9, "nobody"), 8);
    assert_eq!(reset(&tables, &unknown, at(1)).await, Ended::Refused);
    assert_eq!(state(&tables, &ada).await.0, "$argon2id$first");

    let recovery = Recovery::grant(&unknown, NOW);
    let set = tables.users.set_recovery(unknown.sub(), &recovery).await;
    assert!(!set.unwrap(), "there is no such user");
    assert_eq!(tables.count("UsersTable").await, 3);
}

#[tokio::test]
async fn changing_the_password_and_disabling_the_user_invalidate_a_code() {
    let (tables, ada) = started().await;
    let code = code(&ada, 7);
    grant(&tables, &code).await;
    let caller = (&ada, 3);
    assert_eq!(change(&tables, caller, "own").await, Ended::Done);
    assert_eq!(reset(&tables, &code, at(2)).await, Ended::Refused);

    grant(&tables, &code).await;
    for status in [Status::Disabled, Status::Active] {
        let change = UserChange {
            status: Some(status),
            ..UserChange::default()
        };
        let changed = tables.accounts.change(&ada.sub, &change, at(3));
        changed.await.unwrap();
        assert_eq!(reset(&tables, &code, at(4)).await, Ended::Refused);
    }
    assert_eq!(state(&tables, &ada).await.0, "$argon2id$own");
}

#[tokio::test]
async fn a_disabled_user_cannot_use_a_code() {
    let (tables, ada) = started().await;
    let change = UserChange {
        status: Some(Status::Disabled),
        ..UserChange::default()
    };
    let changed = tables.accounts.change(&ada.sub, &change, at(1));
    changed.await.unwrap();
    let code = code(&ada, 7);
    let recovery = Recovery::grant(&code, NOW);
    let set = tables.users.set_recovery(&ada.sub, &recovery).await;
    assert!(!set.unwrap(), "the user is disabled");
    assert_eq!(reset(&tables, &code, at(2)).await, Ended::Refused);
}

/// An operator replaces a code that leaked, while the thief is using it.
#[tokio::test]
async fn a_code_that_is_replaced_while_it_is_used_sets_no_password() {
    let (tables, ada) = started().await;
    let (leaked, second) = (code(&ada, 7), code(&ada, 8));
    grant(&tables, &leaked).await;
    let about_to_write = at_call(0).of("TransactWriteItems");
    let used = tables.faults().pause_at(
        about_to_write,
        reset(&tables, &leaked, at(1)),
        grant(&tables, &second),
    );
    let (used, ()) = used.await.unwrap();
    assert_eq!(used, Ended::Refused);
    assert_eq!(state(&tables, &ada).await.0, "$argon2id$first");
    assert_eq!(reset(&tables, &second, at(2)).await, Ended::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_sixty_four_concurrent_uses_of_a_code_sets_the_password() {
    let (tables, ada) = started().await;
    grant(&tables, &code(&ada, 7)).await;
    let tables = Arc::new(tables);
    let mut race = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (tables, code) = (tables.clone(), code(&ada, 7));
        race.spawn(async move { reset(&tables, &code, at(1)).await });
    }
    let ends = race.join_all().await;
    assert_eq!(ends.iter().filter(|end| **end == Ended::Done).count(), 1);
    assert_eq!(state(&tables, &ada).await, ("$argon2id$new".into(), 4, 3));
}
