//! The Lambda function `introspect`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatehouse_edge::run(introspect::App::start, introspect::handle)
}
