//! What a function provides: how its app starts, and how it responds to a request. Either
//! may be an `async fn`.

use std::pin::Pin;

use gatehouse_auth::deadline::{Deadline, Late};

use crate::Response;
use crate::config::Environment;
use crate::error::IntoResponse;
use crate::request::Request;

/// Why a function cannot start; its message goes to the log.
pub type StartError = lambda_runtime::Error;

/// What creates an app: a function of the settings, `async` or not.
///
/// `Kind` distinguishes the two; the compiler infers it.
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

/// What responds to requests: a function of the app and a request, `async` or not,
/// whose error becomes the response.
///
/// `Kind` distinguishes the two; the compiler infers it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot respond to requests",
    note = "it must be `fn(&{A}, &Request) -> Result<Response, Problem>`, async or not"
)]
pub trait Handler<'a, A, Kind> {
    /// Responds to one request.
    fn respond(&self, app: &'a A, request: &'a Request) -> Responding<'a>;
}

/// The future of a response. It is boxed, as the compiler cannot yet prove that an
/// unnamed one of any lifetime is `Send` (rust-lang/rust#100013).
pub(crate) type Responding<'a> = Pin<Box<dyn Future<Output = Response> + Send + 'a>>;

impl<'a, A, F, E> Handler<'a, A, Plain> for F
where
    A: 'a,
    F: Fn(&'a A, &'a Request) -> Result<Response, E>,
    E: IntoResponse + From<Late>,
{
    fn respond(&self, app: &'a A, request: &'a Request) -> Responding<'a> {
        let is_late = Deadline::current().is_some_and(|deadline| deadline.left().is_zero());
        let result = if is_late {
            Err(Late.into())
        } else {
            self(app, request)
        };
        let response = result.unwrap_or_else(|error| error.into_response(request.request_id()));
        Box::pin(std::future::ready(response))
    }
}

impl<'a, A, F, R, E> Handler<'a, A, Awaited> for F
where
    A: 'a,
    F: Fn(&'a A, &'a Request) -> R,
    R: Future<Output = Result<Response, E>> + Send + 'a,
    E: IntoResponse + From<Late>,
{
    fn respond(&self, app: &'a A, request: &'a Request) -> Responding<'a> {
        let result = self(app, request);
        Box::pin(async move {
            let result = match Deadline::current() {
                Some(deadline) => deadline.enforce(result).await,
                None => Ok(result.await),
            };
            let result = result.unwrap_or_else(|late| Err(late.into()));
            result.unwrap_or_else(|error| error.into_response(request.request_id()))
        })
    }
}

/// What a schedule makes a function do.
pub trait Scheduled<'a, A> {
    /// Does it. An error makes Lambda repeat the event, twice.
    fn run(&self, app: &'a A) -> Running<'a>;
}

/// The future of scheduled work; boxed as [`Responding`] is.
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Result<(), StartError>> + Send + 'a>>;

impl<'a, A, F, R, E> Scheduled<'a, A> for F
where
    A: 'a,
    F: Fn(&'a A) -> R,
    R: Future<Output = Result<(), E>> + Send + 'a,
    E: std::error::Error + Send + Sync + 'static,
{
    fn run(&self, app: &'a A) -> Running<'a> {
        let work = self(app);
        Box::pin(async move { work.await.map_err(StartError::from) })
    }
}
