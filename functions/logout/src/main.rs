//! The Lambda function `logout`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatehouse_edge::run(logout::App::start, logout::handle)
}
