use std::error::Error as _;

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::id::{Jti, SubjectId};
use gatehouse_auth::session::Session;
use gatehouse_auth::user::User;
use gatehouse_auth::version::MAX_VERSION;
use gatehouse_store::{Ended, Revoked, SessionOwner, StoreError};
use gatehouse_testing::at;

use crate::fixtures::{session, user};
use crate::tables::Tables;

/// Creates two sessions of one user.
async fn started() -> (Tables, User, [Session; 2]) {
    let user = user(1, "ada");
    let sessions = [session(1, 1), session(2, 1)];
    let tables = Tables::start_with(&[&user]).await;
    for session in &sessions {
        tables.sessions.create(session).await.unwrap();
    }
    tables.calls();
    (tables, user, sessions)
}

async fn end(tables: &Tables, session: &Session) -> Result<Ended, StoreError> {
    let (sid, sub) = (&session.sid, &session.sub);
    let accounts = &tables.accounts;
    accounts.end_session(sid, sub, "logout_local", at(9)).await
}

async fn end_others(tables: &Tables, session: &Session, ver: u64) -> Ended {
    let owner = SessionOwner {
        sub: &session.sub,
        sid: &session.sid,
        ver,
    };
    let ended = tables.accounts.end_other_sessions(&owner, at(9));
    ended.await.unwrap()
}

async fn end_all(tables: &Tables, sub: &SubjectId, ver: u64) -> Ended {
    let accounts = &tables.accounts;
    let ended = accounts.end_all_sessions(sub, ver, "logout_global", at(9));
    ended.await.unwrap()
}

async fn check(tables: &Tables, session: &Session, ver: u64) -> Option<Revoked> {
    let jti = Jti::from_bytes([7; 16]);
    let check = tables
        .revocations
        .check(&jti, &session.sid, &session.sub, ver);
    check.await.unwrap()
}

#[tokio::test]
async fn an_ended_session_is_revoked_with_its_access_tokens_in_one_call() {
    let (tables, _, [mine, other]) = started().await;
    assert_eq!(end(&tables, &mine).await.unwrap(), Ended::Done);
    assert_eq!(tables.calls(), ["TransactWriteItems"]);

    let read = tables.sessions.get(&mine.sid).await.unwrap().unwrap();
    assert_eq!(read.revoked_at, Some(at(9)));
    assert_eq!(check(&tables, &mine, 3).await, Some(Revoked::Session));
    assert_eq!(check(&tables, &other, 3).await, None);
    assert_eq!(tables.sessions.get(&other.sid).await.unwrap(), Some(other));
}

#[tokio::test]
async fn a_session_that_replaces_another_ends_it_in_the_same_call() {
    let (tables, _, [mine, other]) = started().await;
    let new = session(3, 1);
    let replaced = tables.accounts.replace_session(&mine.sid, &new, at(9));
    replaced.await.unwrap();
    assert_eq!(tables.calls(), ["TransactWriteItems"]);

    assert_eq!(tables.sessions.get(&mine.sid).await.unwrap(), None);
    assert_eq!(check(&tables, &mine, 3).await, Some(Revoked::Session));
    assert_eq!(
        tables.sessions.get(&new.sid).await.unwrap(),
        Some(new.clone())
    );
    assert_eq!(check(&tables, &new, 3).await, None);

    // The id is in use, so nothing ends either.
    let again = tables.accounts.replace_session(&other.sid, &new, at(9));
    let error = again.await.unwrap_err();
    let cause = error.source().map(ToString::to_string);
    assert_eq!(cause.as_deref(), Some("the session exists"));
    assert_eq!(check(&tables, &other, 3).await, None);
}

#[tokio::test]
async fn ending_a_session_again_is_done_and_keeps_the_first_time() {
    let (tables, _, [mine, _]) = started().await;
    let revoked = AttributeValue::N(at(1).unix().to_string());
    tables
        .set(
            "SessionsTable",
            ("sid", mine.sid.as_str()),
            "revoked_at",
            revoked,
        )
        .await;
    for _ in 0..2 {
        assert_eq!(end(&tables, &mine).await.unwrap(), Ended::Done);
    }
    let read = tables.sessions.get(&mine.sid).await.unwrap().unwrap();
    assert_eq!(read.revoked_at, Some(at(1)));
}

#[tokio::test]
async fn ending_a_session_whose_item_is_gone_still_revokes_its_tokens() {
    let tables = Tables::start().await;
    let gone = session(1, 1);
    assert_eq!(end(&tables, &gone).await.unwrap(), Ended::Done);
    assert_eq!(tables.calls(), ["TransactWriteItems", "PutItem"]);
    assert_eq!(check(&tables, &gone, 3).await, Some(Revoked::Session));
    assert_eq!(tables.count("SessionsTable").await, 0);
}

#[tokio::test]
async fn a_session_of_another_user_cannot_be_ended() {
    let (tables, _, [mine, _]) = started().await;
    let mut stranger = mine.clone();
    stranger.sub = SubjectId::from_bytes([9; 16]);
    assert_eq!(end(&tables, &stranger).await.unwrap(), Ended::Refused);
    assert_eq!(tables.sessions.get(&mine.sid).await.unwrap(), Some(mine));
    assert_eq!(tables.count("RevocationsTable").await, 0);
}

#[tokio::test]
async fn ending_sessions_succeeds_even_if_the_first_response_is_lost() {
    let (tables, _, [mine, other]) = started().await;
    tables.lose_next_answer();
    assert_eq!(end(&tables, &mine).await.unwrap(), Ended::Done);
    tables.lose_next_answer();
    assert_eq!(end_others(&tables, &other, 3).await, Ended::Done);
    tables.lose_next_answer();
    assert_eq!(end_all(&tables, &other.sub, 4).await, Ended::Done);
}

#[tokio::test]
async fn ending_the_other_sessions_leaves_only_this_one() {
    let (tables, user, [mine, other]) = started().await;
    assert_eq!(end_others(&tables, &mine, 3).await, Ended::Done);
    assert_eq!(tables.calls(), ["TransactWriteItems"]);

    let after = tables.users.get(&user.sub).await.unwrap().unwrap();
    assert_eq!((after.token_version, after.session_version), (4, 3));
    assert_eq!(after.updated_at, at(9));
    let session_version = async |session: &Session| {
        let read = tables.sessions.get(&session.sid).await.unwrap();
        read.unwrap().session_version
    };
    assert_eq!(session_version(&mine).await, 3);
    assert_eq!(session_version(&other).await, 2);
    assert_eq!(check(&tables, &mine, 3).await, Some(Revoked::Subject));
    assert_eq!(check(&tables, &mine, 4).await, None);
}

#[tokio::test]
async fn ending_all_sessions_includes_this_one() {
    let (tables, user, [mine, _]) = started().await;
    assert_eq!(end_all(&tables, &user.sub, 3).await, Ended::Done);
    assert_eq!(tables.calls(), ["TransactWriteItems"]);
    let after = tables.users.get(&user.sub).await.unwrap().unwrap();
    assert_eq!((after.token_version, after.session_version), (4, 3));
    let read = tables.sessions.get(&mine.sid).await.unwrap().unwrap();
    assert_eq!(read.session_version, 2);
    assert_eq!(check(&tables, &mine, 3).await, Some(Revoked::Subject));
}

#[tokio::test]
async fn a_token_older_than_the_last_change_ends_nothing() {
    let (tables, user, [mine, _]) = started().await;
    assert_eq!(end_all(&tables, &user.sub, 2).await, Ended::Refused);
    assert_eq!(end_others(&tables, &mine, 4).await, Ended::Refused);
    let unknown = SubjectId::from_bytes([9; 16]);
    assert_eq!(end_all(&tables, &unknown, 0).await, Ended::Refused);

    let after = tables.users.get(&user.sub).await.unwrap().unwrap();
    assert_eq!((after.token_version, after.session_version), (3, 2));
    assert_eq!(tables.count("RevocationsTable").await, 0);
    assert_eq!(tables.count("UsersTable").await, 3);
}

#[tokio::test]
async fn a_session_that_has_just_been_ended_ends_no_others() {
    let (tables, user, [mine, _]) = started().await;
    end(&tables, &mine).await.unwrap();
    assert_eq!(end_others(&tables, &mine, 3).await, Ended::Refused);
    let after = tables.users.get(&user.sub).await.unwrap().unwrap();
    assert_eq!((after.token_version, after.session_version), (3, 2));
}

#[tokio::test]
async fn the_lowest_version_of_a_subject_never_falls() {
    let (tables, user, [mine, _]) = started().await;
    let key = format!("sub#{}", user.sub);
    tables
        .set(
            "RevocationsTable",
            ("pk", &key),
            "min_ver",
            AttributeValue::N("9".into()),
        )
        .await;
    assert_eq!(end_others(&tables, &mine, 3).await, Ended::Refused);
    let item = tables.item("RevocationsTable", "pk", &key).await.unwrap();
    assert_eq!(item["min_ver"], AttributeValue::N("9".into()));
}

#[tokio::test]
async fn a_session_whose_version_is_at_its_end_ends_no_others() {
    let (tables, _, [mine, _]) = started().await;
    let last = AttributeValue::N((MAX_VERSION - 1).to_string());
    let key = ("sid", mine.sid.as_str());
    let set = tables.set("SessionsTable", key, "session_version", last);
    set.await;
    assert_eq!(end_others(&tables, &mine, 3).await, Ended::Refused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_two_sessions_end_each_other_one_survives() {
    let (tables, _, sessions) = started().await;
    let tables = std::sync::Arc::new(tables);
    let mut race = tokio::task::JoinSet::new();
    for session in sessions {
        let tables = tables.clone();
        race.spawn(async move { end_others(&tables, &session, 3).await });
    }
    let ends = race.join_all().await;
    assert!(
        ends.contains(&Ended::Done) && ends.contains(&Ended::Refused),
        "{ends:?}"
    );
}

#[tokio::test]
async fn the_oldest_session_beyond_a_limit_ends_with_its_access_tokens() {
    let (tables, ada, [mine, other]) = started().await;
    let mut newest = session(3, 1);
    newest.created_at = at(8);
    tables.sessions.create(&newest).await.unwrap();
    let accounts = &tables.accounts;
    let surplus = accounts.surplus_sessions(&ada.sub, 2).await.unwrap();
    let surplus = surplus.beside_the_end_of(&other.sid);
    let ended = accounts.end_surplus(surplus, at(9)).await.unwrap();
    assert_eq!(ended, std::slice::from_ref(&mine.sid));
    assert_eq!(tables.sessions.get(&mine.sid).await.unwrap(), None);
    assert_eq!(check(&tables, &mine, 3).await, Some(Revoked::Session));
    for lives in [&other, &newest] {
        assert_eq!(check(&tables, lives, 3).await, None);
    }
}
