//! The Lambda function `mailer`.

use std::process::ExitCode;
use std::sync::Arc;

use gatehouse_edge::telemetry;
use lambda_runtime::{LambdaEvent, service_fn};
use mailer::App;
use serde_json::Value;

fn main() -> ExitCode {
    gatehouse_edge::run_with(async |environment| {
        let app = Arc::new(App::start(&environment)?);
        gatehouse_edge::handle_events(service_fn(move |event: LambdaEvent<Value>| {
            let app = Arc::clone(&app);
            async move {
                // Boxed: inlined, its layout would be too deep for the compiler.
                let done = Box::pin(mailer::handle(&app, event.payload, &event.context)).await;
                telemetry::flush().await;
                done
            }
        }))
        .await
    })
}
