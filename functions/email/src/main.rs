//! The Lambda function `email`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatehouse_edge::run(email::App::start, email::handle)
}
