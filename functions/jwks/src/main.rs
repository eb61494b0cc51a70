//! The Lambda function `jwks`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatehouse_edge::run(jwks::App::start, jwks::handle)
}
