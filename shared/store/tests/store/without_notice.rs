//! Changes whose notice cannot be written: those that take access away happen all the same,
//! the others do not happen at all.

use std::time::Duration;

use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::deadline::Deadline;
use gatehouse_auth::mail::Notices;
use gatehouse_auth::recovery::Recovery;
use gatehouse_auth::user::{Status, StoredHash, User, UserChange};
use gatehouse_store::{Accounts, Changed, Ended, Outbox};
use gatehouse_testing::{Fault, LogBuffer, at, at_call};
use tracing::level_filters::LevelFilter;

use crate::fixtures::{session, user};
use crate::tables::Tables;

const ALL: &str = "password_changed,account_disabled,account_deleted,refresh_replayed";

/// Ada, and accounts with an outbox in the table of that name.
async fn started(table: Option<&str>) -> (Tables, Accounts, User) {
    let ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    tables.sessions.create(&session(4, 1)).await.unwrap();
    let table = table.unwrap_or(tables.name("OutboxTable")).to_owned();
    let outbox = Outbox::new(tables.client(), table, Notices::parse(ALL).unwrap());
    let accounts = tables.accounts.clone().with_outbox(Some(outbox));
    (tables, accounts, ada)
}

/// The outbox does not exist.
async fn without_outbox() -> (Tables, Accounts, User) {
    started(Some("missing")).await
}

fn hash() -> StoredHash {
    StoredHash::new("$argon2id$new".to_owned())
}

/// Checks that Ada's session has ended.
async fn assert_ended(tables: &Tables) {
    let sid = session(4, 1).sid;
    let read = tables.sessions.get(&sid).await.unwrap().unwrap();
    assert_eq!(read.revoked_at, Some(at(9)));
    let key = format!("sid#{sid}");
    let revocation = tables.item("RevocationsTable", "pk", &key).await;
    assert!(revocation.is_some());
}

#[tokio::test]
async fn a_replay_ends_its_session_even_if_its_notice_cannot_be_written() {
    let (tables, accounts, ada) = without_outbox().await;
    let sid = session(4, 1).sid;
    let ends = async || {
        let ended = accounts.end_replayed_session(&sid, &ada, "replay", at(9));
        assert_eq!(ended.await.unwrap(), Ended::Done);
        assert_ended(&tables).await;
    };
    ends().await;
    let logs = LogBuffer::default();
    let _guard = logs.capture(LevelFilter::INFO);
    ends().await;
    let lines = logs.take();
    assert!(
        lines.contains("a change could not be written with its notice"),
        "{lines}"
    );
}

#[tokio::test]
async fn a_slow_outbox_leaves_time_to_end_the_session_without_its_notice() {
    let (tables, accounts, ada) = started(None).await;
    let first = at_call(0).of("TransactWriteItems");
    drop(tables.faults().inject(first, Fault::Hold));
    let sid = session(4, 1).sid;
    let ended = accounts.end_replayed_session(&sid, &ada, "replay", at(9));
    let ended = Deadline::after(Duration::from_millis(2500)).enforce(ended);
    let ended = ended.await;
    assert_eq!(ended.unwrap().unwrap(), Ended::Done);
    assert_ended(&tables).await;
    assert_eq!(tables.count("OutboxTable").await, 0);
}

#[tokio::test]
async fn an_account_is_disabled_even_if_its_notice_cannot_be_written() {
    let (tables, accounts, ada) = without_outbox().await;
    let change = UserChange {
        status: Some(Status::Disabled),
        ..UserChange::default()
    };
    let changed = accounts.change(&ada.sub, &change, at(9)).await.unwrap();
    assert!(matches!(changed, Changed::Done { .. }), "{changed:?}");
    let read = tables.users.get(&ada.sub).await.unwrap().unwrap();
    assert_eq!(read.status, Status::Disabled);
    assert_eq!((read.token_version, read.session_version), (4, 3));
}

/// It is what helps while mail fails.
#[tokio::test]
async fn an_operators_code_sets_a_password_without_an_outbox() {
    let (tables, accounts, ada) = without_outbox().await;
    let code = MailCode::mint(CodeKind::Recovery, &ada.sub, [5; 32]).unwrap();
    let recovery = Recovery::grant(&code, at(0));
    let granted = tables.users.set_recovery(&ada.sub, &recovery).await;
    assert!(granted.unwrap());
    let reset = accounts.reset_password(&code, &hash(), at(9)).await;
    assert_eq!(reset.unwrap(), Ended::Done);
    let read = tables.users.get(&ada.sub).await.unwrap().unwrap();
    assert_eq!(read.password_hash.unwrap().expose(), "$argon2id$new");
}

/// Their notice may be all that its owner learns of a thief, and whoever asked for the change
/// can repeat it.
#[tokio::test]
async fn new_passwords_and_deletions_wait_for_their_notice() {
    let (tables, accounts, ada) = without_outbox().await;
    let key = format!("user#{}", ada.sub);
    let before = tables.item("UsersTable", "pk", &key).await;
    let changed = accounts.change_password((&ada, 3), &hash(), at(9)).await;
    assert!(changed.is_err());
    assert!(accounts.delete(ada.clone(), at(9)).await.is_err());
    assert!(accounts.remove(&ada.sub, at(9)).await.is_err());
    assert_eq!(tables.item("UsersTable", "pk", &key).await, before);
}

/// A logout has no notice, so it is what a user can do meanwhile.
#[tokio::test]
async fn every_session_can_be_ended_without_an_outbox() {
    let (_tables, accounts, ada) = without_outbox().await;
    let ended = accounts.end_all_sessions(&ada.sub, 3, "logout", at(9));
    assert_eq!(ended.await.unwrap(), Ended::Done);
    let sessions_of = accounts.end_sessions_of(&ada.sub, "operator", at(9));
    assert!(sessions_of.await.unwrap());
}
