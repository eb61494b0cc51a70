//! The Lambda function `authorizer`.

use std::process::ExitCode;
use std::sync::Arc;

use authorizer::App;
use gatehouse_edge::telemetry;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;

fn main() -> ExitCode {
    gatehouse_edge::run_with(async |environment| {
        let app = Arc::new(App::start(&environment).await?);
        // `handle` parses the event. The runtime's own parser would log the text that it
        // fails on, which may be a token.
        gatehouse_edge::handle_events(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
            let app = Arc::clone(&app);
            async move {
                let response = authorizer::handle(&app, event.payload.get(), &event.context).await;
                telemetry::flush().await;
                response
            }
        }))
        .await
    })
}
