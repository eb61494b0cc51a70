//! Checks that every test that `tests/requirements.toml` names has passed in the logs of
//! `cargo test` whose paths are the arguments. `.ci/run` runs it last.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use gatehouse_tests::requirements::Requirements;

fn main() -> ExitCode {
    match check() {
        Ok(report) => {
            // If stdout is closed, there is no reader.
            drop(writeln!(std::io::stdout(), "{report}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            drop(writeln!(std::io::stderr(), "error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn check() -> anyhow::Result<String> {
    let mut logs = String::new();
    for path in std::env::args().skip(1) {
        let log = std::fs::read(&path).with_context(|| format!("{path} cannot be read"))?;
        logs.push_str(&String::from_utf8_lossy(&log));
        logs.push('\n');
    }
    let requirements = Requirements::read()?;
    let missing = requirements.not_passed(&logs);
    anyhow::ensure!(
        missing.is_empty(),
        "these tests of tests/requirements.toml have not passed:\n{}",
        missing.join("\n")
    );
    let tests = requirements.tests().len();
    let all = requirements.all().count();
    Ok(format!("{tests} tests of {all} requirements have passed"))
}
