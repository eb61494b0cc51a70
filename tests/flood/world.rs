//! The functions that ask for mail and send it, over tables in memory.

use std::sync::{Arc, Mutex};

use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::identifier::LoginIdentifier;
use gatehouse_auth::mail::Notices;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::config::Environment;
use gatehouse_edge::{ClientAddress, Clock, Step, respond};
use gatehouse_store::{GrantedLane, Guess, LoginAttempts, Outbox, Users};
use gatehouse_testing::{
    Backend, Contents, MailServices, MemoryTables, TestClock, connect, operation, user,
};
use lambda_runtime::Context;
use serde_json::{Value, json};

/// Where the owner logs in.
pub(crate) const HOME: &str = "192.0.2.1";

pub(crate) struct World {
    pub(crate) clock: TestClock,
    email: email::App,
    mailer: mailer::App,
    mail: MailServices,
    tables: MemoryTables,
    /// The keys of new messages, as the stream carries them.
    stream: Arc<Mutex<Vec<Value>>>,
    users: Users,
    attempts: LoginAttempts,
    outbox: Outbox,
}

impl World {
    /// Starts both functions with one user, `ada`.
    pub(crate) async fn start() -> Self {
        let tables = MemoryTables::holding(&Contents::new());
        let (clock, mail) = (TestClock::default(), MailServices::default());
        let stream = Arc::new(Mutex::new(Vec::new()));
        let variables = [
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ENDPOINT_URL", "http://aws.example"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("ISSUER", "https://issuer.example"),
            ("SIGNING_KEYS_TABLE", tables.name("SigningKeysTable")),
            ("USERS_TABLE", tables.name("UsersTable")),
            ("SESSIONS_TABLE", tables.name("SessionsTable")),
            ("REVOCATIONS_TABLE", tables.name("RevocationsTable")),
            ("LOGIN_ATTEMPTS_TABLE", tables.name("LoginAttemptsTable")),
            ("OUTBOX_TABLE", tables.name("OutboxTable")),
            ("MAIL_FROM", "auth@example.com"),
            ("MAIL_RETRY_QUEUE_URL", "http://aws.example/retry"),
        ];
        let environment = Environment::from_pairs(variables);
        let now = || Clock::Fixed(clock.seconds());
        let backend = streaming(tables.backend(), &stream).http_client();
        let email = email::App::within(&environment, now(), Some(backend));
        let backend = mail.beside(tables.backend()).http_client();
        let mailer = mailer::App::within(&environment, now(), Some(backend));
        let plain = connect("http://tables.example").through(Some(tables.backend().http_client()));
        let (plain, name) = (plain.tables(), |table| tables.name(table).to_owned());
        let users = Users::new(plain.clone(), name("UsersTable"));
        users.register(&user("ada")).await.unwrap();
        Self {
            email: email.await.unwrap().with_step(Step::NONE),
            mailer: mailer.unwrap(),
            attempts: LoginAttempts::new(plain.clone(), name("LoginAttemptsTable")),
            outbox: Outbox::new(plain, name("OutboxTable"), Notices::none()),
            users,
            clock,
            mail,
            stream,
            tables,
        }
    }

    /// Does what a login from home with the username does to the known networks.
    pub(crate) async fn owner_logs_in(&self) {
        let digest = LoginIdentifier::parse("ada").digest();
        let (address, now) = (HOME, self.clock.now());
        let guess = Guess {
            digest: &digest,
            address,
        };
        let found = self.attempts.look_up(&self.users, None, &guess);
        let mut counters = found.await.unwrap().counters;
        let reserved = self.attempts.reserve_identifier(&guess, &mut counters, now);
        assert!(reserved.await.unwrap());
        let lane = GrantedLane::Identifier;
        let success = self
            .attempts
            .record_success(&guess, lane, &counters.identifier, now);
        success.await.unwrap();
    }

    /// Says that a password is forgotten; returns the status.
    pub(crate) async fn forget(&self, name: &str, address: &str) -> u16 {
        let event = json!({
            "version": "2.0",
            "routeKey": "POST /password/forgot",
            "rawPath": "/password/forgot",
            "headers": { "content-type": "application/json" },
            "requestContext": {
                "http": { "method": "POST", "path": "/password/forgot", "sourceIp": address },
                "requestId": "request",
            },
            "body": json!({ "username": name }).to_string(),
        });
        let (event, address) = (event.to_string(), ClientAddress::default());
        let context = Context::default();
        let response = respond(&self.email, &email::handle, &address, &event, context);
        response.await.status().as_u16()
    }

    /// Delivers what the stream carries, and returns when each mail was sent.
    pub(crate) async fn deliver(&self) -> Vec<Timestamp> {
        let records = std::mem::take(&mut *self.stream.lock().unwrap());
        if records.is_empty() {
            return Vec::new();
        }
        let before = self.mail.sent().len();
        let batch = json!({ "Records": records });
        let context = Context::default();
        let handled = mailer::handle(&self.mailer, batch, &context);
        handled.await.unwrap();
        assert!(self.mail.take_waiting().is_empty());
        vec![self.clock.now(); self.mail.sent().len() - before]
    }

    /// Returns the code of the newest mail, and who got it.
    pub(crate) fn newest_code(&self) -> (String, String) {
        let mail = self.mail.sent().pop().unwrap();
        let text = |pointer| mail.pointer(pointer).and_then(Value::as_str).unwrap();
        let mut lines = text("/Content/Simple/Body/Text/Data")
            .lines()
            .map(str::trim);
        let code = lines.find(|line| line.starts_with("gh_rc_")).unwrap();
        let to = text("/Destination/ToAddresses/0");
        (code.to_owned(), to.to_owned())
    }

    /// Returns whether a code sets the password now.
    pub(crate) async fn accepts(&self, code: &str) -> bool {
        let code = MailCode::parse(CodeKind::Recovery, code).unwrap();
        let user = self.users.get(code.sub()).await.unwrap().unwrap();
        let codes = self.outbox.codes(code.sub(), code.kind()).await.unwrap();
        codes.is_some_and(|codes| codes.accepts(&code, &user, self.clock.now()).is_some())
    }

    /// Returns the number of messages that are still in the outbox.
    pub(crate) fn messages(&self) -> usize {
        let items = self.tables.contents().remove("OutboxTable").unwrap();
        items
            .iter()
            .filter(|item| item.get("kind").is_some())
            .count()
    }
}

/// Notes the key of each new message.
fn streaming(tables: Backend, stream: &Arc<Mutex<Vec<Value>>>) -> Backend {
    let stream = Arc::clone(stream);
    Backend::new(move |call| {
        let (tables, stream) = (tables.clone(), Arc::clone(&stream));
        async move {
            if operation(&call) == "PutItem" {
                let put: Value = serde_json::from_slice(call.body()).unwrap();
                let item = &put["Item"];
                let keys = json!({ "pk": item["pk"], "sk": item["sk"] });
                stream.lock().unwrap().push(json!({
                    "eventSource": "aws:dynamodb", "eventName": "INSERT",
                    "dynamodb": { "Keys": keys },
                }));
            }
            tables.call(call).await
        }
    })
}
