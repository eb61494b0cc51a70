//! The runtime's loop: reads an event, calls the handler, writes payload 2.0.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::SET_COOKIE;
use lambda_http::Context;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tracing::Instrument;

use crate::address::ClientAddress;
use crate::config::Environment;
use crate::deadline::{BUDGET, deadline};
use crate::error::Problem;
use crate::event;
use crate::function::{Handler, Scheduled, StartError};
use crate::process::{end_if_expired, handle_events};
use crate::{Response, response, telemetry};

/// Responds to events until Lambda ends the process, to several at a time if the
/// function's settings allow it.
///
/// # Errors
/// If `CLIENT_ADDRESS` or `PROXY_SECRET_SHA256` is invalid, or the Runtime API becomes
/// unreachable.
pub(crate) async fn serve<A, H, Kind>(
    environment: &Environment,
    app: A,
    handle: H,
) -> Result<(), StartError>
where
    A: Send + Sync + 'static,
    H: for<'a> Handler<'a, A, Kind> + Send + Sync + 'static,
    Kind: 'static,
{
    let client_address = ClientAddress::from_environment(environment)?;
    let function = Arc::new((app, handle, client_address));
    // `respond` parses the event. The runtime's own parser would log the text that it
    // fails on, which may be a password.
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let function = Arc::clone(&function);
        async move {
            let LambdaEvent { payload, context } = event;
            let (app, handle, client_address) = &*function;
            let response = respond(app, handle, client_address, payload.get(), context).await;
            telemetry::flush().await;
            Ok::<_, Infallible>(Payload::from(response))
        }
    });
    handle_events(service).await
}

/// Does what [`serve`] does, and `on_schedule` for each event of a schedule.
///
/// # Errors
/// As [`serve`].
pub(crate) async fn serve_with_schedule<A, H, W, Kind>(
    environment: &Environment,
    app: A,
    handle: H,
    on_schedule: W,
) -> Result<(), StartError>
where
    A: Send + Sync + 'static,
    H: for<'a> Handler<'a, A, Kind> + Send + Sync + 'static,
    Kind: 'static,
    W: for<'a> Scheduled<'a, A> + Send + Sync + 'static,
{
    let client_address = ClientAddress::from_environment(environment)?;
    let function = Arc::new((app, handle, on_schedule, client_address));
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let function = Arc::clone(&function);
        async move {
            let LambdaEvent { payload, context } = event;
            let (app, handle, on_schedule, client_address) = &*function;
            if is_of_a_schedule(payload.get()) {
                let deadline = deadline(&context, SCHEDULED);
                let worked = deadline.enforce(on_schedule.run(app)).await;
                let worked = worked.unwrap_or_else(|late| Err(late.into()));
                let worked = worked.inspect_err(|error| {
                    let request_id = context.request_id.as_str();
                    end_if_expired(error.as_ref());
                    let error = telemetry::chain(error.as_ref());
                    tracing::error!(error, request_id, "scheduled work failed");
                });
                telemetry::flush().await;
                return worked.map(|()| Served::Scheduled(None));
            }
            let response = respond(app, handle, client_address, payload.get(), context).await;
            telemetry::flush().await;
            Ok::<_, StartError>(Served::Response(Payload::from(response)))
        }
    });
    handle_events(service).await
}

/// How long scheduled work may take. Nobody waits for it; what is left is done next time.
const SCHEDULED: Duration = Duration::from_secs(50);

/// What an event returns.
#[derive(Serialize)]
#[serde(untagged)]
enum Served {
    Response(Payload),
    Scheduled(Option<()>),
}

/// True for the event that a scheduled `AWS::Events::Rule` sends. Whatever a client sends
/// is inside the gateway's event, which has other members.
fn is_of_a_schedule(event: &str) -> bool {
    #[derive(Deserialize)]
    struct ScheduledEvent {
        source: String,
        #[serde(rename = "detail-type")]
        detail_type: String,
        #[serde(rename = "requestContext")]
        request_context: Option<IgnoredAny>,
    }
    serde_json::from_str::<ScheduledEvent>(event).is_ok_and(|event| {
        event.source == "aws.events"
            && event.detail_type == "Scheduled Event"
            && event.request_context.is_none()
    })
}

/// Responds to one event, given as JSON, as [`run`](crate::run()) does to each; 400 if the
/// event cannot be read.
pub async fn respond<A, H, Kind>(
    app: &A,
    handle: &H,
    client_address: &ClientAddress,
    event: &str,
    context: Context,
) -> Response
where
    H: for<'a> Handler<'a, A, Kind>,
{
    let lambda_id = context.request_id.clone();
    let function = context.env_config.function_name.clone();
    let trace_id = context.xray_trace_id.clone();
    let deadline = deadline(&context, BUDGET);
    match event::read(event, context, client_address) {
        Ok(request) => {
            let request_id = request.request_id();
            let trace_id =
                trace_id.or_else(|| request.header("x-amzn-trace-id").map(str::to_owned));
            let span = tracing::info_span!("invocation", request_id, function, trace_id);
            let handled = async { handle.respond(app, &request).await };
            let response = deadline.scope(handled.instrument(span)).await;
            response::finish(response, request_id)
        }
        Err(error) => {
            tracing::error!(error = %error, request_id = lambda_id, "an event was refused");
            let response = Problem::invalid_request().into_response(&lambda_id);
            response::finish(response, &lambda_id)
        }
    }
}

/// A response in payload version 2.0.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    status_code: u16,
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    body: String,
    is_base64_encoded: bool,
}

impl From<Response> for Payload {
    fn from(response: Response) -> Self {
        let mut headers = BTreeMap::new();
        let mut cookies = Vec::new();
        for (name, value) in response.headers() {
            let Ok(value) = value.to_str().map(str::to_owned) else {
                continue;
            };
            // A payload carries no header twice, and cookies cannot be joined.
            if name == SET_COOKIE {
                cookies.push(value);
            } else {
                headers.insert(name.to_string(), value);
            }
        }
        let (body, is_base64_encoded) = match std::str::from_utf8(response.body()) {
            Ok(text) => (text.to_owned(), false),
            Err(_) => (STANDARD.encode(response.body()), true),
        };
        Self {
            status_code: response.status().as_u16(),
            headers,
            cookies,
            body,
            is_base64_encoded,
        }
    }
}

#[cfg(test)]
mod tests;
