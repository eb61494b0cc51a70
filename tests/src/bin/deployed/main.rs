//! `cargo deployed`: deploys everything onto an emulator of AWS and runs the
//! end-to-end suite against it, from a fresh clone, in one command.
//!
//! Steps: tools, build, emulator, deployment with mail, keys, the suite; ten rotations under
//! load, a second stack without mail, and the examples; what each role was granted compared
//! with what it used; then the stacks are deleted.
//!
//! `--short` leaves out the tests that need no deployment to show what they show, and use no
//! permission that the others do not use: CI runs it. Other arguments are parts of the names of
//! tests: only those tests run, and what was granted is not compared with what was used.

mod emulator;
mod extent;
mod granted;
mod local;
mod ses;
mod tools;
mod weights;

use std::io::Write as _;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, ensure};
use gatehouse_tests::binaries::root;
use gatehouse_tests::deployment::{Deployment, Parameters};
use gatehouse_tests::sam;
use gatehouse_tests::service::MAIL_FROM;

use emulator::Emulator;
use extent::Extent;
use tools::Tools;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let extent = Extent::read(std::env::args().skip(1));
    let began = Instant::now();
    let step = |name: &str| say(&format!("== {name} ({} s)", began.elapsed().as_secs()));
    let work = root().join(".gatehouse/deployed");
    std::fs::create_dir_all(&work)?;

    step("tools");
    let tools = Tools::install()?;
    step("build");
    weights::compare(&tools.build_functions()?)?;
    step("emulator");
    let emulator = Emulator::start().await?;
    let environment = emulator.environment(&tools);
    step("deployment");
    for template in [
        "template.yaml",
        "examples/own_apis.yaml",
        "examples/native_jwt.yaml",
    ] {
        sam::validate(&environment, &root().join("infra").join(template))?;
    }
    let package = work.join("packaged.yaml");
    sam::package(&environment, &root().join("infra/template.yaml"), &package)?;
    ses::widen(&package)?;
    let parameters = sam::for_a_test(&Parameters::new());
    sam::deploy(&environment, &package, STACK, &parameters)?;
    let config = emulator.config().await;
    ses::verify(&config, MAIL_FROM.1).await?;
    let deployment = Deployment::find(&config, STACK).await?;
    deployment.rotate_keys().await?;
    say(&format!("The service is at {}", deployment.url()));
    check(&environment)?;

    let mut environment = environment;
    for (name, value) in [
        ("API_URL", deployment.url()),
        ("STACK_NAME", STACK),
        ("GATEHOUSE_PACKAGE", &package.to_string_lossy()),
        ("GATEHOUSE_PROXY", emulator.proxy().url()),
    ] {
        environment.insert(name.to_owned(), value.to_owned());
    }
    step("end-to-end suite");
    let local = local::MODULES.map(|module| format!("--skip={module}::"));
    let filters = extent.filters("end_to_end");
    suite(&environment, "end_to_end", &[&local, &*filters].concat())?;
    step("rotations under load, examples");
    environment.extend(extent.environment());
    suite(&environment, "deployed", &extent.filters("deployed"))?;

    let stacks = emulator.stacks(STACK).await?;
    if extent.uses_every_permission() {
        step("granted and used");
        granted::compare(&config, emulator.proxy(), &stacks).await?;
    }
    step("teardown");
    emulator.delete(&stacks).await?;
    step("done");
    Ok(())
}

/// Runs `cargo gatehouse check --stack gatehouse-e2e`, which must not fail; its warnings
/// are printed.
fn check(environment: &sam::Environment) -> anyhow::Result<()> {
    let status = Command::new(env!("CARGO"))
        .current_dir(root())
        .envs(environment)
        .args(["gatehouse", "check", "--stack", STACK])
        .status()
        .context("cargo cannot be started")?;
    ensure!(
        matches!(status.code(), Some(0 | 3)),
        "the check of the deployed stack failed"
    );
    Ok(())
}

/// Runs one of the test binaries against the deployment.
fn suite(environment: &sam::Environment, name: &str, arguments: &[String]) -> anyhow::Result<()> {
    let status = Command::new(env!("CARGO"))
        .current_dir(root())
        .envs(environment)
        // Without `-p`, so that Cargo reuses what `cargo test` compiled.
        .args(["test", "--locked", "--test", name])
        // One at a time: the tests share a stack, and some cut it off from its tables.
        .args(["--", "--test-threads=1"])
        .args(arguments)
        .status()
        .context("cargo cannot be started")?;
    ensure!(status.success(), "the suite {name} failed");
    Ok(())
}

/// Reports progress.
fn say(line: &str) {
    // If stderr is closed, there is no reader.
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// The stack that the suite runs against.
const STACK: &str = "gatehouse-e2e";
