//! `main` of a function: settings, logs and the app first, then events until Lambda
//! ends the process.

use std::process::ExitCode;

use crate::config::Environment;
use crate::serve::{Handler, serve};
use crate::telemetry;

/// Why a function cannot start; its message goes to the log.
pub type StartError = lambda_runtime::Error;

/// Runs a function that responds to HTTP requests.
///
/// `start` creates the app from the settings, once at cold start; `handle` responds to
/// each request. Either may be an `async fn`.
///
/// ```no_run
/// use gatehouse_edge::config::Environment;
/// use gatehouse_edge::{Problem, Request, Response, StartError, response};
///
/// struct App;
///
/// fn start(_: &Environment) -> Result<App, StartError> {
///     Ok(App)
/// }
///
/// async fn handle(_: &App, _: &Request) -> Result<Response, Problem> {
///     Ok(response::no_content())
/// }
///
/// fn main() -> std::process::ExitCode {
///     gatehouse_edge::run(start, handle)
/// }
/// ```
pub fn run<A, S, H, StartKind, HandlerKind>(start: S, handle: H) -> ExitCode
where
    A: Send + Sync + 'static,
    S: Start<A, StartKind>,
    H: for<'a> Handler<'a, A, HandlerKind> + Send + Sync + 'static,
    HandlerKind: 'static,
{
    run_with(async |environment| {
        let app = start.start(&environment).await?;
        serve(&environment, app, handle).await
    })
}

/// Runs a function whose events are not HTTP requests: `body` creates its app and hands
/// it to the Lambda runtime.
///
/// The process logs as every function does, before `body` as well as after it failed.
pub fn run_with(body: impl AsyncFnOnce(Environment) -> Result<(), StartError>) -> ExitCode {
    let environment = Environment::read();
    let ended = telemetry::init(&environment).map_err(StartError::from);
    let ended = ended.and_then(|()| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build()?;
        runtime.block_on(body(environment))
    });
    telemetry::exit(ended)
}

/// What creates an app: a function of the settings, `async` or not.
///
/// `Kind` tells the two apart; the compiler infers it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot start a function",
    note = "it must be `fn(&Environment) -> Result<{A}, StartError>`, async or not"
)]
pub trait Start<A, Kind> {
    /// Creates the app.
    fn start(self, environment: &Environment) -> impl Future<Output = Result<A, StartError>>;
}

/// The kind of a plain function.
#[derive(Debug)]
pub enum Plain {}

/// The kind of an `async fn`.
#[derive(Debug)]
pub enum Awaited {}

impl<A, F> Start<A, Plain> for F
where
    F: FnOnce(&Environment) -> Result<A, StartError>,
{
    async fn start(self, environment: &Environment) -> Result<A, StartError> {
        self(environment)
    }
}

impl<A, F> Start<A, Awaited> for F
where
    F: AsyncFnOnce(&Environment) -> Result<A, StartError>,
{
    async fn start(self, environment: &Environment) -> Result<A, StartError> {
        self(environment).await
    }
}
