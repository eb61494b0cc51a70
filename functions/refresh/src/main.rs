//! The Lambda function `refresh`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatehouse_edge::run(refresh::App::start, refresh::handle)
}
