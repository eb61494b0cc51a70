//! `gatehouse local`: builds the functions, starts the stack and prints what to try first.

mod demo;
mod greeting;
mod parameters;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::bail;
use gatehouse_local::{LogTarget, Plan, Stack, StackOptions, check_keys, function_names};
use greeting::Greeting;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cargo::{self, Purpose};
use crate::data_dir::DataDir;
use crate::error::ErrorCode;
use crate::output::{self, Format, notice, print};
use crate::running::RecordedStack;
use crate::watch::{self, Watch};
use crate::{project, settings};

/// The arguments of `gatehouse local`.
#[derive(clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct Arguments {
    /// Port for the API
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Port for DynamoDB; 0 chooses a free one [default: 8000, or a free one if that is in use]
    #[arg(long)]
    dynamodb_port: Option<u16>,
    /// Builds the functions optimised, as for a deployment
    #[arg(long)]
    release: bool,
    /// Runs the functions in `cargo lambda watch`, which rebuilds them when the code changes
    #[arg(long, conflicts_with_all = ["release", "freeze", "concurrency"])]
    watch: bool,
    /// Keeps tables and keys in a directory, by default .gatehouse/data; creates it if necessary
    #[arg(long, value_name = "DIRECTORY", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "an option with an optional value")]
    data_dir: Option<Option<PathBuf>>,
    /// Maximum number of concurrent processes per function
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Freezes processes between events, as Lambda does
    #[arg(long)]
    freeze: bool,
    /// Creates two demo users and prints their passwords
    #[arg(long)]
    seed: bool,
    /// Sets a parameter of the template; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    parameter: Vec<(String, String)>,
}

/// Runs the stack until Ctrl-C.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    // Before anything starts, so that everything that was started is also stopped.
    let mut shutdown = Shutdown::listen()?;
    let mut running = tokio::select! {
        // Polled first: Ctrl-C also stops Cargo, which would look like a failed build.
        biased;
        () = shutdown.requested() => bail!("interrupted before the service was ready"),
        started = LocalStack::start(&arguments) => started?,
    };
    let ended = tokio::select! {
        ended = running.watch_ended() => ended,
        () = shutdown.requested() => Ok(()),
    };
    running.stop().await;
    ended.map(|()| ExitCode::SUCCESS)
}

/// The running stack, with everything that has to stop along with it.
struct LocalStack {
    stack: Stack,
    watch: Option<Watch>,
    recorded: RecordedStack,
}

impl LocalStack {
    /// Builds the functions, starts the stack and prints the greeting.
    async fn start(arguments: &Arguments) -> anyhow::Result<Self> {
        let root = project::root()?;
        // Before the build, which can take minutes.
        let data_dir = data_dir(arguments, &root)?;
        let mut options = options(arguments, &root, data_dir.as_ref())?;
        check(&options)?;
        let functions = function_names(&options.template, &options.parameters)?;
        let purpose = match (arguments.watch, arguments.release) {
            (true, _) => Purpose::Watch,
            (false, true) => Purpose::Deployment,
            (false, false) => Purpose::Local,
        };
        if arguments.watch {
            watch::check().await?;
        }
        let announcement = purpose.announcement(&functions);
        match output::format() {
            Format::Json => notice(&announcement),
            Format::Text => print(&format!("{announcement}\n"))?,
        }
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
        let variables = stack.shared_environment();
        let recorded = RecordedStack::create(&root, stack.address().port(), &variables)?;
        let mut running = Self {
            stack,
            watch: None,
            recorded,
        };
        if let Some(port) = invoke_port {
            let environment = running.recorded.environment();
            running.watch = Some(Watch::start(&root, port, environment).await?);
        }
        let mut users = Vec::new();
        if arguments.seed {
            users = demo::users(&variables).await?;
        }
        let greeting = Greeting {
            stack: &running.stack,
            took,
            data_dir: data_dir.as_ref(),
            recorded: &running.recorded,
            notes: parameters::notes(&arguments.parameter),
            users: &users,
        };
        greeting.print()?;
        Ok(running)
    }

    /// Waits until `cargo lambda watch` exits; forever if it is not in use.
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

/// Returns the data directory, if one is wanted, after checking it.
fn data_dir(arguments: &Arguments, root: &Path) -> anyhow::Result<Option<DataDir>> {
    let Some(typed) = &arguments.data_dir else {
        return Ok(None);
    };
    let data_dir = DataDir::from_option(typed.as_deref(), root)?;
    data_dir.check_usable(root)?;
    Ok(Some(data_dir))
}

fn options(
    arguments: &Arguments,
    root: &Path,
    data_dir: Option<&DataDir>,
) -> anyhow::Result<StackOptions> {
    check_port(arguments.port, "the API", "--port")?;
    Ok(StackOptions {
        template: root.join(project::TEMPLATE),
        port: arguments.port,
        dynamodb_port: dynamodb_port(arguments.dynamodb_port)?,
        data_dir: data_dir.map(|directory| directory.path().to_owned()),
        work_dir: root.join(project::WORK_DIR),
        parameters: parameters::all(parameters(&arguments.parameter)?),
        concurrency: usize::from(arguments.concurrency),
        freeze: arguments.freeze,
        log: LogTarget::Stderr,
        ..StackOptions::default()
    })
}

/// Fails if `CloudFormation` or a function would refuse the settings.
fn check(options: &StackOptions) -> anyhow::Result<()> {
    let url = format!("http://localhost:{}", options.port);
    let plan = Plan::read(&options.template, &options.parameters, &url)?;
    settings::check(&plan)?;
    if let Some(directory) = &options.data_dir {
        check_keys(directory, plan.parameters.get("SigningAlgorithm"))?;
    }
    Ok(())
}

fn parameters(given: &[(String, String)]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut parameters = BTreeMap::new();
    for (name, value) in given {
        if parameters.insert(name.clone(), value.clone()).is_some() {
            let message = format!("the parameter {name} is given more than once");
            return Err(ErrorCode::Usage.error(message));
        }
    }
    Ok(parameters)
}

/// The signals that stop the service.
struct Shutdown {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Shutdown {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn requested(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}

fn check_port(port: u16, whose: &str, option: &str) -> anyhow::Result<()> {
    if is_taken(port) {
        return Err(ErrorCode::Conflict.error(format!(
            "port {port} for {whose} is in use: stop the program that uses it, or choose another port with {option}"
        )));
    }
    Ok(())
}

/// The default of DynamoDB Local and of most tools for it.
const DYNAMODB_PORT: u16 = 8000;

/// Chooses DynamoDB's port. Users rarely type it, so any free port will do.
fn dynamodb_port(given: Option<u16>) -> anyhow::Result<u16> {
    if let Some(port) = given {
        check_port(port, "DynamoDB", "--dynamodb-port")?;
        return Ok(port);
    }
    Ok(if is_taken(DYNAMODB_PORT) {
        0
    } else {
        DYNAMODB_PORT
    })
}

fn is_taken(port: u16) -> bool {
    // Clients try `::1` first, so they would reach a server that listens there.
    let addresses = [
        IpAddr::from(Ipv4Addr::LOCALHOST),
        Ipv6Addr::LOCALHOST.into(),
    ];
    let mut listeners = addresses
        .map(|address| TcpListener::bind((address, port)))
        .into_iter();
    listeners.any(|bound| bound.is_err_and(|error| error.kind() == ErrorKind::AddrInUse))
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{pair, parameters};

    #[test]
    fn a_parameter_is_split_at_its_first_equals_sign() {
        assert_eq!(pair("A=b=c").unwrap(), ("A".to_owned(), "b=c".to_owned()));
        for invalid in ["=b", "A"] {
            assert_eq!(pair(invalid).unwrap_err(), "expected NAME=VALUE");
        }
    }

    #[test]
    fn a_parameter_can_only_be_given_once() {
        let given = ["A=1", "B=", "A=2"].map(|text| pair(text).unwrap());
        assert_eq!(parameters(&given[..2]).unwrap()["B"], "");
        let error = parameters(&given).unwrap_err().to_string();
        assert!(error.contains("A is given more than once"), "{error}");
    }
}
