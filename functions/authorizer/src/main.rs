//! The Lambda function `authorizer`.

use std::process::ExitCode;
use std::sync::Arc;

use authorizer::App;
use authorizer::event::AuthorizerEvent;
use gatehouse_edge::config::Environment;
use gatehouse_edge::telemetry;
use lambda_runtime::{LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    telemetry::exit(run().await)
}

async fn run() -> Result<(), lambda_runtime::Error> {
    let environment = Environment::read();
    telemetry::init(&environment)?;
    let app = Arc::new(App::start(&environment).await?);
    lambda_runtime::run_concurrent(service_fn(move |event: LambdaEvent<AuthorizerEvent>| {
        let app = Arc::clone(&app);
        async move { authorizer::handle(&app, &event.payload).await }
    }))
    .await
}
