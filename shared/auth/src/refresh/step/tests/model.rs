//! A session and its user, compared with a model: whatever clients send, whichever responses
//! are lost, and whatever happens to the session and the user in between, there is at most one
//! live successor, and an honest client that retries in time is never locked out.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// One event.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// A token is presented.
    Refresh {
        /// How many generations older than the newest token ever issued.
        age: u32,
        response: Response,
        /// What happens between the update of the session and the read of the user.
        during: Option<Change>,
    },
    /// The last request is repeated with its idempotency key, and so with its attempt id.
    Repeat,
    Change(Change),
    /// Time passes; in seconds.
    Wait(u64),
    Backup,
    /// The session's table becomes what the last backup was, and with `true` the user's too.
    Restore(bool),
}

/// What happens to the first response of the update.
#[derive(Debug, Clone, Copy)]
enum Response {
    Arrives,
    /// It is lost, and the SDK repeats the update with the same attempt id.
    Lost,
}

/// A change of the session or of the user.
#[derive(Debug, Clone, Copy)]
enum Change {
    LogOut,
    /// Ends every session of the user.
    EndAll,
    /// Ends every session of the user but this one.
    Password,
    /// Raises the token version, which refuses access tokens and no refresh.
    Roles,
    Disable,
    Enable,
    Delete,
}

/// The session's item with its conditional update, and the user.
#[derive(Debug, Clone)]
struct Table {
    item: Session,
    user: Option<User>,
    now: Timestamp,
    attempts: u8,
}

impl Table {
    fn new(idle: Duration, lifetime: Duration) -> Self {
        let mut item = session(0);
        item.rotated_at = NOW;
        item.idle_expires_at = NOW.plus(idle);
        item.expires_at = NOW.plus(lifetime);
        Self {
            item,
            user: Some(user()),
            now: NOW,
            attempts: 100,
        }
    }

    fn is_live(&self) -> bool {
        let item = &self.item;
        item.revoked_at.is_none() && item.expires_at > self.now && item.idle_expires_at > self.now
    }

    fn update(&mut self, generation: u32, id: &AttemptId) -> SessionUpdate {
        if self.item.generation != generation || !self.is_live() {
            return SessionUpdate::Refused(Some(self.item.clone()));
        }
        let item = &mut self.item;
        item.generation += 1;
        item.rotated_at = self.now;
        item.attempt_id = id.clone();
        item.last_used_at = self.now;
        item.idle_expires_at = self.now.plus(IDLE).min(item.expires_at);
        SessionUpdate::Rotated(item.clone())
    }

    fn change(&mut self, change: Change) {
        let Some(user) = &mut self.user else { return };
        match change {
            Change::LogOut => self.item.revoked_at = Some(self.now),
            Change::EndAll => user.session_version += 1,
            Change::Password => {
                user.session_version += 1;
                // The condition of the transaction: it never brings an ended session back.
                if self.item.revoked_at.is_none()
                    && self.item.session_version + 1 == user.session_version
                {
                    self.item.session_version = user.session_version;
                }
            }
            Change::Roles => user.token_version += 1,
            Change::Disable => user.status = Status::Disabled,
            Change::Enable => user.status = Status::Active,
            Change::Delete => self.user = None,
        }
    }

    fn next_attempt(&mut self) -> AttemptId {
        self.attempts = self.attempts.wrapping_add(1);
        attempt_id(self.attempts)
    }

    fn refresh(&mut self, generation: u32, response: Response) -> RefreshDecision {
        let id = self.next_attempt();
        self.attempt(generation, &id, response, None)
    }

    /// Runs an attempt as the function does.
    fn attempt(
        &mut self,
        generation: u32,
        id: &AttemptId,
        response: Response,
        during: Option<Change>,
    ) -> RefreshDecision {
        let update = match response {
            Response::Arrives => self.update(generation, id),
            Response::Lost => {
                self.update(generation, id);
                self.update(generation, id)
            }
        };
        if let Some(change) = during {
            self.change(change);
        }
        let attempt = RefreshAttempt {
            presented: &presented(generation),
            attempt_id: id,
            grace: GRACE,
            now: self.now,
        };
        let mut decision = decide(update, self.user.as_ref(), &attempt);
        if let RefreshDecision::ReadAgain(granted) = decision {
            let user = self.user.as_ref().unwrap();
            decision = decide_again(granted, Some(&self.item), user);
        }
        if let RefreshDecision::Revoke { .. } = decision {
            self.item.revoked_at.get_or_insert(self.now);
        }
        decision
    }
}

/// What a client may expect, from the tables before its attempt and after it.
#[derive(Debug, PartialEq, Eq)]
enum Promise {
    /// The tokens of this generation.
    Tokens(u32),
    Refused(RefreshRefusal),
    Ended(RevokeReason),
}

impl Promise {
    fn made(before: &Table, after: &Table, generation: u32, id: &AttemptId) -> Self {
        let item = &before.item;
        if !before.is_live() {
            return Self::Refused(RefreshRefusal::Ended);
        }
        let behind = i64::from(item.generation) - i64::from(generation);
        let in_grace = before.now.since(item.rotated_at) < GRACE;
        match behind {
            ..0 => return Self::Refused(RefreshRefusal::Ahead),
            0 => {}
            _ if item.attempt_id == *id => {}
            1 if in_grace => {}
            1 => return Self::Ended(RevokeReason::LateRepeat),
            2.. => return Self::Ended(RevokeReason::Replay),
        }
        match &after.user {
            None => Self::Refused(RefreshRefusal::UserGone),
            Some(user) if user.status == Status::Disabled => {
                Self::Refused(RefreshRefusal::Disabled)
            }
            Some(user) if item.session_version >= user.session_version => {
                Self::Tokens(generation + 1)
            }
            // The user's sessions have ended, this one perhaps excepted.
            Some(_) if after.item.revoked_at.is_some() => Self::Refused(RefreshRefusal::Ended),
            Some(user) if after.item.session_version < user.session_version => {
                Self::Refused(RefreshRefusal::SessionVersion)
            }
            Some(_) => Self::Tokens(generation + 1),
        }
    }

    fn kept(decision: &RefreshDecision) -> Self {
        match decision {
            RefreshDecision::Rotated(session) | RefreshDecision::Successor(session) => {
                Self::Tokens(session.generation)
            }
            RefreshDecision::Refuse(refusal) => Self::Refused(*refusal),
            RefreshDecision::Revoke { reason, .. } => Self::Ended(*reason),
            RefreshDecision::ReadAgain(_) => panic!("it was read again"),
        }
    }
}

/// A history: the tables, and what has been promised so far.
struct History {
    table: Table,
    backup: Table,
    /// The newest generation ever issued, also before a restore.
    newest: u32,
    /// The generations that attempts have rotated away since the last restore.
    rotated: BTreeSet<u32>,
    last: Option<(u32, AttemptId)>,
}

impl History {
    fn new() -> Self {
        let table = Table::new(IDLE, LIFETIME);
        Self {
            backup: table.clone(),
            table,
            newest: 0,
            rotated: BTreeSet::new(),
            last: None,
        }
    }

    fn happens(&mut self, event: Event) -> Result<(), TestCaseError> {
        match event {
            Event::Wait(seconds) => {
                self.table.now = self.table.now.plus(Duration::from_secs(seconds));
            }
            Event::Change(change) => self.table.change(change),
            Event::Backup => self.backup = self.table.clone(),
            Event::Restore(with_user) => {
                self.table.item = self.backup.item.clone();
                if with_user {
                    self.table.user = self.backup.user.clone();
                }
                self.rotated.clear();
            }
            Event::Repeat => {
                if let Some((generation, id)) = self.last.clone() {
                    self.attempt(generation, &id, Response::Arrives, None)?;
                }
            }
            Event::Refresh {
                age,
                response,
                during,
            } => {
                if let Some(generation) = self.newest.checked_sub(age) {
                    let id = self.table.next_attempt();
                    self.attempt(generation, &id, response, during)?;
                    self.last = Some((generation, id));
                }
            }
        }
        Ok(())
    }

    fn attempt(
        &mut self,
        generation: u32,
        id: &AttemptId,
        response: Response,
        during: Option<Change>,
    ) -> Result<(), TestCaseError> {
        let before = self.table.clone();
        let decision = self.table.attempt(generation, id, response, during);
        let (item, old) = (&self.table.item, &before.item);
        let promised = Promise::made(&before, &self.table, generation, id);
        prop_assert_eq!(Promise::kept(&decision), promised);

        if item.generation != old.generation {
            prop_assert_eq!(
                (generation, item.generation),
                (old.generation, generation + 1)
            );
            prop_assert!(self.rotated.insert(generation), "{} twice", generation);
        } else if during.is_none() && !matches!(decision, RefreshDecision::Revoke { .. }) {
            prop_assert_eq!(item, old, "written without a rotation");
        }
        if let RefreshDecision::Rotated(session) | RefreshDecision::Successor(session) = &decision {
            // The one live successor has the item's generation.
            prop_assert_eq!(session.generation, item.generation);
            prop_assert!(before.is_live());
            self.newest = self.newest.max(session.generation);
        }
        prop_assert_eq!(item.expires_at, NOW.plus(LIFETIME));
        prop_assert!(item.idle_expires_at <= item.expires_at);
        prop_assert!(old.revoked_at.is_none() || item.revoked_at.is_some());
        Ok(())
    }
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => Just(Change::Roles),
        3 => Just(Change::Password),
        2 => Just(Change::Disable),
        3 => Just(Change::Enable),
        1 => Just(Change::EndAll),
        1 => Just(Change::LogOut),
        1 => Just(Change::Delete),
    ]
}

fn events() -> impl Strategy<Value = Event> {
    let response = || prop_oneof![Just(Response::Arrives), Just(Response::Lost)];
    let age = || prop_oneof![4 => Just(0_u32), 2 => Just(1), 1 => 2_u32..4];
    let quiet = (age(), response()).prop_map(|(age, response)| Event::Refresh {
        age,
        response,
        during: None,
    });
    let disturbed =
        (age(), response(), changes()).prop_map(|(age, response, change)| Event::Refresh {
            age,
            response,
            during: Some(change),
        });
    prop_oneof![
        16 => quiet,
        2 => disturbed,
        3 => Just(Event::Repeat),
        2 => changes().prop_map(Event::Change),
        4 => (0_u64..45).prop_map(Event::Wait),
        1 => select(&[599_u64, 600, 1_800, 3_600][..]).prop_map(Event::Wait),
        1 => Just(Event::Backup),
        1 => any::<bool>().prop_map(Event::Restore),
    ]
}

proptest! {
    #![proptest_config(crate::property::config())]

    #[test]
    fn a_lineage_has_at_most_one_live_successor(events in prop::collection::vec(events(), 1..40)) {
        let mut history = History::new();
        for event in events {
            history.happens(event)?;
        }
    }

    /// An honest client whose responses are lost presents its token again within the
    /// window, and always ends up with the newest one, whatever the user's roles become.
    #[test]
    fn a_client_that_retries_in_time_is_never_locked_out(
        rounds in prop::collection::vec((0_u64..1000, 0_u32..4, 0_u64..10, any::<bool>()), 1..30),
    ) {
        let ever = Duration::from_secs(1_000_000);
        let (mut table, mut held) = (Table::new(ever, ever), 0);
        for (idle, lost, seconds, changes_roles) in rounds {
            table.item.idle_expires_at = table.item.expires_at;
            table.now = table.now.plus(Duration::from_secs(idle));
            for _ in 0..lost {
                table.refresh(held, Response::Arrives);
                table.now = table.now.plus(Duration::from_secs(seconds));
            }
            if changes_roles {
                table.change(Change::Roles);
            }
            let decision = table.refresh(held, Response::Arrives);
            prop_assert_eq!(Promise::kept(&decision), Promise::Tokens(table.item.generation));
            held = table.item.generation;
        }
    }
}

/// How long the session lives without a refresh, and at most.
const IDLE: Duration = Duration::from_mins(10);
const LIFETIME: Duration = Duration::from_hours(2);
