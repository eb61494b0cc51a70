//! One case's tables, secret and processes, on a paused clock.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use gatehouse_auth::deadline::Deadline;
use gatehouse_auth::time::Timestamp;
use gatehouse_edge::Clock;
use gatehouse_edge::config::Environment;
use gatehouse_store::{Budget, Connection};
use gatehouse_testing::{
    Backend, Contents, MailServices, MemoryTables, SECRET_ARN, Secrets, TestClock,
};
use lambda_runtime::Context;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

use crate::functions::{App, Function, Reply};
use crate::injection::Injection;
use crate::leaks;
use crate::people::{Beginning, HASH_COST};

/// What a case stands on. Dropping it stops its clock.
pub(crate) struct World {
    pub(crate) tables: MemoryTables,
    pub(crate) secrets: Secrets,
    pub(crate) injection: Injection,
    /// Whether the service has mail. `email` only exists with it.
    has_mail: bool,
    apps: BTreeMap<Function, App>,
    clock: TestClock,
    ticking: AbortHandle,
    backend: Backend,
    /// The SDK counts retries per region in the whole process; each world has its own.
    region: String,
}

impl World {
    /// Creates a world without items and keys.
    pub(crate) fn empty() -> Self {
        Self::holding(&Contents::new(), Secrets::default())
    }

    /// Creates a world that is what the beginning was.
    pub(crate) fn begin(beginning: &Beginning) -> Self {
        Self::holding(&beginning.contents, beginning.secrets.copy())
    }

    /// Gives the service mail, or none.
    pub(crate) fn with_mail(mut self, has_mail: bool) -> Self {
        self.has_mail = has_mail;
        self
    }

    fn holding(contents: &Contents, secrets: Secrets) -> Self {
        static WORLDS: AtomicUsize = AtomicUsize::new(0);
        leaks::search_logs();
        let tables = MemoryTables::holding(contents);
        let injection = Injection::new(tables.names());
        let clock = TestClock::default();
        let ticks = clock.clone();
        let ticking = tokio::spawn(async move {
            loop {
                sleep(Duration::from_secs(1)).await;
                ticks.advance(1);
            }
        });
        // SES lists it, so that there is an entry to be corrupt.
        let mail = MailServices::default();
        mail.suppress("ada@example.org");
        let backend = injection.around(secrets.beside(mail.beside(tables.backend())));
        Self {
            tables,
            secrets,
            injection,
            has_mail: false,
            apps: BTreeMap::new(),
            clock,
            ticking: ticking.abort_handle(),
            backend,
            region: format!("world-{}", WORLDS.fetch_add(1, Ordering::Relaxed)),
        }
    }

    /// Sends an event to a function, whose process starts if it has none.
    pub(crate) async fn send(&mut self, function: Function, event: &str) -> Reply {
        self.start(function).await;
        self.apps[&function].handle(event, Context::default()).await
    }

    /// Sends an event with that much time until its deadline, to a process that runs.
    pub(crate) async fn send_within(
        &self,
        function: Function,
        event: &str,
        left: Option<Duration>,
    ) -> (Reply, Duration) {
        let began = Instant::now();
        let handled = self.apps[&function].handle(event, Context::default());
        let reply = match left {
            Some(left) => Deadline::after(left).scope(handled).await,
            None => handled.await,
        };
        (reply, began.elapsed())
    }

    /// Starts a process of a function, unless it has one.
    pub(crate) async fn start(&mut self, function: Function) {
        if !self.apps.contains_key(&function) {
            let clock = Clock::Fixed(self.clock.seconds());
            let http = self.backend.clone().http_client();
            let app = App::start(function, &self.environment_of(function), clock, http).await;
            self.apps.insert(function, app.unwrap());
        }
    }

    /// Moves the clock.
    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.advance(seconds);
    }

    /// Stops the clock, so that tokens for one moment can be tried in turn.
    pub(crate) fn stop_clock(&self) {
        self.ticking.abort();
    }

    /// Returns the moment that the functions see.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns a client for the tables, with the faults of all others.
    pub(crate) fn client(&self) -> Client {
        let environment = self.environment_of(Function::Account);
        let connection =
            Connection::from_variables(|name| environment.text(name), Budget::Request).unwrap();
        connection
            .through(Some(self.backend.clone().http_client()))
            .tables()
    }

    /// Waits until every delayed call has taken effect.
    pub(crate) async fn settle(&self) {
        while self.injection.has_delayed() {
            sleep(Duration::from_millis(100)).await;
        }
    }

    fn environment_of(&self, function: Function) -> Environment {
        static COST: LazyLock<(String, String)> =
            LazyLock::new(|| (HASH_COST.0.to_string(), HASH_COST.1.to_string()));
        let mut variables = vec![
            ("AWS_REGION", self.region.as_str()),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
            ("ISSUER", "https://issuer.example"),
            ("KEY_RING_SECRET_ARN", SECRET_ARN),
            ("SIGNING_ALGORITHM", "EdDSA"),
            ("REFRESH_COOKIE", "on"),
            ("CORS_ORIGINS", "https://app.example"),
            ("ARGON2_ITERATIONS", &COST.0),
            ("ARGON2_MEMORY_KIB", &COST.1),
        ];
        for (variable, table) in [
            ("USERS_TABLE", "UsersTable"),
            ("SESSIONS_TABLE", "SessionsTable"),
            ("REVOCATIONS_TABLE", "RevocationsTable"),
            ("LOGIN_ATTEMPTS_TABLE", "LoginAttemptsTable"),
            ("SIGNING_KEYS_TABLE", "SigningKeysTable"),
        ] {
            variables.push((variable, self.tables.name(table)));
        }
        if self.has_mail || function == Function::Email {
            let notices = "password_changed,address_changed,account_disabled,account_deleted,\
                           refresh_replayed,new_network";
            variables.extend([
                ("OUTBOX_TABLE", self.tables.name("OutboxTable")),
                ("MAIL_NOTICES", notices),
                ("EMAIL_VERIFICATION", "required"),
            ]);
        }
        Environment::from_pairs(variables)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.ticking.abort();
    }
}
