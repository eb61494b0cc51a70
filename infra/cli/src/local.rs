//! `gatehouse local`: builds the functions, starts the stack, tells what to type.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use gatehouse_local::{LogTarget, Stack, StackOptions, function_names};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cargo::{self, Purpose};
use crate::data_dir::DataDir;
use crate::watch::{self, Watch};
use crate::{environment_file, password, project, seed};

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
    // From here on, so that whatever was started is ended too.
    let mut end = End::listen()?;
    let mut running = tokio::select! {
        // Asked first: Ctrl-C also ends the Cargo that builds, which would look like a
        // build that failed.
        biased;
        () = end.asked() => bail!("ended before the service was ready"),
        started = Running::start(&arguments) => started?,
    };
    let ended = tokio::select! {
        ended = running.watch_ended() => ended,
        () = end.asked() => Ok(()),
    };
    running.stop().await;
    ended
}

/// The stack and what serves its functions.
struct Running {
    stack: Stack,
    watch: Option<Watch>,
}

impl Running {
    /// Builds the functions, starts the stack, and says what to type.
    async fn start(arguments: &Arguments) -> anyhow::Result<Self> {
        let root = project::root()?;
        let data_dir = data_dir(arguments, &root)?;
        let mut options = options(arguments, &root, data_dir.as_ref());
        let functions = function_names(&options.template, &options.parameters)?;
        // Before the build, which may take minutes.
        check_port(arguments.port, "the API", "--port")?;
        check_port(arguments.dynamodb_port, "DynamoDB", "--dynamodb-port")?;
        let mut out = std::io::stdout();
        let purpose = match (arguments.watch, arguments.release) {
            (true, _) => Purpose::Watch,
            (false, true) => Purpose::Deployment,
            (false, false) => Purpose::Local,
        };
        if arguments.watch {
            watch::check().await?;
        }
        writeln!(out, "{}", purpose.announcement(&functions))?;
        options.bin_dir = cargo::build(&root, &functions, purpose).await?;
        let mut invoke_port = None;
        if arguments.watch {
            let port = watch::free_port().await?;
            options.remote = Some(format!("http://127.0.0.1:{port}"));
            invoke_port = Some(port);
        }
        let began = Instant::now();
        let stack = Stack::start(options).await?;
        let took = began.elapsed();
        let environment =
            environment_file::write(&root.join(WORK_DIR), &stack.shared_environment())?;
        let mut running = Self { stack, watch: None };
        if let Some(port) = invoke_port {
            running.watch = Some(Watch::start(&root, port, &environment).await?);
        }
        let mut seeded = vec![];
        if arguments.seed {
            seeded = seed::users(running.stack.address()).await?;
        }
        greet(
            &mut out.lock(),
            &running.stack,
            took,
            data_dir.as_ref(),
            &seeded,
        )?;
        Ok(running)
    }

    /// Waits for the end of `cargo lambda watch`: forever if it does not run.
    async fn watch_ended(&mut self) -> anyhow::Result<()> {
        match &mut self.watch {
            Some(watch) => watch.ended().await,
            None => std::future::pending().await,
        }
    }

    async fn stop(self) {
        drop(self.watch);
        self.stack.stop().await;
    }
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

/// The signals that end the service.
struct End {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl End {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
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
