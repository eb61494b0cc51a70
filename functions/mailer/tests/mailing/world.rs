//! The tables, SES and the queue of one test, and a mailer on top of them.

use std::sync::Arc;

use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::mail::{Message, MessageKey, MessageKind, Notices, Origin};
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::User;
use gatehouse_edge::Clock;
use gatehouse_edge::config::Environment;
use gatehouse_store::{Accounts, Deleted, LoginAttempts, Outbox, Revocations, Sessions, Users};
use gatehouse_testing::{
    Backend, Contents, Faults, MailServices, MemoryTables, QueueEntry, TestClock, connect,
};
use lambda_runtime::Context;
use mailer::{App, BatchResponse, MailerError};
use serde_json::{Value, json};

/// The world of one test.
pub(crate) struct World {
    pub(crate) mail: MailServices,
    /// What happens to the calls of the mailer.
    pub(crate) faults: Faults,
    pub(crate) clock: TestClock,
    pub(crate) users: Users,
    pub(crate) outbox: Outbox,
    accounts: Accounts,
    attempts: LoginAttempts,
    tables: MemoryTables,
    settings: Vec<(&'static str, &'static str)>,
    app: Arc<App>,
}

/// What keeps an entry of the queue from being received twice, in seconds.
const VISIBILITY: i64 = 360;
/// How often an entry is received before it goes to the dead-letter queue.
const RECEIVED_AT_MOST: u32 = 10;

impl World {
    /// Creates a world in which these users are registered.
    pub(crate) async fn of(users: &[&User]) -> Self {
        Self::with(users, &[]).await
    }

    /// The same with further settings.
    pub(crate) async fn with(users: &[&User], settings: &[(&'static str, &'static str)]) -> Self {
        let tables = MemoryTables::holding(&Contents::new());
        let plain = connect("http://tables.example")
            .through(Some(tables.backend().http_client()))
            .tables();
        let table = |name: &str| tables.name(name).to_owned();
        let registered = Users::new(plain.clone(), table("UsersTable"));
        for user in users {
            registered.register(user).await.unwrap();
        }
        let accounts = Accounts::new(
            registered.clone(),
            Sessions::new(plain.clone(), table("SessionsTable")),
            Revocations::new(plain.clone(), table("RevocationsTable")),
        );
        // The notices that it would write are not delivered here.
        let silent = Outbox::new(plain.clone(), table("OutboxTable"), Notices::none());
        let (mail, faults) = (MailServices::default(), Faults::default());
        let clock = TestClock::default();
        let backend = mail.beside(tables.backend()).with(&faults);
        let app = start(&tables, backend, &clock, settings);
        Self {
            accounts: accounts.with_outbox(Some(silent)),
            attempts: LoginAttempts::new(plain.clone(), table("LoginAttemptsTable")),
            outbox: Outbox::new(plain, table("OutboxTable"), Notices::default()),
            users: registered,
            settings: settings.to_vec(),
            mail,
            faults,
            clock,
            tables,
            app,
        }
    }

    /// Returns the function.
    pub(crate) fn app(&self) -> Arc<App> {
        Arc::clone(&self.app)
    }

    /// Starts the function again, without anything that it kept.
    pub(crate) fn restart(&mut self) {
        let backend = self.mail.beside(self.tables.backend()).with(&self.faults);
        self.app = start(&self.tables, backend, &self.clock, &self.settings);
    }

    /// Writes a message about a user.
    pub(crate) async fn tell(&self, user: &User, kind: MessageKind, origin: Origin) -> MessageKey {
        self.put(&self.message(user, kind, origin)).await
    }

    /// Returns a message about a user that is written now.
    pub(crate) fn message(&self, user: &User, kind: MessageKind, origin: Origin) -> Message {
        Message::new(kind, &user.sub, user.revision, origin, self.now())
    }

    pub(crate) async fn put(&self, message: &Message) -> MessageKey {
        self.outbox.put(message).await.unwrap()
    }

    /// Writes a message, and delivers it until nothing waits any longer.
    pub(crate) async fn send(&self, user: &User, kind: MessageKind, origin: Origin) {
        let key = self.tell(user, kind, origin).await;
        self.stream(&[&key]).await.unwrap();
        self.drain().await;
    }

    /// Delivers new messages from the stream.
    pub(crate) async fn stream(&self, keys: &[&MessageKey]) -> Result<BatchResponse, MailerError> {
        mailer::handle(&self.app, stream(keys), &Context::default()).await
    }

    /// Delivers the keys that wait in the queue as SQS does, and moves the clock, until none
    /// waits. Returns the bodies of those that end in the dead-letter queue.
    pub(crate) async fn drain(&self) -> Vec<String> {
        let (mut dead, mut waiting) = (Vec::new(), Vec::new());
        loop {
            waiting.extend(self.mail.take_waiting().into_iter().map(|entry| (entry, 0)));
            waiting.sort_by_key(|(entry, _)| entry.delay);
            if waiting.is_empty() {
                return dead;
            }
            let (entry, received) = waiting.remove(0);
            self.pass(entry.delay);
            for (other, _) in &mut waiting {
                other.delay = (other.delay - entry.delay).max(0);
            }
            let batch = queue(&[("one", &entry.body)]);
            let handled = mailer::handle(&self.app, batch, &Context::default()).await;
            let failed =
                handled.is_err() || handled.is_ok_and(|done| done != BatchResponse::default());
            if failed && received + 1 >= RECEIVED_AT_MOST {
                dead.push(entry.body);
            } else if failed {
                let body = entry.body;
                let delay = VISIBILITY;
                waiting.push((QueueEntry { body, delay }, received + 1));
            }
        }
    }

    /// Returns the mails that SES accepted.
    pub(crate) fn mails(&self) -> Vec<SentMail> {
        self.mail.sent().into_iter().map(SentMail).collect()
    }

    /// Returns whether a mailed code is valid now.
    pub(crate) async fn accepts(&self, kind: CodeKind, code: &str) -> bool {
        let code = MailCode::parse(kind, code).unwrap();
        let user = self.users.get(code.sub()).await.unwrap().unwrap();
        let codes = self.outbox.codes(code.sub(), kind).await.unwrap();
        codes.is_some_and(|codes| codes.accepts(&code, &user, self.now()).is_some())
    }

    /// Deletes an account and everything that is stored about it.
    pub(crate) async fn delete(&self, user: &User) {
        let removed = self.accounts.remove(&user.sub, self.now()).await;
        assert_eq!(removed.unwrap().1, Deleted::Done);
        let digests = user.identifier_digests(self.now());
        let traces = self
            .accounts
            .delete_traces(&self.attempts, &user.sub, digests);
        traces.await.unwrap();
    }

    /// Returns the messages that are still in the outbox.
    pub(crate) fn messages(&self) -> usize {
        let items = self.outbox_items();
        let is_message = |item: &&Value| item.get("kind").is_some();
        items.iter().filter(is_message).count()
    }

    /// Returns everything in the outbox.
    pub(crate) fn outbox_items(&self) -> Vec<Value> {
        self.tables.contents().remove("OutboxTable").unwrap()
    }

    /// Lets another address of a user wait, as `PUT /me/email` does.
    pub(crate) fn await_address(&self, user: &User, address: &str) {
        let items = self.tables.contents().remove("UsersTable").unwrap();
        let key = json!({ "S": format!("user#{}", user.sub) });
        let mut items = items.into_iter();
        let mut item = items.find(|item| item.get("pk") == Some(&key)).unwrap();
        let attributes = item.as_object_mut().unwrap();
        for attribute in ["pending_email", "pending_email_canonical"] {
            attributes.insert(attribute.to_owned(), json!({ "S": address }));
        }
        self.tables.put("UsersTable", &item);
    }

    /// Moves the clock.
    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.advance(seconds);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

fn start(
    tables: &MemoryTables,
    backend: Backend,
    clock: &TestClock,
    settings: &[(&'static str, &'static str)],
) -> Arc<App> {
    let mut variables = vec![
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ENDPOINT_URL", "http://aws.example"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("USERS_TABLE", tables.name("UsersTable")),
        ("OUTBOX_TABLE", tables.name("OutboxTable")),
        ("MAIL_FROM", "auth@example.com"),
        ("MAIL_RETRY_QUEUE_URL", "http://aws.example/retry"),
    ];
    variables.extend(settings);
    let environment = Environment::from_pairs(variables);
    let clock = Clock::Fixed(clock.seconds());
    Arc::new(App::within(&environment, clock, Some(backend.http_client())).unwrap())
}

/// Returns a batch of the stream.
pub(crate) fn stream(keys: &[&MessageKey]) -> Value {
    let record = |key: &&MessageKey| {
        json!({
            "eventSource": "aws:dynamodb", "eventName": "INSERT",
            "dynamodb": { "Keys": {
                "pk": { "S": key.sub().as_str() }, "sk": { "S": key.sk() },
            }},
        })
    };
    json!({ "Records": keys.iter().map(record).collect::<Vec<_>>() })
}

/// Returns a batch of the queue, from ids and bodies.
pub(crate) fn queue(entries: &[(&str, &str)]) -> Value {
    let record = |(id, body): &(&str, &str)| json!({ "eventSource": "aws:sqs", "messageId": id, "body": body });
    json!({ "Records": entries.iter().map(record).collect::<Vec<_>>() })
}

/// A request to send a mail.
#[derive(Debug, Clone)]
pub(crate) struct SentMail(pub(crate) Value);

impl SentMail {
    /// Returns the only recipient.
    pub(crate) fn to(&self) -> &str {
        let recipients = self.0.pointer("/Destination/ToAddresses");
        let recipients = recipients.and_then(Value::as_array).unwrap();
        assert_eq!(recipients.len(), 1);
        recipients.first().and_then(Value::as_str).unwrap()
    }

    pub(crate) fn subject(&self) -> &str {
        self.part("/Content/Simple/Subject/Data")
    }

    pub(crate) fn text(&self) -> &str {
        self.part("/Content/Simple/Body/Text/Data")
    }

    pub(crate) fn part(&self, pointer: &str) -> &str {
        let part = self.0.pointer(pointer).and_then(Value::as_str);
        part.unwrap_or_else(|| panic!("{pointer} is not in {}", self.0))
    }

    /// Returns the code in the text part.
    pub(crate) fn code(&self) -> String {
        let mut lines = self.text().lines().map(str::trim);
        lines
            .find(|line| line.starts_with("gh_"))
            .unwrap()
            .to_owned()
    }
}
