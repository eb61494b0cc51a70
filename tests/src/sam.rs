//! The SAM command line.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::deployment::Parameters;
use crate::service::{CLIENT_ADDRESS, MAIL_FROM};
use crate::settings::setting;

/// Deploys a packaged template, and waits until the stack is complete; a stack that is
/// there already, with the same template and parameters, stays as it is.
///
/// # Errors
/// If SAM fails; the message is its output.
pub fn deploy(
    environment: &Environment,
    package: &Path,
    stack: &str,
    parameters: &Parameters,
) -> anyhow::Result<()> {
    let pairs = parameters.iter();
    let pairs = pairs.map(|(name, value)| format!("{name}='{value}'"));
    let mut command = sam(environment);
    command
        .args(["deploy", "--no-progressbar", "--resolve-s3"])
        .args(["--capabilities", "CAPABILITY_IAM"])
        .arg("--no-fail-on-empty-changeset")
        .arg("--template-file")
        .arg(package)
        .args(["--stack-name", stack])
        .arg("--parameter-overrides")
        .args(pairs);
    run(&mut command)
}

/// Uploads the functions, and writes a template that refers to the uploads.
///
/// # Errors
/// If SAM fails; the message is its output.
pub fn package(environment: &Environment, template: &Path, package: &Path) -> anyhow::Result<()> {
    let mut command = sam(environment);
    command
        .args(["package", "--no-progressbar", "--resolve-s3"])
        .arg("--template-file")
        .arg(template)
        .arg("--output-template-file")
        .arg(package);
    run(&mut command)
}

/// Validates a template, with the linter's rules.
///
/// # Errors
/// If SAM finds anything; the message is its output.
pub fn validate(environment: &Environment, template: &Path) -> anyhow::Result<()> {
    let mut command = sam(environment);
    command
        .args(["validate", "--lint", "--template-file"])
        .arg(template);
    run(&mut command)
}

/// Runs a command, and shows its output if it fails.
///
/// # Errors
/// If it fails; the message is its output.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("{shown} cannot be started"))?;
    if !output.status.success() {
        let output = [output.stdout, output.stderr].concat();
        bail!("{shown} failed:\n{}", String::from_utf8_lossy(&output));
    }
    Ok(())
}

/// Variables that are added to this process's environment, or replace some of it.
pub type Environment = BTreeMap<String, String>;

fn sam(environment: &Environment) -> Command {
    let named = environment.get("SAM").cloned();
    let program = named.or_else(|| setting("SAM"));
    let mut command = Command::new(program.unwrap_or_else(|| "sam".to_owned()));
    command.envs(environment);
    command
}

/// Adds the parameters that every test's stack is deployed with: the emulator has no
/// rotation schedules, no test's data is worth keeping, and tests that share a stack must
/// not share the counters of one address.
#[must_use]
pub fn for_a_test(parameters: &Parameters) -> Parameters {
    let mut all: Parameters = DEFAULTS
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    all.extend(parameters.clone());
    all
}

const DEFAULTS: [(&str, &str); 5] = [
    MAIL_FROM,
    ("ClientAddress", CLIENT_ADDRESS),
    ("RotationDays", "0"),
    ("ProtectData", "false"),
    ("Architecture", ARCHITECTURE),
];

/// The processor that the tests' functions are built for is this machine's.
const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") {
    "arm64"
} else {
    "x86_64"
};
