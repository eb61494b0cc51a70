//! The Lambda function `account`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatehouse_edge::run(account::App::start, account::handle)
}
