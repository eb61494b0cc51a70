use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::failure::Failure;
use gatehouse_auth::id::{Jti, SessionId, SubjectId};
use gatehouse_auth::role::Roles;
use gatehouse_auth::session::Session;
use gatehouse_auth::user::User;
use gatehouse_store::{AttemptKeys, Deleted, Revoked};
use gatehouse_testing::{at, at_call};

use crate::fixtures::{session, user};
use crate::tables::Tables;

async fn started() -> (Tables, User) {
    let ada = user(1, "ada");
    let tables = Tables::start_with(&[&ada]).await;
    (tables, ada)
}

async fn delete(tables: &Tables, user: &User) -> Deleted {
    let deleted = tables.accounts.delete(user.clone(), at(9));
    deleted.await.unwrap().1
}

async fn revoked(tables: &Tables, sub: &SubjectId, ver: u64) -> Option<Revoked> {
    let (jti, sid) = (Jti::from_bytes([7; 16]), SessionId::from_bytes([7; 16]));
    let check = tables.revocations.check(&jti, &sid, sub, ver);
    check.await.unwrap()
}

#[tokio::test]
async fn an_account_is_deleted_with_its_names_and_its_tokens_in_one_call() {
    let (tables, ada) = started().await;
    assert_eq!(delete(&tables, &ada).await, Deleted::Done);
    assert_eq!(tables.calls(), ["TransactWriteItems"]);
    assert_eq!(tables.count("UsersTable").await, 1, "the mark");
    for ver in [0, 3, u64::MAX - 1] {
        assert_eq!(
            revoked(&tables, &ada.sub, ver).await,
            Some(Revoked::Subject)
        );
    }
    let mut again = user(2, "ada");
    again.email_canonical = ada.email_canonical;
    tables.users.register(&again).await.unwrap();
}

#[tokio::test]
async fn an_account_that_has_changed_since_it_was_read_stays() {
    let (tables, mut ada) = started().await;
    ada.token_version = 2;
    assert_eq!(delete(&tables, &ada).await, Deleted::Refused);
    assert_eq!(tables.count("UsersTable").await, 3);
    assert_eq!(tables.count("RevocationsTable").await, 0);
    assert_eq!(delete(&tables, &user(9, "nobody")).await, Deleted::Refused);
}

#[tokio::test]
async fn a_name_that_belongs_to_another_user_is_not_deleted() {
    let (tables, ada) = started().await;
    let other = AttributeValue::S(SubjectId::from_bytes([5; 16]).to_string());
    tables
        .set("UsersTable", ("pk", "username#ada"), "sub", other)
        .await;
    let refused = tables.accounts.delete(ada, at(9)).await.unwrap_err();
    assert!(!refused.is_transient(), "{refused}");
    assert_eq!(tables.count("UsersTable").await, 3);
}

#[tokio::test]
async fn the_last_administrator_is_not_deleted() {
    let tables = Tables::start().await;
    let mut ada = user(1, "ada");
    ada.roles = Roles::parse(["admin"]).unwrap();
    let mut grace = user(2, "grace");
    grace.roles = ada.roles.clone();
    (grace.email, grace.email_canonical) = (None, None);
    for admin in [&ada, &grace] {
        tables.users.register(admin).await.unwrap();
    }
    assert_eq!(delete(&tables, &grace).await, Deleted::Done);
    assert_eq!(delete(&tables, &ada).await, Deleted::LastAdmin);
    assert_eq!(revoked(&tables, &ada.sub, 3).await, None);
    let count = tables
        .item("UsersTable", "pk", "meta#admins")
        .await
        .unwrap();
    assert_eq!(count["count"], AttributeValue::N("1".into()));
}

#[tokio::test]
async fn an_administrator_deletes_a_user_at_any_version() {
    let (tables, ada) = started().await;
    for expected in [Deleted::Done, Deleted::Refused] {
        let (found, deleted) = tables.accounts.remove(&ada.sub, at(9)).await.unwrap();
        assert_eq!(deleted, expected);
        assert_eq!(found.is_some(), expected == Deleted::Done);
    }
}

/// Creates 130 sessions of one user from 130 addresses, and one of another user.
async fn many_sessions(tables: &Tables) -> Vec<Session> {
    let mut sessions = Vec::new();
    for number in 0..130 {
        let mut session = session(number, 1);
        session.created_at = at(i64::from(number));
        session.ip = format!("192.0.2.{number}");
        tables.sessions.create(&session).await.unwrap();
        sessions.push(session);
    }
    tables.sessions.create(&session(200, 2)).await.unwrap();
    sessions
}

#[tokio::test]
async fn a_users_sessions_are_listed_newest_first_over_several_pages() {
    let tables = Tables::start().await;
    let mut expected = many_sessions(&tables).await;
    expected.reverse();
    let sub = SubjectId::from_bytes([1; 16]);
    assert_eq!(tables.sessions.of_user(&sub).await.unwrap(), expected);
    let unknown = SubjectId::from_bytes([9; 16]);
    assert_eq!(tables.sessions.of_user(&unknown).await.unwrap(), []);
}

#[tokio::test]
async fn every_session_and_every_known_counter_is_deleted() {
    let tables = Tables::start().await;
    many_sessions(&tables).await;
    let digests = vec!["one".to_owned(), "two".to_owned()];
    let own = format!("sub#{}", SubjectId::from_bytes([1; 16]));
    for key in [
        own.as_str(),
        "id#one",
        "pair#one#192.0.2.7",
        "pair#two#192.0.2.129",
        "id#three",
        "pair#three#192.0.2.7",
        "pair#one#198.51.100.1",
        "ip#192.0.2.7",
    ] {
        let failures = AttributeValue::N("1".into());
        tables
            .set("LoginAttemptsTable", ("pk", key), "failures", failures)
            .await;
    }
    let sub = SubjectId::from_bytes([1; 16]);
    let (accounts, attempts) = (&tables.accounts, &tables.attempts);
    let deleted = accounts
        .delete_traces(attempts, &sub, digests.clone())
        .await;
    assert_eq!(deleted.unwrap(), 130);
    assert_eq!(tables.count("SessionsTable").await, 1);
    // Those of other users, of an address, and of an address without a session remain.
    assert_eq!(tables.count("LoginAttemptsTable").await, 4);
    let again = accounts.delete_traces(attempts, &sub, digests).await;
    assert_eq!(again.unwrap(), 0);
}

#[tokio::test]
async fn a_deletion_interrupted_at_any_call_is_finished_from_its_mark() {
    let mut at_call_number = 0;
    loop {
        let (tables, ada) = started().await;
        tables.sessions.create(&session(4, 1)).await.unwrap();
        assert_eq!(delete(&tables, &ada).await, Deleted::Done);
        let (accounts, attempts) = (tables.accounts.clone(), tables.attempts.clone());
        let [pending] = accounts
            .pending_deletions()
            .await
            .unwrap()
            .try_into()
            .unwrap();
        assert_eq!((&pending.sub, pending.at), (&ada.sub, at(9)));
        assert_eq!(pending.digests, ada.identifier_digests(at(9)));
        let (sub, digests) = (ada.sub.clone(), pending.digests.clone());
        let traces = async move {
            accounts
                .delete_traces(&attempts, &sub, digests)
                .await
                .unwrap()
        };
        let killed = tables
            .faults()
            .kill_at(at_call(at_call_number), traces)
            .await;
        if killed.is_some() {
            break;
        }
        let (accounts, attempts) = (&tables.accounts, &tables.attempts);
        let rest = accounts.delete_traces(attempts, &ada.sub, pending.digests);
        rest.await.unwrap();
        assert_eq!(tables.count("SessionsTable").await, 0);
        assert!(accounts.pending_deletions().await.unwrap().is_empty());
        at_call_number += 1;
    }
    assert!(at_call_number >= 4, "{at_call_number}");
}

#[tokio::test]
async fn what_is_left_is_found_with_the_user_and_with_the_mark() {
    for has_user in [true, false] {
        let (tables, ada) = started().await;
        for number in [4, 5] {
            let created = tables.sessions.create(&session(number, 1)).await;
            created.unwrap();
        }
        for digest in ada.identifier_digests(at(9)) {
            let failures = AttributeValue::N("1".into());
            let key = format!("id#{digest}");
            let set = tables.set("LoginAttemptsTable", ("pk", &key), "failures", failures);
            set.await;
        }
        assert_eq!(delete(&tables, &ada).await, Deleted::Done);
        let (accounts, attempts) = (&tables.accounts, &tables.attempts);
        let who = (&ada.sub, has_user.then_some(&ada));
        let ended = accounts.finish_deletion(attempts, who, at(9)).await;
        assert_eq!(ended.unwrap(), 2);
        assert_eq!(tables.count("SessionsTable").await, 0);
        assert_eq!(tables.count("LoginAttemptsTable").await, 0);
        assert!(accounts.pending_deletions().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_corrupt_mark_does_not_hide_the_others() {
    let (tables, ada) = started().await;
    assert_eq!(delete(&tables, &ada).await, Deleted::Done);
    let invalid = AttributeValue::S("not a mark".into());
    tables
        .set("UsersTable", ("pk", "meta#deletions"), "someone", invalid)
        .await;
    let pending = tables.accounts.pending_deletions().await.unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].sub, ada.sub);
}

#[tokio::test]
async fn a_counter_of_an_ipv6_address_is_found_under_its_network() {
    let tables = Tables::start().await;
    let key = "pair#one#2001:db8:1:2::/64";
    let failures = AttributeValue::N("4".into());
    tables
        .set("LoginAttemptsTable", ("pk", key), "failures", failures)
        .await;
    let about = AttemptKeys {
        sub: SubjectId::from_bytes([1; 16]),
        digests: vec!["one".into()],
        addresses: ["2001:db8:1:2:3:4:5:6".to_owned()].into(),
    };
    let found = tables.attempts.read(&about).await.unwrap();
    assert_eq!(found, [serde_json::json!({ "pk": key, "failures": 4 })]);
    tables.attempts.delete(&about).await.unwrap();
    assert_eq!(tables.count("LoginAttemptsTable").await, 0);
}

#[tokio::test]
async fn revocations_of_a_user_and_of_any_number_of_sessions_are_read() {
    let (tables, ada) = started().await;
    let sessions = many_sessions(&tables).await;
    let sids: Vec<SessionId> = sessions.iter().map(|session| session.sid.clone()).collect();
    let own = &sessions[120];
    let ended = tables
        .accounts
        .end_session(&own.sid, &ada.sub, "test", at(9));
    ended.await.unwrap();
    let found = tables.revocations.of_user(&ada.sub, &sids).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].key, format!("sid#{}", own.sid));
    assert_eq!(
        (found[0].revoked_at, found[0].reason.as_str()),
        (at(9), "test")
    );
}
