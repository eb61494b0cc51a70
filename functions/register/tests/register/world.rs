//! The function `register` with mail, its tables and users.

use std::collections::BTreeMap;

use gatehouse_auth::user::User;
use gatehouse_edge::config::Environment;
use gatehouse_edge::{ClientAddress, Clock, respond};
use gatehouse_testing::{RecordedCall, Recorder, Tables, TestClock};
use lambda_runtime::Context;
use register::App;
use serde_json::{Value, json};

/// Whatever a stranger can see of a registration.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
    /// The length shows whether a mail was asked for.
    pub(crate) bytes: usize,
    pub(crate) calls: Vec<RecordedCall>,
}

pub(crate) struct World {
    app: App,
    pub(crate) recorder: Recorder,
    pub(crate) tables: Tables,
}

impl World {
    /// Starts the function. These users hold addresses at example.org.
    pub(crate) async fn start(users: &[&User]) -> Self {
        let tables = Tables::start_with(users).await;
        let recorder = Recorder::default();
        let faulty = tables.dynamodb().with(tables.faults());
        let url = faulty.recorded_by(&recorder).serve().await;
        let mut variables = tables.variables(&url);
        variables.push(("OUTBOX_TABLE", tables.name("OutboxTable")));
        let environment = Environment::from_pairs(variables);
        let clock = Clock::Fixed(TestClock::default().seconds());
        let app = App::within(&environment, clock, None).await.unwrap();
        Self {
            app,
            recorder,
            tables,
        }
    }

    /// Registers from an address of its own, so that the counters are alike.
    pub(crate) async fn register(&self, username: &str, email: &str) -> Seen {
        drop(self.recorder.take());
        let number: u16 = username.trim_start_matches("ada").parse().unwrap();
        let [high, low] = number.to_be_bytes();
        let address = format!("198.18.{high}.{low}");
        let password = "seven quiet otters at dawn";
        let body = json!({ "username": username, "password": password, "email": email });
        let event = json!({
            "version": "2.0",
            "routeKey": "POST /register",
            "rawPath": "/register",
            "headers": { "content-type": "application/json" },
            "requestContext": {
                "http": { "method": "POST", "path": "/register", "sourceIp": address },
                "requestId": "request",
            },
            "body": body.to_string(),
        });
        let (event, context) = (event.to_string(), Context::default());
        let source = ClientAddress::default();
        let response = respond(&self.app, &register::handle, &source, &event, context).await;
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let mut body: Value = serde_json::from_slice(response.body()).unwrap();
        for own in ["id", "username", "pending_email"] {
            assert!(body.as_object_mut().unwrap().remove(own).is_some());
        }
        Seen {
            status: response.status().as_u16(),
            headers,
            body,
            bytes: response.body().len(),
            calls: self.recorder.take(),
        }
    }
}
