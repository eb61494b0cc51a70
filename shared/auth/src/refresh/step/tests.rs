use secrecy::ExposeSecret;

use super::*;
use crate::key::MacKey;
use crate::role::Roles;
use crate::scope::Scopes;
use crate::username::Username;

mod model;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const GRACE: Duration = Duration::from_secs(30);

fn sub(byte: u8) -> SubjectId {
    SubjectId::from_bytes([byte; 16])
}

fn attempt_id(byte: u8) -> AttemptId {
    AttemptId::from_bytes([byte; 16])
}

/// A verified token of subject 1, session 1.
fn presented(generation: u32) -> RefreshToken {
    let key = MacKey::generate().unwrap();
    let sid = SessionId::from_bytes([1; 16]);
    let token = RefreshToken::mint(&key, &sub(1), &sid, generation).unwrap();
    let token = RefreshToken::parse(token.expose_secret()).unwrap();
    token.verify(&key).unwrap()
}

/// A live session of that subject, rotated to `generation` a second ago by another attempt.
fn session(generation: u32) -> Session {
    let start = NOW.minus(Duration::from_hours(1));
    Session {
        sid: SessionId::from_bytes([1; 16]),
        sub: sub(1),
        generation,
        rotated_at: NOW.minus(Duration::from_secs(1)),
        attempt_id: attempt_id(9),
        mac_kid: "AAAAAAAAAAA".into(),
        session_version: 3,
        scope: Scopes::default(),
        auth_time: start,
        created_at: start,
        last_used_at: NOW.minus(Duration::from_secs(1)),
        idle_expires_at: NOW.plus(Duration::from_secs(1)),
        expires_at: NOW.plus(Duration::from_secs(1)),
        ip: String::new(),
        user_agent: String::new(),
        revoked_at: None,
    }
}

fn user() -> User {
    let username = Username::parse("Alice").unwrap();
    User {
        token_version: 8,
        session_version: 3,
        ..User::new(sub(1), &username, None, Roles::default(), None, NOW)
    }
}

/// Decides for the token of generation 5 and attempt 1.
fn decide_5(update: SessionUpdate, user: Option<&User>) -> RefreshDecision {
    let attempt = RefreshAttempt {
        presented: &presented(5),
        attempt_id: &attempt_id(1),
        grace: GRACE,
        now: NOW,
    };
    decide(update, user, &attempt)
}

fn refused_by(session: Session) -> RefreshDecision {
    decide_5(SessionUpdate::Refused(Some(session)), Some(&user()))
}

fn revoked_for(reason: RevokeReason) -> RefreshDecision {
    RefreshDecision::Revoke {
        sid: SessionId::from_bytes([1; 16]),
        sub: sub(1),
        reason,
    }
}

#[test]
fn a_successful_update_is_a_rotation() {
    let decision = decide_5(SessionUpdate::Rotated(session(6)), Some(&user()));
    assert_eq!(decision, RefreshDecision::Rotated(session(6)));
}

#[test]
fn a_missing_session_is_refused_without_a_write() {
    let decision = decide_5(SessionUpdate::Refused(None), Some(&user()));
    assert_eq!(decision, RefreshDecision::Refuse(RefreshRefusal::Unknown));
}

#[test]
fn the_session_of_another_subject_is_refused_without_a_write() {
    for generation in [4, 5, 6, 7] {
        let mut foreign = session(generation);
        foreign.sub = sub(2);
        foreign.revoked_at = Some(NOW);
        assert_eq!(
            refused_by(foreign),
            RefreshDecision::Refuse(RefreshRefusal::Unknown)
        );
    }
}

/// Even for an older token: a replay from a session that has ended raises no alarm and
/// never touches another session.
#[test]
fn an_ended_session_is_refused_without_a_write() {
    let endings: [fn(&mut Session); 3] = [
        |session| session.revoked_at = Some(NOW),
        |session| session.expires_at = NOW,
        |session| session.idle_expires_at = NOW,
    ];
    for end in endings {
        for generation in [4, 5, 6, 7] {
            let mut ended = session(generation);
            ended.attempt_id = attempt_id(1);
            end(&mut ended);
            assert_eq!(
                refused_by(ended),
                RefreshDecision::Refuse(RefreshRefusal::Ended)
            );
        }
    }
}

#[test]
fn a_session_behind_the_token_is_an_anomaly_and_is_not_ended() {
    for generation in [0, 4, 5] {
        let mut behind = session(generation);
        behind.attempt_id = attempt_id(1);
        assert_eq!(
            refused_by(behind),
            RefreshDecision::Refuse(RefreshRefusal::Ahead)
        );
    }
}

#[test]
fn a_lost_response_of_the_same_attempt_counts_as_its_success() {
    let mut ours = session(6);
    ours.attempt_id = attempt_id(1);
    ours.rotated_at = NOW.minus(Duration::from_hours(1));
    assert_eq!(refused_by(ours.clone()), RefreshDecision::Rotated(ours));
}

#[test]
fn the_previous_generation_gets_the_same_successor_within_the_window() {
    assert_eq!(
        refused_by(session(6)),
        RefreshDecision::Successor(session(6))
    );
}

#[test]
fn the_window_ends_after_its_last_second_and_tolerates_a_fast_clock() {
    for (seconds_ago, inside) in [(-30, true), (0, true), (29, true), (30, false), (31, false)] {
        let mut overtaken = session(6);
        overtaken.rotated_at = Timestamp::from_unix(NOW.unix() - seconds_ago);
        let expected = if inside {
            RefreshDecision::Successor(overtaken.clone())
        } else {
            revoked_for(RevokeReason::LateRepeat)
        };
        assert_eq!(refused_by(overtaken), expected, "{seconds_ago}");
    }
}

#[test]
fn without_a_window_even_a_concurrent_attempt_is_a_late_repeat() {
    let mut overtaken = session(6);
    overtaken.rotated_at = NOW;
    let attempt = RefreshAttempt {
        presented: &presented(5),
        attempt_id: &attempt_id(1),
        grace: Duration::ZERO,
        now: NOW,
    };
    let update = SessionUpdate::Refused(Some(overtaken));
    let decision = decide(update, Some(&user()), &attempt);
    assert_eq!(decision, revoked_for(RevokeReason::LateRepeat));
}

#[test]
fn an_older_generation_is_a_replay_even_within_the_window() {
    for generation in [7, 8, u32::MAX] {
        assert_eq!(
            refused_by(session(generation)),
            revoked_for(RevokeReason::Replay)
        );
    }
}

/// Whatever the session's state: rotated, rotated by another attempt, or a lost response.
#[test]
fn the_state_of_the_user_is_checked_last_and_refuses_without_a_write() {
    let mut ours = session(6);
    ours.attempt_id = attempt_id(1);
    let successes = [
        SessionUpdate::Rotated(session(6)),
        SessionUpdate::Refused(Some(session(6))),
        SessionUpdate::Refused(Some(ours)),
    ];
    let disabled = User {
        status: Status::Disabled,
        ..user()
    };
    for update in successes {
        for (user, refusal) in [
            (None, RefreshRefusal::UserGone),
            (Some(&disabled), RefreshRefusal::Disabled),
        ] {
            let decision = decide_5(update.clone(), user);
            assert_eq!(decision, RefreshDecision::Refuse(refusal));
        }
    }
}

/// A logout from all other sessions raises the versions of the user and of this session
/// in one transaction, which may run between the two reads.
#[test]
fn a_session_behind_its_user_is_read_again_and_continues_if_it_has_caught_up() {
    let ahead = User {
        session_version: 4,
        ..user()
    };
    let granted = session(6);
    let decision = decide_5(SessionUpdate::Rotated(granted.clone()), Some(&ahead));
    assert_eq!(decision, RefreshDecision::ReadAgain(granted.clone()));
    let mut caught_up = granted.clone();
    caught_up.session_version = 4;
    let mut revoked = caught_up.clone();
    revoked.revoked_at = Some(NOW);
    for (now, expected) in [
        (
            Some(&caught_up),
            RefreshDecision::Successor(granted.clone()),
        ),
        (
            Some(&granted),
            RefreshDecision::Refuse(RefreshRefusal::SessionVersion),
        ),
        (
            Some(&revoked),
            RefreshDecision::Refuse(RefreshRefusal::Ended),
        ),
        (None, RefreshDecision::Refuse(RefreshRefusal::Unknown)),
    ] {
        assert_eq!(decide_again(granted.clone(), now, &ahead), expected);
    }
}

#[test]
fn a_role_change_or_an_older_session_version_does_not_end_the_session() {
    let changed = User {
        token_version: 99,
        session_version: 2,
        ..user()
    };
    let decision = decide_5(SessionUpdate::Rotated(session(6)), Some(&changed));
    assert_eq!(decision, RefreshDecision::Rotated(session(6)));
}

#[test]
fn if_the_session_refuses_the_user_is_not_checked() {
    let decision = decide_5(SessionUpdate::Refused(Some(session(4))), None);
    assert_eq!(decision, RefreshDecision::Refuse(RefreshRefusal::Ahead));
    let decision = decide_5(SessionUpdate::Refused(Some(session(8))), None);
    assert_eq!(decision, revoked_for(RevokeReason::Replay));
}

#[test]
fn log_reasons_are_distinct_words() {
    let reasons = [
        RefreshRefusal::Unknown.reason(),
        RefreshRefusal::Ended.reason(),
        RefreshRefusal::Ahead.reason(),
        RefreshRefusal::UserGone.reason(),
        RefreshRefusal::Disabled.reason(),
        RefreshRefusal::SessionVersion.reason(),
        RevokeReason::Replay.reason(),
        RevokeReason::LateRepeat.reason(),
    ];
    let distinct: std::collections::HashSet<_> = reasons.into_iter().collect();
    assert_eq!(distinct.len(), reasons.len());
}
