//! The Lambda function `rotate-keys`.

use std::process::ExitCode;
use std::sync::Arc;

use gatehouse_edge::config::Environment;
use gatehouse_edge::telemetry;
use lambda_runtime::{LambdaEvent, service_fn};
use rotate_keys::App;
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    telemetry::exit(run().await)
}

async fn run() -> Result<(), lambda_runtime::Error> {
    let environment = Environment::read();
    telemetry::init(&environment)?;
    let app = Arc::new(App::start(&environment)?);
    lambda_runtime::run_concurrent(service_fn(move |event: LambdaEvent<Value>| {
        let app = Arc::clone(&app);
        async move {
            let request_id = event.context.request_id;
            // Boxed: its layout is too deep for the compiler where it is inlined.
            Box::pin(rotate_keys::handle(&app, event.payload, &request_id)).await
        }
    }))
    .await
}
