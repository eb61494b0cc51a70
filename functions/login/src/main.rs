//! The Lambda function `login`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatehouse_edge::run(login::App::start, login::handle)
}
