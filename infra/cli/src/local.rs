//! `gatehouse local`: builds the functions, starts the stack, tells what to type.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use gatehouse_local::{LogTarget, Stack, StackOptions, function_names};
use tokio::signal::unix::{SignalKind, signal};

use crate::data_dir::DataDir;
use crate::watch::{self, Watch};
use crate::{cargo, environment_file, password, project, seed};

/// What `gatehouse local` takes.
#[derive(clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct Arguments {
    /// The API's port
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// DynamoDB's port; 0 is any
    #[arg(long, default_value_t = 8000)]
    dynamodb_port: u16,
    /// Builds the functions as they are deployed
    #[arg(long)]
    release: bool,
    /// Hands the functions to `cargo lambda watch`, which rebuilds what changes
    #[arg(long, conflicts_with_all = ["release", "freeze", "concurrency"])]
    watch: bool,
    /// Keeps tables and keys in a directory, .gatehouse/data in the project if none is given; creates it if it does not exist
    #[arg(long, value_name = "DIRECTORY", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "an option with an optional value")]
    data_dir: Option<Option<PathBuf>>,
    /// How many processes a function may have at once
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Stops processes between events, as Lambda does
    #[arg(long)]
    freeze: bool,
    /// Registers two demo users and prints their passwords
    #[arg(long)]
    seed: bool,
    /// Sets a parameter of the template
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    parameter: Vec<(String, String)>,
}

/// Runs the stack until Ctrl-C.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let root = project::root()?;
    let functions = function_names(&root.join(project::TEMPLATE))?;
    // Before the build, which may take minutes.
    check_port(arguments.port, "the API", "--port")?;
    check_port(arguments.dynamodb_port, "DynamoDB", "--dynamodb-port")?;
    let data_dir = data_dir(&arguments, &root)?;
    let mut options = options(&arguments, &root, data_dir.as_ref());
    let mut invoke_port = None;
    if arguments.watch {
        watch::check().await?;
        // As cargo-lambda will: alone, each with its own features. Left to
        // itself it would build at the first request, which would time out.
        for function in &functions {
            cargo::build(&root, std::slice::from_ref(function), false)?;
        }
        let port = watch::free_port().await?;
        options.remote = Some(format!("http://127.0.0.1:{port}"));
        invoke_port = Some(port);
    } else {
        options.bin_dir = cargo::build(&root, &functions, arguments.release)?;
    }
    let began = Instant::now();
    let stack = Stack::start(options).await?;
    let took = began.elapsed();
    let environment = environment_file::write(&root.join(WORK_DIR), &stack.shared_environment())?;
    let mut watch = None;
    if let Some(port) = invoke_port {
        watch = Some(Watch::start(&root, port, &environment).await?);
    }
    let mut seeded = vec![];
    if arguments.seed {
        seeded = seed::users(stack.address()).await?;
    }
    let out = &mut std::io::stdout().lock();
    greet(out, &stack, took, data_dir.as_ref(), &seeded)?;

    let ended = match &mut watch {
        Some(watch) => tokio::select! {
            ended = watch.ended() => ended,
            asked = asked_to_end() => asked,
        },
        None => asked_to_end().await,
    };
    if let Some(watch) = watch {
        watch.stop().await;
    }
    stack.stop().await;
    ended
}

/// The data directory that was asked for, checked before a build.
fn data_dir(arguments: &Arguments, root: &Path) -> anyhow::Result<Option<DataDir>> {
    let Some(typed) = &arguments.data_dir else {
        return Ok(None);
    };
    let data_dir = DataDir::of_option(typed.as_deref(), root)?;
    data_dir.check_usable(root)?;
    Ok(Some(data_dir))
}

fn options(arguments: &Arguments, root: &Path, data_dir: Option<&DataDir>) -> StackOptions {
    StackOptions {
        template: root.join(project::TEMPLATE),
        port: arguments.port,
        dynamodb_port: arguments.dynamodb_port,
        data_dir: data_dir.map(|directory| directory.path().to_owned()),
        work_dir: root.join(WORK_DIR),
        parameters: arguments.parameter.iter().cloned().collect(),
        concurrency: usize::from(arguments.concurrency),
        freeze: arguments.freeze,
        log: LogTarget::Stderr,
        ..StackOptions::default()
    }
}

/// Says where everything is and what to type first.
fn greet(
    out: &mut impl Write,
    stack: &Stack,
    took: Duration,
    data_dir: Option<&DataDir>,
    seeded: &[String],
) -> anyhow::Result<()> {
    let url = stack.url();
    let tables: Vec<&str> = stack.tables().collect();
    writeln!(
        out,
        "\nGatehouse is at {url} (ready in {} ms); Ctrl-C ends it.",
        took.as_millis()
    )?;
    writeln!(
        out,
        "DynamoDB is at {}: {}",
        stack.dynamodb_url(),
        tables.join(", ")
    )?;
    match data_dir {
        Some(directory) => writeln!(out, "Tables and keys are kept in {directory}.")?,
        None => writeln!(
            out,
            "Tables are in memory: Ctrl-C deletes all accounts and sessions. --data-dir keeps them."
        )?,
    }
    for line in seeded {
        writeln!(out, "{line}")?;
    }
    let password = password::random()?;
    writeln!(out, "\nRegister somebody first:\n")?;
    writeln!(
        out,
        "  curl -i {url}/register -H 'Content-Type: application/json' \\"
    )?;
    writeln!(
        out,
        "    -d '{{\"username\":\"maria\",\"password\":\"{password}\"}}'\n"
    )?;
    out.flush().context("stdout is closed")
}

async fn asked_to_end() -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}

fn check_port(port: u16, whose: &str, option: &str) -> anyhow::Result<()> {
    if TcpListener::bind(("127.0.0.1", port))
        .is_err_and(|e| e.kind() == std::io::ErrorKind::AddrInUse)
    {
        bail!(
            "port {port}, for {whose}, is taken: end what uses it, or choose another with {option}"
        );
    }
    Ok(())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or("it is not NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Where keys and the functions' environment are written; ignored by Git.
pub(crate) const WORK_DIR: &str = ".gatehouse";

#[cfg(test)]
mod tests {
    use super::pair;

    #[test]
    fn a_parameter_is_split_at_its_first_equals_sign() {
        assert_eq!(pair("A=b=c").unwrap(), ("A".to_owned(), "b=c".to_owned()));
        assert!(pair("=b").is_err());
        assert!(pair("A").is_err());
    }
}
