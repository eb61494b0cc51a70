use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::id::{Jti, SessionId, SubjectId};
use gatehouse_auth::item_key::ItemKey;
use gatehouse_auth::role::Roles;
use gatehouse_auth::user::{Status, StoredHash, User, UserChange};
use gatehouse_store::{Attempt, Changed, Claim, Ended, Revoked, Verified};
use gatehouse_testing::at;

use crate::fixtures::user;
use crate::tables::Tables;

fn roles(names: &[&str]) -> UserChange {
    UserChange {
        roles: Some(Roles::parse(names.iter().copied()).unwrap()),
        ..UserChange::default()
    }
}

fn status(status: Status) -> UserChange {
    UserChange {
        status: Some(status),
        ..UserChange::default()
    }
}

/// Returns the result as a word.
fn word(changed: &Changed) -> &'static str {
    match changed {
        Changed::Done { .. } => "done",
        Changed::Unchanged(_) => "unchanged",
        Changed::NotFound => "not found",
        Changed::LastAdmin => "last admin",
        Changed::Taken(Claim::Username) => "username taken",
        Changed::Taken(_) => "email taken",
        Changed::RenamedRecently { .. } => "too soon",
    }
}

async fn change(tables: &Tables, of: u8, change: &UserChange) -> &'static str {
    let sub = SubjectId::from_bytes([of; 16]);
    let changed = tables.accounts.change(&sub, change, at(9)).await;
    word(&changed.unwrap())
}

async fn read(tables: &Tables, of: u8) -> User {
    let sub = SubjectId::from_bytes([of; 16]);
    tables.users.get(&sub).await.unwrap().unwrap()
}

/// Returns the number of administrators that the table counts.
async fn admins(tables: &Tables) -> String {
    let item = tables.item("UsersTable", "pk", "meta#admins").await;
    let count = item.and_then(|item| item.get("count")?.as_n().ok().cloned());
    count.unwrap_or_else(|| "none".into())
}

/// Returns how many of them the table counts as not verified.
async fn unverified(tables: &Tables) -> String {
    let item = tables.item("UsersTable", "pk", "meta#admins").await;
    let count = item.and_then(|item| item.get("unverified")?.as_n().ok().cloned());
    count.unwrap_or_else(|| "none".into())
}

async fn revoked(tables: &Tables, of: u8, ver: u64) -> Option<Revoked> {
    let (jti, sid) = (Jti::from_bytes([7; 16]), SessionId::from_bytes([7; 16]));
    let sub = SubjectId::from_bytes([of; 16]);
    let check = tables.revocations.check(&jti, &sid, &sub, ver);
    check.await.unwrap()
}

/// Returns why tokens of earlier versions were revoked.
async fn reason(tables: &Tables, of: u8) -> String {
    let key: String = ItemKey::subject_revocation(&SubjectId::from_bytes([of; 16])).into();
    let item = tables.item("RevocationsTable", "pk", &key).await.unwrap();
    let reason = item.get("reason").and_then(|reason| reason.as_s().ok());
    reason.unwrap().clone()
}

#[tokio::test]
async fn changing_roles_revokes_earlier_tokens_and_keeps_sessions() {
    let tables = Tables::start_with(&[&user(1, "ada")]).await;
    assert_eq!(change(&tables, 1, &roles(&["admin"])).await, "done");
    assert_eq!(tables.calls(), ["GetItem", "GetItem", "TransactWriteItems"]);

    let after = read(&tables, 1).await;
    assert_eq!(after.roles.to_string(), "admin");
    assert_eq!((after.token_version, after.session_version), (4, 2));
    assert_eq!(after.updated_at, at(9));
    assert_eq!(revoked(&tables, 1, 3).await, Some(Revoked::Subject));
    assert_eq!(revoked(&tables, 1, 4).await, None);
    assert_eq!(reason(&tables, 1).await, "role_changed");
    assert_eq!(admins(&tables).await, "1");
}

#[tokio::test]
async fn disabling_ends_sessions_too_and_enabling_does_not_bring_them_back() {
    let tables = Tables::start_with(&[&user(1, "ada")]).await;
    assert_eq!(change(&tables, 1, &status(Status::Disabled)).await, "done");
    let after = read(&tables, 1).await;
    assert_eq!(after.status, Status::Disabled);
    assert_eq!((after.token_version, after.session_version), (4, 3));
    assert_eq!(reason(&tables, 1).await, "user_disabled");
    assert_eq!(change(&tables, 1, &status(Status::Active)).await, "done");
    assert_eq!(reason(&tables, 1).await, "user_enabled");
    let after = read(&tables, 1).await;
    assert_eq!((after.token_version, after.session_version), (5, 3));
}

#[tokio::test]
async fn setting_the_current_value_or_changing_an_unknown_user_writes_nothing() {
    let tables = Tables::start_with(&[&user(1, "ada")]).await;
    assert_eq!(change(&tables, 1, &roles(&["user"])).await, "unchanged");
    assert_eq!(change(&tables, 2, &roles(&["user"])).await, "not found");
    assert_eq!(read(&tables, 1).await.token_version, 3);
    assert_eq!(tables.count("RevocationsTable").await, 0);
    assert_eq!(admins(&tables).await, "none");
}

#[tokio::test]
async fn the_last_active_administrator_can_neither_be_demoted_nor_disabled() {
    let tables = Tables::start().await;
    for (number, name) in [(1, "ada"), (2, "grace")] {
        let mut admin = user(number, name);
        admin.roles = Roles::parse(["admin", "user"]).unwrap();
        tables.users.register(&admin).await.unwrap();
    }
    assert_eq!(admins(&tables).await, "2", "new administrators are counted");
    assert_eq!(change(&tables, 1, &status(Status::Disabled)).await, "done");
    assert_eq!(
        change(&tables, 1, &roles(&["user"])).await,
        "done",
        "a disabled one does not count"
    );
    for refused in [roles(&["user"]), roles(&[]), status(Status::Disabled)] {
        assert_eq!(change(&tables, 2, &refused).await, "last admin");
    }
    assert_eq!(admins(&tables).await, "1");
    assert_eq!(read(&tables, 2).await.token_version, 3);
    assert_eq!(revoked(&tables, 2, 3).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_concurrent_demotions_leave_one_administrator() {
    let tables = Arc::new(Tables::start().await);
    let people = 1..=8;
    for number in people.clone() {
        let mut admin = user(number, &format!("person{number}"));
        admin.roles = Roles::parse(["admin"]).unwrap();
        tables.users.register(&admin).await.unwrap();
    }
    let mut race = tokio::task::JoinSet::new();
    for number in 0..64 {
        let tables = tables.clone();
        race.spawn(async move {
            let demoted = number % 8 + 1;
            change(&tables, demoted, &roles(&["user"])).await
        });
    }
    let ends = race.join_all().await;
    assert_eq!(ends.iter().filter(|end| **end == "done").count(), 7);
    assert!(ends.contains(&"last admin"), "{ends:?}");
    let mut left = 0;
    for number in people {
        left += usize::from(read(&tables, number).await.is_active_admin());
    }
    assert_eq!((left, admins(&tables).await.as_str()), (1, "1"));
}

#[tokio::test]
async fn an_administrator_ends_every_session_of_a_user_at_any_version() {
    let ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    for expected in [(4, 3), (5, 4)] {
        assert!(end(&tables, &ada.sub).await);
        let after = read(&tables, 1).await;
        assert_eq!((after.token_version, after.session_version), expected);
    }
    assert_eq!(revoked(&tables, 1, 4).await, Some(Revoked::Subject));
    assert!(!end(&tables, &SubjectId::from_bytes([9; 16])).await);
}

async fn end(tables: &Tables, sub: &SubjectId) -> bool {
    let ended = tables.accounts.end_sessions_of(sub, "admin", at(9));
    ended.await.unwrap()
}

/// An address that an administrator sets is not verified; a code that was mailed to it
/// verifies it.
#[tokio::test]
async fn administrators_who_must_verify_first_are_counted_beside_all() {
    let mut ada = user(1, "ada");
    ada.verification_required = true;
    let tables = Tables::start_with(&[&ada]).await;
    let verified = async |expected: [&str; 2], has_none| {
        let counted = [admins(&tables).await, unverified(&tables).await];
        assert_eq!(counted, expected);
        let none = tables.users.has_no_verified_admin().await;
        assert_eq!(none.unwrap(), has_none);
    };
    verified(["none", "none"], true).await;
    change(&tables, 1, &roles(&["admin"])).await;
    verified(["1", "1"], true).await;
    let code = MailCode::mint(CodeKind::Recovery, &ada.sub, [7; 32]).unwrap();
    let now = read(&tables, 1).await;
    let issued = tables.issue(&code, (&now, "ada@example.org"), at(9)).await;
    assert_eq!(issued, Attempt::Begun);
    let hash = StoredHash::new("$argon2id$new".to_owned());
    let reset = tables.mailing.reset_password(&code, &hash, at(9)).await;
    assert_eq!(reset.unwrap(), Ended::Done);
    verified(["1", "0"], false).await;
    let email = EmailAddress::parse("ada@example.net").unwrap();
    let moved = UserChange {
        email: Some(email),
        ..UserChange::default()
    };
    change(&tables, 1, &moved).await;
    verified(["1", "1"], true).await;
    let code = MailCode::mint(CodeKind::Verification, &ada.sub, [8; 32]).unwrap();
    let now = read(&tables, 1).await;
    let issued = tables.issue(&code, (&now, "ada@example.net"), at(9)).await;
    assert_eq!(issued, Attempt::Begun);
    let ver = now.token_version;
    let proven = tables.mailing.verify_email(&code, ver, at(9)).await;
    assert!(matches!(proven.unwrap(), Verified::Done { .. }));
    verified(["1", "0"], false).await;

    // Another one, who is never verified.
    let mut bob = user(2, "bob");
    bob.verification_required = true;
    bob.roles = Roles::parse(["admin"]).unwrap();
    tables.users.register(&bob).await.unwrap();
    verified(["2", "1"], false).await;
    tables.accounts.remove(&bob.sub, at(9)).await.unwrap();
    verified(["1", "0"], false).await;
}

/// Written before there was mail.
#[tokio::test]
async fn without_the_second_number_every_administrator_counts_as_verified() {
    let tables = Tables::start().await;
    let users = tables
        .client
        .put_item()
        .table_name(tables.name("UsersTable"));
    let one = AttributeValue::N("1".to_owned());
    let put = users
        .item("pk", AttributeValue::S("meta#admins".to_owned()))
        .item("count", one);
    put.send().await.unwrap();
    assert!(!tables.users.has_no_verified_admin().await.unwrap());
}
