//! The Lambda function `protected`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatehouse_edge::run(protected::App::start, protected::handle)
}
