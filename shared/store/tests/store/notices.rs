//! Notices of changes, in the transaction of each.

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::mail::{Notices, Origin};
use gatehouse_auth::recovery::Recovery;
use gatehouse_auth::user::{Status, StoredHash, User, UserChange};
use gatehouse_store::{Accounts, Deleted, Ended, Outbox, Raised};
use gatehouse_testing::{Fault, at, at_call};

use crate::fixtures::{session, user};
use crate::tables::Tables;

/// Ada, a session of hers, and accounts that write the notices that the list switches on.
async fn started(notices: &str) -> (Tables, Accounts, User) {
    let ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    tables.sessions.create(&session(4, 1)).await.unwrap();
    let accounts = with_notices(&tables, notices);
    tables.calls();
    (tables, accounts, ada)
}

fn with_notices(tables: &Tables, notices: &str) -> Accounts {
    let name = tables.name("OutboxTable").to_owned();
    let notices = Notices::parse(notices).unwrap();
    let outbox = Outbox::new(tables.client(), name, notices);
    tables.accounts.clone().with_outbox(Some(outbox))
}

/// Returns the kind, the origin and the address of each message.
async fn notices_in(tables: &Tables) -> Vec<String> {
    let scan = tables.client.scan().table_name(tables.name("OutboxTable"));
    let items = scan.send().await.unwrap().items.unwrap_or_default();
    let text = |value: Option<&AttributeValue>| {
        let text = value.and_then(|value| value.as_s().ok().cloned());
        text.unwrap_or_else(|| "-".to_owned())
    };
    let line = |item: &gatehouse_testing::Item| {
        ["kind", "origin", "address"]
            .map(|name| text(item.get(name)))
            .join(" ")
    };
    items.iter().map(line).collect()
}

const DISABLE: UserChange = UserChange {
    roles: None,
    status: Some(Status::Disabled),
    username: None,
    email: None,
};

fn hash() -> StoredHash {
    StoredHash::new("$argon2id$new".to_owned())
}

#[tokio::test]
async fn a_new_password_and_its_notice_are_one_transaction() {
    let (tables, accounts, ada) = started("password_changed").await;
    let changed = accounts.change_password((&ada, 3), &hash(), at(9)).await;
    assert_eq!(changed.unwrap(), Ended::Done);
    assert_eq!(tables.calls(), ["TransactWriteItems"]);
    assert_eq!(notices_in(&tables).await, ["password_changed session -"]);
    // The token is no longer current: nothing is written, not even a notice.
    let changed = accounts.change_password((&ada, 3), &hash(), at(9)).await;
    assert_eq!(changed.unwrap(), Ended::Refused);
    assert_eq!(notices_in(&tables).await.len(), 1);
}

#[tokio::test]
async fn a_password_that_a_code_sets_causes_a_notice() {
    let (tables, accounts, ada) = started("password_changed").await;
    let code = MailCode::mint(CodeKind::Recovery, &ada.sub, [5; 32]).unwrap();
    let recovery = Recovery::grant(&code, at(0));
    let granted = tables.users.set_recovery(&ada.sub, &recovery).await;
    assert!(granted.unwrap());
    let reset = accounts.reset_password(&code, &hash(), at(9)).await;
    assert_eq!(reset.unwrap(), Ended::Done);
    assert_eq!(notices_in(&tables).await, ["password_changed session -"]);
}

#[tokio::test]
async fn disabling_causes_one_notice_and_enabling_none() {
    let (tables, accounts, ada) = started("account_disabled").await;
    for _ in 0..2 {
        accounts.change(&ada.sub, &DISABLE, at(9)).await.unwrap();
    }
    assert_eq!(notices_in(&tables).await.len(), 1);
    let enable = UserChange {
        status: Some(Status::Active),
        ..UserChange::default()
    };
    accounts.change(&ada.sub, &enable, at(9)).await.unwrap();
    assert_eq!(notices_in(&tables).await, ["account_disabled operator -"]);
}

#[tokio::test]
async fn only_the_notice_of_a_deletion_remains_of_an_account_and_has_its_address() {
    for origin in [Origin::Session, Origin::Operator] {
        let (tables, accounts, ada) = started("password_changed,account_deleted").await;
        let changed = accounts.change_password((&ada, 3), &hash(), at(9)).await;
        assert_eq!(changed.unwrap(), Ended::Done);
        let ada = tables.users.get(&ada.sub).await.unwrap().unwrap();
        let deleted = if origin == Origin::Operator {
            accounts.remove(&ada.sub, at(9)).await.unwrap().1
        } else {
            accounts.delete(ada.clone(), at(9)).await.unwrap().1
        };
        assert_eq!(deleted, Deleted::Done);
        assert_eq!(notices_in(&tables).await.len(), 2);
        let digests = ada.identifier_digests(at(9));
        let traces = accounts.delete_traces(&tables.attempts, &ada.sub, digests);
        traces.await.unwrap();
        let origin = if origin == Origin::Session {
            "session"
        } else {
            "operator"
        };
        let email = ada.email.unwrap();
        let left = format!("account_deleted {origin} {email}");
        assert_eq!(notices_in(&tables).await, [left]);
    }
}

#[tokio::test]
async fn a_replay_causes_one_notice_however_often_it_comes() {
    let (tables, accounts, ada) = started("refresh_replayed").await;
    let sid = session(4, 1).sid;
    let replays = (0..8).map(|_| accounts.end_replayed_session(&sid, &ada, "replay", at(9)));
    for ended in futures_util::future::join_all(replays).await {
        assert_eq!(ended.unwrap(), Ended::Done);
    }
    assert_eq!(notices_in(&tables).await, ["refresh_replayed session -"]);
    let read = tables.sessions.get(&sid).await.unwrap().unwrap();
    assert_eq!(read.revoked_at, Some(at(9)));
    let key = format!("sid#{sid}");
    let revocation = tables.item("RevocationsTable", "pk", &key).await;
    assert!(revocation.is_some());
}

#[tokio::test]
async fn a_replay_whose_response_is_lost_causes_one_notice() {
    let (tables, accounts, ada) = started("refresh_replayed").await;
    drop(tables.faults().inject(at_call(0).after(), Fault::Cut));
    let sid = session(4, 1).sid;
    let ended = accounts.end_replayed_session(&sid, &ada, "replay", at(9));
    assert_eq!(ended.await.unwrap(), Ended::Done);
    assert_eq!(notices_in(&tables).await, ["refresh_replayed session -"]);
}

/// Makes every change that has a notice.
async fn change_everything(tables: &Tables, accounts: &Accounts, ada: &User) {
    let sid = session(4, 1).sid;
    let ended = accounts.end_replayed_session(&sid, ada, "replay", at(9));
    assert_eq!(ended.await.unwrap(), Ended::Done);
    let changed = accounts.change_password((ada, 3), &hash(), at(9)).await;
    assert_eq!(changed.unwrap(), Ended::Done);
    accounts.change(&ada.sub, &DISABLE, at(9)).await.unwrap();
    let (_, deleted) = accounts.remove(&ada.sub, at(9)).await.unwrap();
    assert_eq!(deleted, Deleted::Done);
    assert_eq!(tables.count("OutboxTable").await, 0);
}

#[tokio::test]
async fn a_notice_that_is_switched_off_is_not_written() {
    for notices in ["none", "new_network,address_changed"] {
        let (tables, accounts, ada) = started(notices).await;
        change_everything(&tables, &accounts, &ada).await;
    }
}

#[tokio::test]
async fn without_an_outbox_or_an_address_there_is_no_notice() {
    let (tables, _, ada) = started("none").await;
    change_everything(&tables, &tables.accounts, &ada).await;

    let mut bob = user(1, "bob");
    (bob.email, bob.email_canonical) = (None, None);
    let tables = Tables::start_with(&[&bob]).await;
    tables.sessions.create(&session(4, 1)).await.unwrap();
    let all = "password_changed,account_disabled,account_deleted,refresh_replayed";
    change_everything(&tables, &with_notices(&tables, all), &bob).await;
}

#[tokio::test]
async fn a_deletion_that_a_backup_undid_is_repeated_without_a_notice() {
    let (tables, accounts, ada) = started("account_deleted").await;
    let (_, deleted) = tables.accounts.remove(&ada.sub, at(1)).await.unwrap();
    assert_eq!(deleted, Deleted::Done);
    tables.users.register(&ada).await.unwrap();
    let raised = accounts.raise(&ada.sub, at(9)).await.unwrap();
    assert!(matches!(raised, Raised::Deleted(_)), "{raised:?}");
    assert_eq!(tables.count("OutboxTable").await, 0);
}
