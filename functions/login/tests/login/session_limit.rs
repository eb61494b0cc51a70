//! The limit of sessions per user, which never changes whether a login succeeds.

use gatehouse_auth::session::Session;
use gatehouse_auth::user::User;
use gatehouse_store::Sessions;
use gatehouse_testing::{Fault, at_call};

use crate::world::{HOME, PASSWORD, World};

const THREE: [(&str, &str); 1] = [("MAX_SESSIONS", "3")];

impl World {
    /// Returns the sessions of a user, newest first.
    pub(crate) async fn sessions_of(&self, user: &User) -> Vec<Session> {
        let table = self.tables.name("SessionsTable").to_owned();
        let sessions = Sessions::new(self.tables.plain_client(), table);
        sessions.of_user(&user.sub).await.unwrap()
    }

    /// Logs in that many times, a second apart.
    async fn log_in_times(&self, times: usize) {
        for _ in 0..times {
            self.pass(1);
            let response = self.log_in("ada", PASSWORD, HOME).await;
            assert_eq!(response.status(), 200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_beyond_the_limit_ends_the_oldest_session_before_it_responds() {
    let world = World::start_with(&THREE).await;
    let ada = world.add("ada", None).await;
    let bob = world.add("bob", None).await;
    assert_eq!(world.log_in("bob", PASSWORD, HOME).await.status(), 200);
    world.log_in_times(3).await;
    let first = world.sessions_of(&ada).await;
    assert_eq!(first.len(), 3);

    world.log_in_times(1).await;
    let now = world.sessions_of(&ada).await;
    assert_eq!(now[1..], first[..2], "the newer ones continue");
    let key = format!("sid#{}", first[2].sid);
    let revocation = world.tables.item("RevocationsTable", "pk", &key).await;
    assert!(revocation.is_some(), "its access tokens are revoked");
    assert_eq!(world.sessions_of(&bob).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_fails_or_is_late_ends_nothing_and_refuses_no_login() {
    for fault in [Fault::Cut, Fault::Hold] {
        let world = World::start_with(&THREE).await;
        let ada = world.add("ada", None).await;
        world.log_in_times(3).await;
        let query = at_call(0).of("Query");
        world.tables.faults().inject_always(query, fault.clone());
        world.log_in_times(2).await;
        assert_eq!(world.sessions_of(&ada).await.len(), 5, "{fault:?}");
        world.tables.faults().clear();
        world.log_in_times(1).await;
        assert_eq!(world.sessions_of(&ada).await.len(), 3, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_cannot_be_ended_refuses_no_login() {
    let world = World::start_with(&THREE).await;
    let ada = world.add("ada", None).await;
    world.log_in_times(3).await;
    let end = at_call(0).of("TransactWriteItems");
    world.tables.faults().inject_always(end, Fault::Cut);
    world.log_in_times(1).await;
    assert_eq!(world.sessions_of(&ada).await.len(), 4);
    assert_eq!(world.log_in("ada", "wrong", HOME).await.status(), 401);
    assert_eq!(world.sessions_of(&ada).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_ends_no_session() {
    let world = World::start_with(&[("MAX_SESSIONS", "1")]).await;
    let ada = world.add("ada", None).await;
    world.log_in_times(1).await;
    let before = world.sessions_of(&ada).await;
    assert_eq!(world.log_in("ada", "wrong", HOME).await.status(), 401);
    assert_eq!(world.sessions_of(&ada).await, before);
}
