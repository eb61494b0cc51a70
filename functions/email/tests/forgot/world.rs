//! The function `email` with its own tables, clock and users.

use std::sync::Arc;

use email::App;
use gatehouse_auth::identifier::LoginIdentifier;
use gatehouse_auth::user::User;
use gatehouse_edge::config::Environment;
use gatehouse_edge::{ClientAddress, Clock, Response, respond};
use gatehouse_store::{GrantedLane, Guess, LoginAttempts};
use gatehouse_testing::{Item, Recorder, Tables, TestClock, user};
use lambda_runtime::Context;
use serde_json::{Value, json};

/// The address that every owner logs in from.
pub(crate) const HOME: &str = "192.0.2.1";

/// The function and what it stands on.
pub(crate) struct World {
    pub(crate) app: Arc<App>,
    /// The function's calls.
    pub(crate) recorder: Recorder,
    pub(crate) clock: TestClock,
    pub(crate) tables: Tables,
}

impl World {
    /// Starts the function with these settings, without users.
    pub(crate) async fn start_with(settings: &[(&'static str, &'static str)]) -> Self {
        let tables = Tables::start().await;
        let recorder = Recorder::default();
        let faulty = tables.dynamodb().with(tables.faults());
        let url = faulty.recorded_by(&recorder).serve().await;
        let mut variables = tables.variables(&url);
        variables.push(("OUTBOX_TABLE", tables.name("OutboxTable")));
        variables.extend(settings);
        let environment = Environment::from_pairs(variables);
        let clock = TestClock::default();
        let app = App::within(&environment, Clock::Fixed(clock.seconds()), None);
        let app = Arc::new(app.await.unwrap());
        let _warm_up = recorder.take();
        Self {
            app,
            recorder,
            clock,
            tables,
        }
    }

    /// Adds a user with that name, and an address at example.org.
    pub(crate) async fn add(&self, name: &str) -> User {
        let user = user(name);
        self.tables.users().register(&user).await.unwrap();
        user
    }

    /// Does what a login with that name does to the networks that the account is known from.
    pub(crate) async fn log_in(&self, name: &str, address: &str) {
        let table = self.tables.name("LoginAttemptsTable").to_owned();
        let attempts = LoginAttempts::new(self.tables.plain_client(), table);
        let digest = LoginIdentifier::parse(name).digest();
        let guess = Guess {
            digest: &digest,
            address,
        };
        let (now, users) = (self.clock.now(), self.tables.users());
        let found = attempts.look_up(&users, None, &guess).await.unwrap();
        let mut counters = found.counters;
        let reserved = attempts.reserve_identifier(&guess, &mut counters, now);
        assert!(reserved.await.unwrap());
        let lane = GrantedLane::Identifier;
        let success = attempts.record_success(&guess, lane, &counters.identifier, now);
        success.await.unwrap();
    }

    /// Says that the password of that name is forgotten.
    pub(crate) async fn forget(&self, name: &str, address: &str) -> Response {
        let body = json!({ "username": name });
        self.post("/password/forgot", &body, address).await
    }

    /// Posts a body to the function.
    pub(crate) async fn post(&self, path: &str, body: &Value, address: &str) -> Response {
        let event = json!({
            "version": "2.0",
            "routeKey": format!("POST {path}"),
            "rawPath": path,
            "headers": { "content-type": "application/json" },
            "requestContext": {
                "http": { "method": "POST", "path": path, "sourceIp": address },
                "requestId": "request",
            },
            "body": body.to_string(),
        });
        respond(
            &*self.app,
            &email::handle,
            &ClientAddress::default(),
            &event.to_string(),
            Context::default(),
        )
        .await
    }

    /// Returns the messages, as they are stored, from the oldest to the newest.
    pub(crate) async fn messages(&self) -> Vec<Item> {
        let client = self.tables.plain_client();
        let scan = client.scan().table_name(self.tables.name("OutboxTable"));
        let mut items = scan.send().await.unwrap().items.unwrap_or_default();
        items.sort_by_key(|item| item["sk"].as_s().unwrap().clone());
        items
    }
}
