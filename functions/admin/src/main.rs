//! The Lambda function `admin`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatehouse_edge::run_with_schedule(admin::App::start, admin::handle, admin::finish_deletions)
}
