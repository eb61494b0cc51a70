//! The Lambda function `register`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatehouse_edge::run(register::App::start, register::handle)
}
