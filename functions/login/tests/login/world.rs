//! One function `login` with tables, keys, a clock and people of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use dynoxide::Database;
use gatehouse_auth::email::EmailAddress;
use gatehouse_auth::id::SubjectId;
use gatehouse_auth::key::{Algorithm, KeyRing};
use gatehouse_auth::password::{Argon2Params, Hasher, Password};
use gatehouse_auth::random;
use gatehouse_auth::role::Roles;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::{StoredHash, User};
use gatehouse_auth::username::Username;
use gatehouse_edge::config::Environment;
use gatehouse_edge::{ClientAddress, Clock, Response, respond};
use gatehouse_store::{Connection, ConnectionSettings, Credentials, Users};
use lambda_runtime::Context;
use login::App;
use secrecy::ExposeSecret;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// When every test begins.
pub(crate) const NOW: i64 = 1_800_000_000;
/// Everybody's password.
pub(crate) const PASSWORD: &str = "seven quiet otters at dawn";
/// Where everybody is at home.
pub(crate) const HOME: &str = "192.0.2.1";

/// The function and what is beneath it.
pub(crate) struct World {
    pub(crate) app: Arc<App>,
    pub(crate) users: Users,
    /// Shares its count with the function's.
    pub(crate) hasher: Hasher,
    seconds: Arc<AtomicI64>,
    _directory: TempDir,
}

impl World {
    /// Starts one without people.
    pub(crate) async fn start() -> Self {
        let endpoint = tables().await;
        let directory = tempfile::tempdir().unwrap();
        let ring_file = directory.path().join("key-ring.json");
        let ring = KeyRing::first(Algorithm::EdDsa, Timestamp::from_unix(NOW - 86_400)).unwrap();
        std::fs::write(&ring_file, ring.to_json().expose_secret()).unwrap();
        let environment = Environment::from_pairs([
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("USERS_TABLE", "users"),
            ("SESSIONS_TABLE", "sessions"),
            ("LOGIN_ATTEMPTS_TABLE", "attempts"),
            ("ISSUER", "https://issuer.example"),
            ("KEY_RING_FILE", ring_file.to_str().unwrap()),
        ]);
        let seconds = Arc::new(AtomicI64::new(NOW));
        let clock = Clock::Fixed(Arc::clone(&seconds));
        let app = App::with_clock(&environment, clock).await.unwrap();
        let hasher = Hasher::new(Argon2Params::default(), 2);
        Self {
            app: Arc::new(app.with_hasher(hasher.clone())),
            users: Users::new(connection(&endpoint).tables(), "users".into()),
            hasher,
            seconds,
            _directory: directory,
        }
    }

    /// Adds somebody with that name, an address at example.org, and a hash of
    /// [`PASSWORD`]; a new one where none is given.
    pub(crate) async fn add(&self, name: &str, hash: Option<&str>) -> User {
        let password = Password::parse(PASSWORD).unwrap();
        let hash = match hash {
            Some(hash) => StoredHash::new(hash.to_owned()),
            None => self.hasher.hash(password, [7; 16]).await.unwrap(),
        };
        self.add_with(name, Some(hash)).await
    }

    /// Adds somebody who has no password.
    pub(crate) async fn add_without_password(&self, name: &str) -> User {
        self.add_with(name, None).await
    }

    async fn add_with(&self, name: &str, hash: Option<StoredHash>) -> User {
        let now = Timestamp::from_unix(NOW);
        let user = User::new(
            SubjectId::from_bytes(random::bytes().unwrap()),
            &Username::parse(name).unwrap(),
            Some(&EmailAddress::parse(&format!("{name}@example.org")).unwrap()),
            Roles::of_new_user(),
            hash,
            now,
        );
        self.users.register(&user).await.unwrap();
        user
    }

    /// Logs in, or does not.
    pub(crate) async fn log_in(&self, name: &str, password: &str, address: &str) -> Response {
        self.log_in_within(name, password, address, None).await
    }

    /// The same for a caller who waits no longer than that.
    pub(crate) async fn log_in_within(
        &self,
        name: &str,
        password: &str,
        address: &str,
        left: Option<Duration>,
    ) -> Response {
        let deadline = left.map_or(0, |left| {
            self.now_millis() + u64::try_from(left.as_millis()).unwrap()
        });
        self.log_in_with(name, password, address, deadline).await
    }

    /// Logs in with Lambda's deadline as a tool states it, in milliseconds.
    pub(crate) async fn log_in_with(
        &self,
        name: &str,
        password: &str,
        address: &str,
        deadline: u64,
    ) -> Response {
        let mut context = Context::default();
        context.deadline = deadline;
        let body = json!({ "username": name, "password": password }).to_string();
        let event = json!({
            "version": "2.0",
            "routeKey": "POST /login",
            "rawPath": "/login",
            "headers": { "content-type": "application/json" },
            "requestContext": {
                "http": { "method": "POST", "path": "/login", "sourceIp": address },
                "requestId": "request",
            },
            "body": body,
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

    /// Returns what the clock says, in milliseconds since the epoch.
    pub(crate) fn now_millis(&self) -> u64 {
        u64::try_from(self.seconds.load(Ordering::SeqCst)).unwrap() * 1000
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Returns the hash that somebody has now.
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

/// Starts a DynamoDB with the three tables; it ends with the test.
async fn tables() -> String {
    let database = Database::memory().unwrap();
    for (table, key) in [("users", "pk"), ("sessions", "sid"), ("attempts", "pk")] {
        let request = json!({
            "TableName": table,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        });
        database
            .create_table(serde_json::from_value(request).unwrap())
            .unwrap();
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    endpoint
}

fn connection(endpoint: &str) -> Connection {
    Connection::open(&ConnectionSettings {
        region: "eu-central-1".into(),
        endpoint: Some(endpoint.into()),
        credentials: Credentials {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "secret".into(),
            session_token: None,
        },
        attempt_timeout: Duration::from_secs(20),
        operation_timeout: Duration::from_mins(1),
    })
}
