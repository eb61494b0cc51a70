//! The functions, each as one process has it, with tables in memory.
//!
//! What is fuzzed is what a function does before its first call to AWS: it reads the event and
//! refuses what it does not accept. So a call never returns, and the request is dropped there.
//! Only the authorizer's calls return, because a token that is valid is its result.

use std::pin::pin;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use gatehouse_edge::config::Environment;
use gatehouse_edge::{ClientAddress, Clock, Response, respond};
use gatehouse_store::{Budget, Connection, SigningKeys};
use gatehouse_testing::{Backend, Contents, MemoryTables, SECRET_ARN, Secrets, TestClock};
use http::Request;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::keys::{ISSUER, ring, stored_ring};

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Handled {
    /// The function called AWS, so it accepted what it had read until then.
    Called,
    /// The function responded.
    Responded(Response),
}

/// The functions that read what clients send, and the runtime in which they wait.
pub(crate) struct Functions {
    apps: Apps,
    runtime: Runtime,
}

struct Apps {
    account: account::App,
    admin: admin::App,
    authorizer: authorizer::App,
    email: email::App,
    introspect: introspect::App,
    login: login::App,
    logout: logout::App,
    refresh: refresh::App,
    register: register::App,
}

/// Whether a call returns; until all functions have started.
static RETURNS: AtomicBool = AtomicBool::new(true);

impl Functions {
    /// Returns the functions. The first call starts them.
    pub(crate) fn get() -> &'static Self {
        static FUNCTIONS: LazyLock<Functions> = LazyLock::new(Functions::start);
        &FUNCTIONS
    }

    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let tables = MemoryTables::holding(&Contents::new());
        let backend = |returns: fn() -> bool| {
            let backend = secrets(&runtime).beside(tables.backend());
            Backend::new(move |call| {
                let backend = backend.clone();
                async move {
                    if !returns() {
                        std::future::pending::<()>().await;
                    }
                    backend.call(call).await
                }
            })
        };
        let open = backend(|| true);
        let gated = backend(|| RETURNS.load(Ordering::Relaxed));
        let environment = environment(&tables);
        let apps = runtime.block_on(async {
            publish(&environment, &open).await;
            Apps::start(&environment, &gated, &open).await
        });
        RETURNS.store(false, Ordering::Relaxed);
        Self { apps, runtime }
    }

    /// Sends an event to the function of its route, until that calls AWS; none if no function has
    /// the route.
    pub(crate) fn handle(&self, event: &str) -> Option<Handled> {
        let route = serde_json::from_str::<Value>(event).ok();
        let route = route
            .as_ref()
            .and_then(|event| event.get("routeKey")?.as_str());
        let (apps, _entered) = (&self.apps, self.runtime.enter());
        macro_rules! handled {
            ($function:ident) => {
                until_a_call(respond(
                    &apps.$function,
                    &$function::handle,
                    &ClientAddress::default(),
                    event,
                    lambda_runtime::Context::default(),
                ))
            };
        }
        let (method, path) = route?.split_once(' ')?;
        Some(match (method, path) {
            ("POST", "/register") => handled!(register),
            ("POST", "/login") => handled!(login),
            ("POST", "/refresh" | "/revoke") => handled!(refresh),
            ("POST", "/introspect") => handled!(introspect),
            ("POST", "/logout") => handled!(logout),
            (_, "/password/forgot" | "/me/email") => handled!(email),
            (_, path) if path.starts_with("/email/") => handled!(email),
            (_, path) if path.starts_with("/admin/") => handled!(admin),
            (_, path)
                if ["/me", "/sessions", "/password/"]
                    .iter()
                    .any(|start| path.starts_with(start)) =>
            {
                handled!(account)
            }
            _ => return None,
        })
    }

    /// Sends an event to the authorizer, and returns its response, if it has one.
    pub(crate) fn authorize(&self, event: &str) -> Option<Value> {
        let context = lambda_runtime::Context::default();
        let decided = authorizer::handle(&self.apps.authorizer, event, &context);
        let response = self.runtime.block_on(decided).ok()?;
        Some(serde_json::to_value(response).unwrap())
    }
}

impl Apps {
    async fn start(environment: &Environment, gated: &Backend, open: &Backend) -> Self {
        let clock = || Clock::Fixed(TestClock::default().seconds());
        let http = |backend: &Backend| Some(backend.clone().http_client());
        macro_rules! started {
            ($function:ident, $backend:expr) => {
                Box::pin($function::App::within(environment, clock(), http($backend)))
                    .await
                    .unwrap()
            };
        }
        Self {
            account: started!(account, gated),
            admin: started!(admin, gated),
            authorizer: started!(authorizer, open),
            email: started!(email, gated),
            introspect: started!(introspect, gated),
            login: started!(login, gated),
            logout: started!(logout, gated),
            refresh: started!(refresh, gated),
            register: started!(register, gated),
        }
    }
}

/// Runs a handler until it waits, which it only does for AWS.
fn until_a_call(handler: impl Future<Output = Response>) -> Handled {
    match pin!(handler).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(response) => Handled::Responded(response),
        Poll::Pending => Handled::Called,
    }
}

/// Returns Secrets Manager with the ring.
fn secrets(runtime: &Runtime) -> Secrets {
    let secrets = Secrets::default();
    let put = json!({
        "SecretId": SECRET_ARN,
        "ClientRequestToken": "00000001-0000-4000-8000-000000000000",
        "SecretString": stored_ring(),
        "VersionStages": ["AWSCURRENT"],
    });
    let put = Request::post("/")
        .header("x-amz-target", "secretsmanager.PutSecretValue")
        .body(Bytes::from(put.to_string()));
    let nothing = Backend::new(|_| std::future::ready(Err(gatehouse_testing::ConnectionCut)));
    let manager = secrets.beside(nothing);
    runtime.block_on(manager.call(put.unwrap())).unwrap();
    secrets
}

/// Publishes the ring's keys.
async fn publish(environment: &Environment, backend: &Backend) {
    let connection = Connection::from_variables(|name| environment.text(name), Budget::Request);
    let http = Some(backend.clone().http_client());
    let tables = connection.unwrap().through(http).tables();
    let table = environment.text("SIGNING_KEYS_TABLE").unwrap().to_owned();
    let (keys, published) = (SigningKeys::new(tables, table), ring().published());
    let is_first = keys.publish(&published, None).await;
    assert!(is_first.unwrap(), "the table has keys already");
}

fn environment(tables: &MemoryTables) -> Environment {
    let settings = [
        ("AWS_REGION", "fuzz"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ("ISSUER", ISSUER),
        ("KEY_RING_SECRET_ARN", SECRET_ARN),
        ("REFRESH_COOKIE", "on"),
        ("CORS_ORIGINS", crate::cookies::ORIGIN),
        ("ARGON2_ITERATIONS", "5"),
        ("ARGON2_MEMORY_KIB", "7168"),
    ];
    let names = [
        ("USERS_TABLE", "UsersTable"),
        ("SESSIONS_TABLE", "SessionsTable"),
        ("REVOCATIONS_TABLE", "RevocationsTable"),
        ("LOGIN_ATTEMPTS_TABLE", "LoginAttemptsTable"),
        ("SIGNING_KEYS_TABLE", "SigningKeysTable"),
        ("OUTBOX_TABLE", "OutboxTable"),
    ];
    let names = names.map(|(variable, table)| (variable, tables.name(table)));
    Environment::from_pairs(settings.into_iter().chain(names))
}
