//! The function `login` in this process, with tables, keys and a clock of its own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context as _;
use gatehouse_auth::key::{Algorithm, KeyRing};
use gatehouse_auth::password::Hasher;
use gatehouse_auth::time::Timestamp;
use gatehouse_auth::user::StoredHash;
use gatehouse_edge::config::Environment;
use gatehouse_edge::{Clock, Request, Response};
use gatehouse_local::Storage;
use gatehouse_store::{Connection, ConnectionSettings, Users};
use login::App;
use secrecy::ExposeSecret as _;
use serde_json::json;
use tempfile::TempDir;

use crate::project;
use crate::user_file::Record;

/// The function and what is beneath it.
pub(super) struct World {
    app: Arc<App>,
    users: Users,
    seconds: Arc<AtomicI64>,
    storage: Storage,
    _directory: TempDir,
}

impl World {
    /// Starts one without people; `hasher` is the function's.
    pub(super) async fn start(root: &Path, hasher: Hasher) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let storage = Storage::in_memory(&root.join(project::TEMPLATE), directory.path()).await?;
        let ring = KeyRing::first(Algorithm::Es256, Timestamp::from_unix(BEGUN))?;
        std::fs::write(storage.key_ring_path(), ring.to_json().expose_secret())?;
        let table = |id: &str| {
            let found = storage.tables().find(|(logical, _)| *logical == id);
            let found = found.map(|(_, name)| name.to_owned());
            found.with_context(|| format!("there is no {id}"))
        };
        let ring = storage.key_ring_path().to_string_lossy();
        let users = table("UsersTable")?;
        let environment = Environment::from_pairs([
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", storage.dynamodb_url()),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("USERS_TABLE", &users),
            ("SESSIONS_TABLE", &table("SessionsTable")?),
            ("LOGIN_ATTEMPTS_TABLE", &table("LoginAttemptsTable")?),
            ("ISSUER", "http://localhost"),
            ("KEY_RING_FILE", &ring),
        ]);
        let seconds = Arc::new(AtomicI64::new(BEGUN));
        let clock = Clock::Fixed(Arc::clone(&seconds));
        let app = App::with_clock(&environment, clock).await;
        let app = app.map_err(anyhow::Error::from_boxed)?.with_hasher(hasher);
        let settings = ConnectionSettings::for_local_stack(storage.dynamodb_url());
        let tables = Connection::open(&settings).tables();
        Ok(Self {
            app: Arc::new(app),
            users: Users::new(tables, users),
            seconds,
            storage,
            _directory: directory,
        })
    }

    /// Adds somebody.
    pub(super) async fn add(&self, username: &str, hash: &StoredHash) -> anyhow::Result<()> {
        let record = Record {
            username: username.to_owned(),
            email: Some(format!("{username}@example.org")),
            password_hash: Some(hash.expose().to_owned()),
            ..Record::default()
        };
        let user = record.user(Timestamp::from_unix(BEGUN));
        let user = user.map_err(|refusal| anyhow::anyhow!("{}", refusal.detail))?;
        Ok(self.users.register(&user).await?)
    }

    /// Makes the request of a login.
    pub(super) fn request(name: &str, password: &str, address: &str) -> anyhow::Result<Request> {
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
        Ok(Request::from_json(&event.to_string())?)
    }

    /// Logs in, or does not.
    pub(super) async fn log_in(&self, request: Request) -> Response {
        let answer = login::handle(&self.app, &request).await;
        answer.unwrap_or_else(|problem| problem.into_response(request.request_id()))
    }

    /// Lets time pass.
    pub(super) fn pass(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(super) async fn close(self) {
        self.storage.close().await;
    }
}

/// When the clock begins: it moves when it is told to.
const BEGUN: i64 = 1_800_000_000;
