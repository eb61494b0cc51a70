//! `main` of a function: settings, logs and the app first, then events until Lambda
//! ends the process.

use std::process::ExitCode;

use crate::config::Environment;
use crate::function::{Handler, Scheduled, Start, StartError};
use crate::serve::{serve, serve_with_schedule};
use crate::telemetry;

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

/// Runs a function that responds to HTTP requests, and that a schedule also invokes: a rule
/// of the type `AWS::Events::Rule`.
///
/// No client can send the event of a schedule: an HTTP request reaches a function only
/// inside the gateway's event.
pub fn run_with_schedule<A, S, H, W, StartKind, HandlerKind>(
    start: S,
    handle: H,
    on_schedule: W,
) -> ExitCode
where
    A: Send + Sync + 'static,
    S: Start<A, StartKind>,
    H: for<'a> Handler<'a, A, HandlerKind> + Send + Sync + 'static,
    HandlerKind: 'static,
    W: for<'a> Scheduled<'a, A> + Send + Sync + 'static,
{
    run_with(async |environment| {
        let app = start.start(&environment).await?;
        serve_with_schedule(&environment, app, handle, on_schedule).await
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
