use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auth::failure::Failure;
use gatehouse_auth::id::{AttemptId, SubjectId};
use gatehouse_auth::key::MacKid;
use gatehouse_auth::refresh::step::SessionUpdate;
use gatehouse_auth::session::Session;
use gatehouse_auth::time::Timestamp;
use gatehouse_store::{RotateSession, StoreError};
use gatehouse_testing::{NOW, at, mac_kid};

use crate::fixtures::session;
use crate::tables::Tables;

const DAY: i64 = 86_400;

/// Presents a generation of a session's refresh token.
struct Presented {
    session: Session,
    generation: u32,
    attempt_id: AttemptId,
    mac_kid: MacKid,
    now: Timestamp,
}

impl Presented {
    fn new(session: &Session, generation: u32, attempt: u8) -> Self {
        Self {
            session: session.clone(),
            generation,
            attempt_id: AttemptId::from_bytes([attempt; 16]),
            mac_kid: mac_kid(),
            now: at(60),
        }
    }

    async fn rotate(&self, tables: &Tables) -> Result<SessionUpdate, StoreError> {
        let rotate = RotateSession {
            sid: &self.session.sid,
            sub: &self.session.sub,
            generation: self.generation,
            attempt_id: &self.attempt_id,
            mac_kid: &self.mac_kid,
            now: self.now,
            idle: Duration::from_hours(14 * 24),
            ip: "198.51.100.7",
            user_agent: "another",
        };
        tables.sessions.rotate(&rotate).await
    }
}

async fn started() -> (Tables, Session) {
    let tables = Tables::start().await;
    let session = session(1, 1);
    tables.sessions.create(&session).await.unwrap();
    tables.calls();
    (tables, session)
}

fn rotated(update: SessionUpdate) -> Session {
    match update {
        SessionUpdate::Rotated(session) => session,
        SessionUpdate::Refused(old) => panic!("refused: {old:?}"),
    }
}

fn refused(update: SessionUpdate) -> Option<Session> {
    match update {
        SessionUpdate::Refused(old) => old,
        SessionUpdate::Rotated(session) => panic!("rotated: {session:?}"),
    }
}

#[tokio::test]
async fn a_new_session_is_read_back_unchanged() {
    let (tables, session) = started().await;
    let read = tables.sessions.get(&session.sid).await.unwrap();
    assert_eq!(read, Some(session.clone()));
    assert_eq!(tables.calls(), ["GetItem"]);
    let item = tables
        .item("SessionsTable", "sid", session.sid.as_str())
        .await
        .unwrap();
    let end = session.expires_at.unix().to_string();
    assert_eq!(item["expires_at"], AttributeValue::N(end));
}

#[tokio::test]
async fn a_session_id_is_never_reused() {
    let (tables, first) = started().await;
    let mut second = first.clone();
    second.sub = SubjectId::from_bytes([9; 16]);
    let error = tables.sessions.create(&second).await.unwrap_err();
    assert!(matches!(error, StoreError::Rejected { .. }), "{error:?}");
    assert_eq!(tables.sessions.get(&first.sid).await.unwrap(), Some(first));
}

#[tokio::test]
async fn creating_a_session_again_after_a_lost_response_is_not_a_conflict() {
    let tables = Tables::start().await;
    tables.lose_next_answer();
    tables.sessions.create(&session(1, 1)).await.unwrap();
    assert_eq!(tables.calls(), ["PutItem", "PutItem"]);
}

#[tokio::test]
async fn a_rotation_raises_the_generation_and_keeps_the_rest() {
    let (tables, session) = started().await;
    let presented = Presented::new(&session, 0, 1);
    let after = rotated(presented.rotate(&tables).await.unwrap());
    assert_eq!(tables.calls(), ["UpdateItem"]);
    let expected = Session {
        generation: 1,
        rotated_at: at(60),
        attempt_id: presented.attempt_id.clone(),
        mac_kid: presented.mac_kid.to_string(),
        last_used_at: at(60),
        idle_expires_at: at(60 + 14 * DAY),
        ip: "198.51.100.7".into(),
        user_agent: "another".into(),
        ..session.clone()
    };
    assert_eq!(after, expected);
    assert_eq!(
        tables.sessions.get(&session.sid).await.unwrap(),
        Some(expected)
    );
}

#[tokio::test]
async fn the_idle_limit_never_exceeds_the_absolute_one_and_needs_no_second_call() {
    let (tables, session) = started().await;
    let mut presented = Presented::new(&session, 0, 1);
    for (generation, day) in [(0, 10), (1, 20), (2, 29)] {
        presented.generation = generation;
        presented.now = at(day * DAY);
        let after = rotated(presented.rotate(&tables).await.unwrap());
        let limit = at((day + 14).min(30) * DAY);
        assert_eq!(
            (after.idle_expires_at, after.expires_at),
            (limit, at(30 * DAY))
        );
        assert_eq!(tables.calls(), ["UpdateItem"]);
        assert_eq!(
            tables.sessions.get(&session.sid).await.unwrap(),
            Some(after)
        );
        tables.calls();
    }
    presented.generation = 3;
    presented.now = at(30 * DAY);
    let old = refused(presented.rotate(&tables).await.unwrap()).unwrap();
    assert_eq!((old.generation, old.idle_expires_at), (3, at(30 * DAY)));
}

#[tokio::test]
async fn a_refused_rotation_returns_the_unchanged_session() {
    let (tables, session) = started().await;
    let refusals: [(&str, i64); 3] = [
        ("revoked_at", NOW.unix()),
        ("idle_expires_at", at(60).unix()),
        ("expires_at", at(60).unix()),
    ];
    let key = ("sid", session.sid.as_str());
    for (attribute, value) in refusals {
        let before = tables.item("SessionsTable", key.0, key.1).await.unwrap();
        let value = AttributeValue::N(value.to_string());
        tables.set("SessionsTable", key, attribute, value).await;
        let presented = Presented::new(&session, 0, 1);
        let old = refused(presented.rotate(&tables).await.unwrap());
        assert_eq!(
            old,
            tables.sessions.get(&session.sid).await.unwrap(),
            "{attribute}"
        );
        match before.get(attribute) {
            Some(value) => {
                tables
                    .set("SessionsTable", key, attribute, value.clone())
                    .await;
            }
            None => tables.remove("SessionsTable", key, attribute).await,
        }
    }
    let mut stranger = Presented::new(&session, 0, 1);
    stranger.session.sub = SubjectId::from_bytes([9; 16]);
    assert!(refused(stranger.rotate(&tables).await.unwrap()).is_some());
    let ahead = Presented::new(&session, 1, 1);
    assert!(refused(ahead.rotate(&tables).await.unwrap()).is_some());
    assert_eq!(
        tables.sessions.get(&session.sid).await.unwrap(),
        Some(session)
    );
}

#[tokio::test]
async fn a_missing_session_is_refused_and_not_created() {
    let tables = Tables::start().await;
    let presented = Presented::new(&session(1, 1), 0, 1);
    assert_eq!(refused(presented.rotate(&tables).await.unwrap()), None);
    assert_eq!(tables.count("SessionsTable").await, 0);
}

#[tokio::test]
async fn a_rotation_retried_after_a_lost_response_finds_its_own_attempt() {
    let (tables, session) = started().await;
    tables.lose_next_answer();
    let presented = Presented::new(&session, 0, 1);
    let old = refused(presented.rotate(&tables).await.unwrap()).unwrap();
    assert_eq!(tables.calls(), ["UpdateItem", "UpdateItem"]);
    assert_eq!((old.generation, old.attempt_id), (1, presented.attempt_id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_64_concurrent_rotations_of_a_generation_wins() {
    let (tables, session) = started().await;
    let tables = std::sync::Arc::new(tables);
    let mut race = tokio::task::JoinSet::new();
    for attempt in 0..64 {
        let (tables, presented) = (tables.clone(), Presented::new(&session, 0, attempt));
        race.spawn(async move { presented.rotate(&tables).await.unwrap() });
    }
    let (won, lost): (Vec<SessionUpdate>, Vec<SessionUpdate>) = race
        .join_all()
        .await
        .into_iter()
        .partition(|update| matches!(update, SessionUpdate::Rotated(_)));
    let [winner]: [Session; 1] = won
        .into_iter()
        .map(rotated)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    for old in lost {
        assert_eq!(refused(old), Some(winner.clone()));
    }
}

#[tokio::test]
async fn a_corrupt_session_is_an_error_and_stays_untouched() {
    let (tables, session) = started().await;
    let key = ("sid", session.sid.as_str());
    let invalid = AttributeValue::S("x y\u{7}".into());
    tables.set("SessionsTable", key, "scope", invalid).await;
    let read = tables.sessions.get(&session.sid).await.unwrap_err();
    let rotate = Presented::new(&session, 7, 1).rotate(&tables).await;
    for error in [read, rotate.err().unwrap()] {
        assert!(!error.is_transient());
        let expected = format!(
            "item `{}` of table `gatehouse-local-sessions` is corrupt at `scope`",
            key.1
        );
        assert_eq!(error.to_string(), expected);
    }
}
