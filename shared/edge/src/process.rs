//! The process: it handles events until Lambda ends it, or until its credentials have expired.
//! Then it ends itself, after its response. Lambda starts a fresh process with new
//! credentials; the old one would fail for as long as Lambda kept it.

use std::error::Error;
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};

use gatehouse_auth::failure::ExpiredCredentials;
use lambda_runtime::layers::TracingLayer;
use lambda_runtime::streaming::Body;
use lambda_runtime::tower::util::MapResultLayer;
use lambda_runtime::{Diagnostic, IntoFunctionResponse, LambdaEvent, Runtime, Service};
use serde::{Deserialize, Serialize};

use crate::function::StartError;

/// Whether the process ends after the response that it is working on.
static IS_OVER: AtomicBool = AtomicBool::new(false);

/// Hands each event to a service, to several at a time if the function's settings allow it.
///
/// # Errors
/// [`ExpiredCredentials`], after the response that reported them, or if the Runtime API
/// becomes unreachable.
pub async fn handle_events<E, R, S>(service: S) -> Result<(), StartError>
where
    E: for<'de> Deserialize<'de> + Send + 'static,
    R: Serialize + IntoFunctionResponse<R, Body> + Send + 'static,
    S: Service<LambdaEvent<E>, Response = R> + Clone + Send + 'static,
    S::Future: Future<Output = Result<R, S::Error>> + Send + 'static,
    S::Error: Into<Diagnostic> + Debug,
{
    // Outermost: it sees an event as handled when its response has been sent.
    let end = MapResultLayer::new(|handled: Result<(), StartError>| handled.and_then(unless_over));
    let runtime = Runtime::new(service).layer(TracingLayer::new()).layer(end);
    runtime.run_concurrent().await
}

/// Ends the process after the current response if a failure comes from its credentials.
pub fn end_if_expired(error: &(dyn Error + 'static)) {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    if causes.any(<dyn Error>::is::<ExpiredCredentials>) {
        IS_OVER.store(true, Ordering::SeqCst);
    }
}

/// Returns whether the process ends after the response that it is working on.
#[must_use]
pub fn is_over() -> bool {
    IS_OVER.load(Ordering::SeqCst)
}

fn unless_over((): ()) -> Result<(), StartError> {
    if is_over() {
        return Err(ExpiredCredentials.into());
    }
    Ok(())
}
