//! The Lambda function `register`.

use std::process::ExitCode;
use std::sync::Arc;

use gatehouse_edge::config::Environment;
use gatehouse_edge::telemetry;
use register::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    telemetry::exit(run().await)
}

async fn run() -> Result<(), lambda_runtime::Error> {
    let environment = Environment::read();
    telemetry::init(&environment)?;
    let app = App::start(&environment).await?;
    gatehouse_edge::serve(&environment, Arc::new(app), register::handle).await
}
