//! The Lambda function `admin`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatehouse_edge::run(admin::App::start, admin::handle)
}
