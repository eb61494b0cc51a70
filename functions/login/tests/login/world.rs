//! The function `login` with its own tables, keys, clock and users.

use std::sync::Arc;
use std::time::Duration;

use gatehouse_auth::key::{Algorithm, KeyRing};
use gatehouse_auth::password::{Argon2Params, Hasher, Password};
use gatehouse_auth::user::{StoredHash, User};
use gatehouse_edge::config::Environment;
use gatehouse_edge::{ClientAddress, Clock, Response, Step, respond};
use gatehouse_store::{SigningKeys, Users};
use gatehouse_testing::{RecordedCall, Recorder, Tables, TestClock, at, user};
use lambda_runtime::Context;
use login::App;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// The password of every user.
pub(crate) const PASSWORD: &str = "seven quiet otters at dawn";
/// The address that every owner logs in from.
pub(crate) const HOME: &str = "192.0.2.1";

/// The function and what it stands on.
pub(crate) struct World {
    pub(crate) app: Arc<App>,
    pub(crate) users: Users,
    /// Shares its count with that of the function.
    pub(crate) hasher: Hasher,
    /// The function's calls.
    pub(crate) recorder: Recorder,
    clock: TestClock,
    pub(crate) tables: Tables,
}

impl World {
    /// Starts the function without users.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts the function with these settings, without users.
    pub(crate) async fn start_with(settings: &[(&'static str, &'static str)]) -> Self {
        Self::start_at(Step::NONE, settings).await
    }

    /// The same, with refusals that wait for their step.
    pub(crate) async fn start_at(step: Step, settings: &[(&'static str, &'static str)]) -> Self {
        let tables = Tables::start().await;
        let ring = KeyRing::first(Algorithm::EdDsa, at(-86_400)).unwrap();
        std::fs::write(tables.key_ring_path(), ring.to_json().expose_secret()).unwrap();
        let keys = SigningKeys::new(
            tables.plain_client(),
            tables.name("SigningKeysTable").to_owned(),
        );
        assert!(keys.publish(&ring.published(), None).await.unwrap());
        let recorder = Recorder::default();
        let faulty = tables.dynamodb().with(tables.faults());
        let url = faulty.recorded_by(&recorder).serve().await;
        let mut variables = tables.variables(&url);
        variables.push(("KEY_RING_FILE", tables.key_ring_path().to_str().unwrap()));
        variables.extend(settings);
        let environment = Environment::from_pairs(variables);
        let clock = TestClock::default();
        let app = App::with_clock(&environment, Clock::Fixed(clock.seconds()));
        let hasher = Hasher::new(Argon2Params::default(), 2);
        Self {
            app: Arc::new(
                app.await
                    .unwrap()
                    .with_hasher(hasher.clone())
                    .with_step(step),
            ),
            users: tables.users(),
            hasher,
            recorder,
            clock,
            tables,
        }
    }

    /// Adds a user with that name, an address at example.org, and `hash`, or else a
    /// new hash of [`PASSWORD`].
    pub(crate) async fn add(&self, name: &str, hash: Option<&str>) -> User {
        let password = Password::parse(PASSWORD).unwrap();
        let hash = match hash {
            Some(hash) => StoredHash::new(hash.to_owned()),
            None => self.hasher.hash(password, [7; 16]).await.unwrap(),
        };
        self.add_with(name, Some(hash)).await
    }

    /// Adds a user who has no password.
    pub(crate) async fn add_without_password(&self, name: &str) -> User {
        self.add_with(name, None).await
    }

    async fn add_with(&self, name: &str, hash: Option<StoredHash>) -> User {
        let mut user = user(name);
        user.password_changed_at = hash.as_ref().map(|_| user.created_at);
        user.password_hash = hash;
        self.users.register(&user).await.unwrap();
        user
    }

    /// Tries to log in.
    pub(crate) async fn log_in(&self, name: &str, password: &str, address: &str) -> Response {
        self.log_in_within(name, password, address, None).await
    }

    /// Tries to log in with that much time left.
    pub(crate) async fn log_in_within(
        &self,
        name: &str,
        password: &str,
        address: &str,
        left: Option<Duration>,
    ) -> Response {
        let deadline = left.map_or(0, |left| {
            Self::now_millis() + u64::try_from(left.as_millis()).unwrap()
        });
        self.log_in_with(name, password, address, deadline).await
    }

    /// Tries to log in with that deadline in Lambda's context, in milliseconds.
    pub(crate) async fn log_in_with(
        &self,
        name: &str,
        password: &str,
        address: &str,
        deadline: u64,
    ) -> Response {
        let body = json!({ "username": name, "password": password });
        self.send(&body, address, &json!([]), deadline).await
    }

    /// Sends a request with these cookies and that deadline.
    pub(crate) async fn send(
        &self,
        body: &Value,
        address: &str,
        cookies: &Value,
        deadline: u64,
    ) -> Response {
        let mut context = Context::default();
        context.deadline = deadline;
        let event = json!({
            "version": "2.0",
            "routeKey": "POST /login",
            "rawPath": "/login",
            "headers": { "content-type": "application/json" },
            "requestContext": {
                "http": { "method": "POST", "path": "/login", "sourceIp": address },
                "requestId": "request",
            },
            "cookies": cookies,
            "body": body.to_string(),
        });
        respond(
            &*self.app,
            &login::handle,
            &ClientAddress::default(),
            &event.to_string(),
            context,
        )
        .await
    }

    /// Returns Lambda's time in milliseconds since the epoch, down to the second.
    pub(crate) fn now_millis() -> u64 {
        u64::try_from(Clock::System.now().unix()).unwrap() * 1000
    }

    /// Returns the calls since the last time, except for looks at the published keys, which
    /// depend on the clock, and for surplus sessions, which a login gives up if its hash is done
    /// sooner.
    pub(crate) fn calls(&self) -> Vec<RecordedCall> {
        let mut calls = self.recorder.take();
        calls.retain(|(operation, kinds, _)| operation != "Query" && kinds != &["?"]);
        calls
    }

    /// Moves the clock.
    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.advance(seconds);
    }

    /// Returns the hash that the user has now.
    pub(crate) async fn hash_of(&self, user: &User) -> StoredHash {
        self.users
            .get(&user.sub)
            .await
            .unwrap()
            .unwrap()
            .password_hash
            .unwrap()
    }
}
