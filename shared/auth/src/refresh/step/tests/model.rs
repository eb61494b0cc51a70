//! The lineage of a session, compared with a model: whatever clients send and whichever
//! responses are lost, there is at most one live successor, and an honest client that
//! retries in time is never locked out.

use proptest::prelude::*;

use super::*;

/// One event.
#[derive(Debug, Clone)]
enum Event {
    /// A token is presented, `age` generations older than the newest ever issued.
    Refresh { age: u32, response: Response },
    /// Time passes; in seconds.
    Wait(u32),
}

/// What happens to the first response of the update.
#[derive(Debug, Clone, Copy)]
enum Response {
    Arrives,
    /// It is lost, and the SDK repeats the update with the same attempt id.
    Lost,
}

/// The session's item with its conditional update.
struct Table {
    item: Session,
    now: Timestamp,
    attempts: u8,
}

impl Table {
    fn update(&mut self, generation: u32, id: &AttemptId) -> SessionUpdate {
        let item = &mut self.item;
        let holds = item.generation == generation
            && item.revoked_at.is_none()
            && item.expires_at > self.now
            && item.idle_expires_at > self.now;
        if !holds {
            return SessionUpdate::Refused(Some(item.clone()));
        }
        item.generation += 1;
        item.rotated_at = self.now;
        item.attempt_id = id.clone();
        SessionUpdate::Rotated(item.clone())
    }

    fn refresh(&mut self, generation: u32, response: Response) -> RefreshDecision {
        self.attempts = self.attempts.wrapping_add(1);
        let id = attempt_id(self.attempts);
        let update = match response {
            Response::Arrives => self.update(generation, &id),
            Response::Lost => {
                self.update(generation, &id);
                self.update(generation, &id)
            }
        };
        let attempt = RefreshAttempt {
            presented: &presented(generation),
            attempt_id: &id,
            grace: GRACE,
            now: self.now,
        };
        let decision = decide(update, Some(&user()), &attempt);
        if let RefreshDecision::Revoke { .. } = decision {
            self.item.revoked_at = Some(self.now);
        }
        decision
    }
}

fn table() -> Table {
    let mut item = session(0);
    item.rotated_at = NOW;
    item.idle_expires_at = NOW.plus(Duration::from_secs(1_000_000));
    item.expires_at = item.idle_expires_at;
    Table {
        item,
        now: NOW,
        attempts: 100,
    }
}

fn event() -> impl Strategy<Value = Event> {
    let response = prop_oneof![Just(Response::Arrives), Just(Response::Lost)];
    prop_oneof![
        4 => (prop_oneof![4 => Just(0_u32), 2 => Just(1), 1 => 2_u32..4], response)
            .prop_map(|(age, response)| Event::Refresh { age, response }),
        1 => (0_u32..45).prop_map(Event::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_lineage_has_at_most_one_live_successor(events in prop::collection::vec(event(), 1..40)) {
        let mut table = table();
        for event in events {
            let (age, response) = match event {
                Event::Wait(seconds) => {
                    table.now = table.now.plus(Duration::from_secs(seconds.into()));
                    continue;
                }
                Event::Refresh { age, response } => (age, response),
            };
            let before = table.item.clone();
            let Some(generation) = before.generation.checked_sub(age) else {
                continue;
            };
            let fresh = table.now.since(before.rotated_at) < GRACE;
            let decision = table.refresh(generation, response);
            match decision {
                // A revoked session never returns tokens again.
                RefreshDecision::Rotated(_) | RefreshDecision::Successor(_) if before.revoked_at.is_some() => {
                    prop_assert!(false, "a revoked session returned tokens");
                }
                // The one live successor has the item's generation, which is always one
                // more than that of the presented token.
                RefreshDecision::Rotated(session) => {
                    prop_assert_eq!(age, 0);
                    prop_assert_eq!(session.generation, before.generation + 1);
                    prop_assert_eq!(&session, &table.item);
                }
                RefreshDecision::Successor(session) => {
                    prop_assert_eq!(age, 1);
                    prop_assert!(fresh);
                    prop_assert_eq!(&session, &before);
                    prop_assert_eq!(&session, &table.item);
                }
                RefreshDecision::ReadAgain(_) => prop_assert!(false, "the user did not change"),
                RefreshDecision::Refuse(refusal) => {
                    prop_assert_eq!(refusal, RefreshRefusal::Ended);
                    prop_assert!(before.revoked_at.is_some());
                    prop_assert_eq!(&before, &table.item);
                }
                RefreshDecision::Revoke { reason, .. } => {
                    prop_assert!(age > 1 || (age == 1 && !fresh));
                    let expected = if age > 1 { RevokeReason::Replay } else { RevokeReason::LateRepeat };
                    prop_assert_eq!(reason, expected);
                }
            }
        }
    }

    /// An honest client whose responses are lost presents its token again within the
    /// window, and always ends up with the newest one.
    #[test]
    fn a_client_that_retries_in_time_is_never_locked_out(
        rounds in prop::collection::vec((0_u32..1000, 0_u32..4, 0_u32..10), 1..30),
    ) {
        let mut table = table();
        let mut held = 0;
        for (idle, lost, seconds) in rounds {
            table.now = table.now.plus(Duration::from_secs(idle.into()));
            for _ in 0..lost {
                table.refresh(held, Response::Arrives);
                table.now = table.now.plus(Duration::from_secs(seconds.into()));
            }
            held = match table.refresh(held, Response::Arrives) {
                RefreshDecision::Rotated(session) | RefreshDecision::Successor(session) => session.generation,
                refused @ (RefreshDecision::ReadAgain(_) | RefreshDecision::Refuse(_) | RefreshDecision::Revoke { .. }) => {
return Err(TestCaseError::fail(format!("{refused:?}")));
}
            };
            prop_assert_eq!(held, table.item.generation);
        }
    }
}
